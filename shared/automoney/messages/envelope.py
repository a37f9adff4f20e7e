"""What is pushed, and its wire form around any payload."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from automoney.encoding import dumps, plain
from automoney.quickly import quickly_made


class Event(StrEnum):
    AGENT_SCORES = "agent:scores"
    DECISION_MADE = "decision:made"
    TRADE_EXECUTED = "trade:executed"
    PORTFOLIO_UPDATE = "portfolio:update"
    DATA_DEGRADED = "data:degraded"
    STRATEGY_PAUSED = "strategy:paused"
    STRATEGY_RESUMED = "strategy:resumed"


class Later(Mapping[str, Any]):
    """A payload that is put together when it is first read: in a backtest nobody ever does."""

    __slots__ = ("_data", "_make", "_text")

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make = make
        self._data: dict[str, Any] | None = None
        self._text: str | None = None

    @classmethod
    def written(cls, text: str) -> "Later":
        """The payload that has been encoded as `text`."""
        payload = cls(lambda: json.loads(text))
        payload._text = text
        return payload

    @property
    def text(self) -> str:
        """As JSON, encoded once for all who are told the same."""
        if self._text is None:
            self._text = dumps(self.made)
        return self._text

    @property
    def made(self) -> dict[str, Any]:
        if self._data is None:
            self._data = self._make()
        return self._data

    def __getitem__(self, key: str) -> Any:
        return self.made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)


@quickly_made
@dataclass(frozen=True, slots=True)
class Message:
    """One event for one user, not yet numbered.  `data` is plain JSON."""

    event: Event
    strategy_id: str
    at: datetime
    data: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The data as JSON."""
        return self.data.text if isinstance(self.data, Later) else dumps(dict(self.data))


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message in a user's outbox: `seq` is its number there."""

    user_id: str
    seq: int
    message: Message

    @property
    def text(self) -> str:
        """The wire form as JSON, around the payload's own text."""
        event, at = dumps(self.message.event.value), dumps(self.message.at)
        return f'{{"event":{event},"seq":{self.seq},"at":{at},"data":{self.message.text}}}'

    def envelope(self) -> dict[str, Any]:
        """The wire form, as JSON-ready values."""
        return {
            "event": self.message.event.value,
            "seq": self.seq,
            "at": plain(self.message.at),
            "data": dict(self.message.data),
        }
