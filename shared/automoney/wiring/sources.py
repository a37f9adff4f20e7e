"""The outside sources, and the transport they are asked through."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from automoney.wiring.aws import keys
from automoney.wiring.core import (
    clock,
    closed_by_leave,
    market_clock,
    once_here,
    settings,
    surroundings,
)
from automoney.wiring.stores import breaker, budget

if TYPE_CHECKING:
    from automoney.ports import Trades
    from automoney.sources.table import Source
    from automoney.transport import Limit, Transport


class _LateBudget:
    """Connects to the durable database only when a source that has limits is really asked."""

    def take(self, source: str, limits: "Sequence[Limit]", *, now: datetime) -> timedelta | None:
        return budget().take(source, limits, now=now)


@once_here
def transport() -> "Transport":
    """What all sources of this thread are asked through: breaker, call limits, one pool."""
    from automoney.sources.table import SOURCES
    from automoney.transport import Transport

    here = surroundings()
    connections, waits = here.connections, here.waits
    made: Callable[..., Transport] = Transport
    if waits is not None:
        from automoney.workflows.patience import PatientTransport

        made = partial(PatientTransport, waits)
    return closed_by_leave(
        made(
            breaker=breaker(),
            budget=_LateBudget(),
            limits={row.name: row.limits for row in SOURCES if row.limits},
            clock=market_clock,
            # Who waits does so by the wall, whatever the time in the world that is traded.
            wall=clock if waits is not None and here.market_clock is not None else None,
            timeout=settings().source_timeout,
            pool=connections() if connections else None,
        )
    )


def _source(row: "Source") -> Any:
    """The source of a row of the table; None for a keyed one without a key."""
    key = keys().get(row.name, "") if row.keyed else ""
    if row.keyed and not key:
        return None
    return row.made(transport(), settings().source_urls.get(row.name, row.url), key)


def sources_for(group: str) -> tuple[Any, ...]:
    """What a group can be asked of, the best first: `PriceSource`s or `SeriesSource`s."""
    from automoney.sources.table import sources_of

    return tuple(made for row in sources_of(group) if (made := _source(row)) is not None)


def trades() -> "Trades":
    """Where fills find the first trade after a slot."""
    from automoney.sources.table import source_named

    found: Trades = _source(source_named("binance"))
    return found
