"""What the routes need: ports, two clocks, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from automoney.identity import Identity
from automoney.ports import (
    Books,
    Collections,
    Executions,
    History,
    MarketCache,
    Outbox,
    Pauses,
    Tickets,
    Usage,
)
from automoney.ports.backtests import Backtests
from automoney.ports.replies import Replies
from automoney.settings import Settings
from automoney.workflows.chat.conversation import Conversation
from automoney.workflows.explain import Explainer
from automoney.workflows.limiting import Limiter
from automoney.workflows.looking import Looking
from automoney.workflows.market_view import MarketView
from automoney.workflows.pricing import Pricing


class Verifier(Protocol):
    def verify(self, token: str, *, now: datetime) -> Identity:
        """Who the token was issued to; Unauthorized if it is not ours or has expired at `now`."""


@dataclass(frozen=True, slots=True)
class Services:
    """`clock` is the wall, which expires; `market_clock` the time of the world that is traded.

    The two differ only in a replay.  `check_database` says whether it answers and never raises.
    `relay` hands committed events to the queue.
    """

    verifier: Verifier
    clock: Callable[[], datetime]
    market_clock: Callable[[], datetime]
    settings: Settings
    executions: Executions
    books: Books
    history: History
    backtests: Backtests
    explainer: Explainer
    outbox: Outbox
    pauses: Pauses
    collections: Collections
    cache: MarketCache
    pricing: Pricing
    view: MarketView
    tickets: Tickets
    conversation: Conversation
    looking: Looking
    usage: Usage
    limiter: Limiter
    replies: Replies
    check_database: Callable[[], bool]
    relay: Callable[[], int]


async def services_of(request: Request) -> Services:
    """The services that `create_app` was given."""
    return cast("Services", request.app.state.services)


Here = Annotated[Services, Depends(services_of)]
