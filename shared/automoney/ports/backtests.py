"""Backtests that somebody has published for everybody to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Backtest:
    """`figures` is what a list shows of the `result`, which is what `./dev backtest --json` says.

    The days `since` and `until` are the first one played and the one that it ended before.
    """

    backtest_id: str
    strategy_id: str
    since: date
    until: date
    made_at: datetime
    figures: Mapping[str, Any]
    result: Mapping[str, Any]


class Backtests(Protocol):
    def put(self, backtest: Backtest) -> bool:
        """Keep it; False, and nothing, if one of that id is there: it was the same."""

    def newest(self, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """Plain JSON rows without their result, newest first, and the next cursor."""

    def find(self, backtest_id: str) -> dict[str, Any] | None:
        """The whole result of one, as plain JSON, with its `id` and `madeAt`."""
