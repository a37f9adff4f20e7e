"""Asking with patience: what is loaded in bulk waits where a collector would leave it at that."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from automoney.errors import SourceUnavailable
from automoney.transport import Transport

_WAITS = 6  # times that one request waits because it was told to
_LONGEST_WAIT = 900.0  # seconds; told to stay away for longer, a job rather gives up
_SHORTEST_WAIT = 1.0  # seconds
_MARGIN = 0.25  # seconds; so that the time is over, too, for whoever counts it
_BACK_OFF = (4.0, 15.0, 45.0)  # seconds between tries where nobody says how long


class Waits(Protocol):
    """Who is told of waits."""

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """A request to `source` is put off by that long."""


class PatientTransport(Transport):
    """A Transport whose requests wait as long as they are told to, and try again.

    That is for a source that asked to be left alone, or whose budget is used up.  What may be over
    in a moment (no answer, a broken one, an error of the server's) is tried again a few times with
    growing pauses; any other refusal stands.  Patience with a source that has used it up is over
    until it answers.  `more` are Transport's own arguments.
    """

    def __init__(
        self,
        waits: Waits,
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._waits = waits
        self._pause_for = pause
        self._given_up: set[str] = set()

    async def get_json(
        self,
        source: str,
        url: str,
        params: Mapping[str, str],
        *,
        headers: Mapping[str, str] = {},
    ) -> Any:
        ask = super().get_json
        return await self._patiently(source, lambda: ask(source, url, params, headers=headers))

    async def get_text(
        self,
        source: str,
        url: str,
        params: Mapping[str, str],
        *,
        headers: Mapping[str, str] = {},
    ) -> str:
        ask = super().get_text
        return await self._patiently(source, lambda: ask(source, url, params, headers=headers))

    async def _patiently[T](self, source: str, ask: Callable[[], Awaitable[T]]) -> T:
        told, tried = 0, 0
        while True:
            try:
                answer = await ask()
            except SourceUnavailable as error:
                seconds = self._wait_after(error, told, tried)
                if seconds is None:
                    raise
                told += error.retry_after is not None
                tried += error.retry_after is None
                self._waits.waits(source, seconds, error.reason)
            else:
                self._given_up.discard(source)
                return answer
            await self._pause_for(seconds)

    def _wait_after(self, error: SourceUnavailable, told: int, tried: int) -> float | None:
        """Seconds to wait before the next try, the source having `told` us to wait, and `tried`
        in vain, so many times before; None to leave it at that.
        """
        if error.retry_after is None and not _may_pass(error):
            return None
        if error.source not in self._given_up:
            if error.retry_after is None:
                if tried < len(_BACK_OFF):
                    return _BACK_OFF[tried]
            elif told < _WAITS and error.retry_after <= _LONGEST_WAIT:
                return max(error.retry_after, _SHORTEST_WAIT) + _MARGIN
        self._given_up.add(error.source)
        return None


def _may_pass(error: SourceUnavailable) -> bool:
    """Whether it may be over in a moment: anything but a clear no."""
    return error.status is None or not 400 <= error.status < 500
