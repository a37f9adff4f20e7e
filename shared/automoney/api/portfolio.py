"""What the caller owns on paper: now, at any moment before, and day by day."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples import EQUITY, PORTFOLIO
from automoney.api.history import Cursor, Limit
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here
from automoney.encoding import parse_utc, utc_text
from automoney.errors import InvalidInput
from automoney.market.assets import ASSETS
from automoney.messages import portfolio_data

router = APIRouter(tags=["portfolio"], responses=EXAMPLES)

At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="As it was then, such as 2025-11-05T12:00:00Z; now if left out",
    ),
]


@router.get("/portfolio", summary="Your portfolio", responses=example(PORTFOLIO))
async def portfolio(services: Here, caller: Caller, at: At = None) -> Reply:
    """As the event `portfolio:update`; all zero before you follow.

    Valued at the newest prices known at that moment; `priceAt` says from when each one is.
    """
    now = services.market_clock()
    if at is None:
        marks = services.pricing.known(ASSETS, as_of=now)
        return Reply({"at": now, **portfolio_data(services.books.portfolio(caller.user_id, marks))})
    moment = _past(at, now)
    account = services.books.account(caller.user_id, as_of=moment)
    marks = services.pricing.known(account.held, as_of=moment)
    return Reply({"at": moment, **portfolio_data(account.portfolio(marks))})


@router.get("/portfolio/history", summary="Your equity by day", responses=example(EQUITY))
async def equity(services: Here, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Reply:
    """What you were worth at the last run of each UTC day, before its orders, newest day first.

    `drawdown` is the share by which that was below the highest at any run up to then.  A day
    without a run of yours is left out.
    """
    rows, further = services.history.equity(caller.user_id, limit=limit, cursor=cursor)
    return Reply({"days": rows, "nextCursor": further})


def _past(text: str, now: datetime) -> datetime:
    moment = parse_utc(text, "at")
    if moment > now:
        raise InvalidInput("at", text, f"a time up to now, which is {utc_text(now)}")
    return moment
