"""What wiring stands on: the environment, the clock, what is built once, and this thread's loop."""

import gc
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from automoney.settings import Settings

if TYPE_CHECKING:
    import asyncio

    from httpx import AsyncBaseTransport

    from automoney.workflows.patience import Waits


class Closable(Protocol):
    """What holds connections open that every thread may use."""

    def close(self) -> object: ...


class AsyncClosable(Protocol):
    """What holds connections open that live on one thread's event loop."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a replay has of its own; None everywhere is the cloud.

    `market_clock` tells the time of the world that is traded, `event_loop` makes the loops that
    sources are asked on, and `connections` the transport they are asked through.  With `waits` they
    are asked with patience, and it is told of each wait.
    """

    market_clock: Callable[[], datetime] | None = None
    event_loop: "Callable[[], asyncio.AbstractEventLoop] | None" = None
    connections: "Callable[[], AsyncBaseTransport] | None" = None
    waits: "Waits | None" = None


class _Here(threading.local):
    """What belongs to one thread's event loop."""

    def __init__(self) -> None:
        self.built: dict[Callable[[], Any], Any] = {}
        self.open: list[AsyncClosable] = []
        self.runner: asyncio.Runner | None = None


_lock = threading.RLock()
_built: dict[Callable[[], Any], Any] = {}
_open: list[Closable] = []
_here = _Here()
_environment: Mapping[str, str] = os.environ
_surroundings = Surroundings()


def use(environment: Mapping[str, str], surroundings: Surroundings | None = None) -> None:
    """Wire anew from `environment`, in other surroundings than the cloud's if given."""
    global _environment, _surroundings, _here  # noqa: PLW0603  # this module is the one switch
    leave()
    with _lock:
        for made in _open:
            made.close()
        _open.clear()
        _built.clear()
        _here = _Here()
        _environment, _surroundings = environment, surroundings or Surroundings()


def once[T](builder: Callable[[], T]) -> Callable[[], T]:
    """Build at the first call, once in the process, and keep it until `use`."""

    @wraps(builder)
    def kept() -> T:
        if builder not in _built:
            with _lock:
                if builder not in _built:
                    _built[builder] = builder()
        found: T = _built[builder]
        return found

    return kept


def once_here[T](builder: Callable[[], T]) -> Callable[[], T]:
    """As `once`, but once a thread: for what belongs to the thread's event loop."""

    @wraps(builder)
    def kept() -> T:
        built = _here.built
        if builder not in built:
            built[builder] = builder()
        found: T = built[builder]
        return found

    return kept


def closed_by_use[T: Closable](made: T) -> T:
    """`made`, which the next `use` closes; for what a `once` builder returns."""
    with _lock:
        _open.append(made)
    return made


def closed_by_leave[T: AsyncClosable](made: T) -> T:
    """`made`, which this thread's `leave` closes; for what a `once_here` builder returns."""
    _here.open.append(made)
    return made


def preload(module: str) -> None:
    """Import `module` before the first event, which would otherwise wait for it.

    Without garbage collection meanwhile: all that an import makes is there to stay, and looking
    it over again and again takes a tenth of LangGraph's second.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        import_module(module)
    finally:
        if collecting:
            gc.enable()


def environment() -> Mapping[str, str]:
    """What `use` was given; the process's own before that."""
    return _environment


def surroundings() -> Surroundings:
    """What `use` was given; the cloud's before that."""
    return _surroundings


def clock() -> datetime:
    """The wall: for leases, tokens, idle limits and durations."""
    return datetime.now(UTC)


def market_clock() -> datetime:
    """What time it is in the world that is traded; in a replay that is not the wall's."""
    return (_surroundings.market_clock or clock)()


@once
def settings() -> Settings:
    return Settings.parse(_environment)


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on this thread's own event loop, which lives on: so do its pooled connections."""
    import asyncio

    if _here.runner is None:
        _here.runner = asyncio.Runner(loop_factory=_surroundings.event_loop)
    return _here.runner.run(work)


def leave() -> None:
    """Close what belongs to this thread's event loop, and the loop; for a thread that ends."""
    for made in _here.open:
        run(made.aclose())
    _here.open.clear()
    _here.built.clear()
    if _here.runner is not None:
        _here.runner.close()
        _here.runner = None
