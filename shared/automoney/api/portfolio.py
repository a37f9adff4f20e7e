"""What the caller owns on paper: now, at any moment before, and day by day."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from automoney.api.access import Caller
from automoney.api.examples import EQUITY, FRESH, PORTFOLIO
from automoney.api.history import Cursor, Limit
from automoney.api.once import OnceRoute
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.encoding import parse_decimal, parse_utc, utc_text
from automoney.errors import InvalidInput
from automoney.market.assets import ASSETS
from automoney.messages import portfolio_data

router = APIRouter(tags=["portfolio"], responses=EXAMPLES, route_class=OnceRoute)

At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="As it was then, such as 2025-11-05T12:00:00Z; now if left out",
    ),
]

_LEAST, _MOST = Decimal(100), Decimal(10_000_000)


class StartingOver(BaseModel):
    """With how much; a decimal as a string."""

    model_config = ConfigDict(extra="forbid", strict=True)

    paperMoney: str = Field(
        max_length=20,
        examples=["100000"],
        description="In USDT, from 100 to 10000000, with up to 8 decimals",
    )


@router.get("/portfolio", summary="Your portfolio", responses=example(PORTFOLIO))
async def portfolio(services: Here, caller: Caller, at: At = None) -> Reply:
    """As the event `portfolio:update`; all zero before you follow.

    Valued at the newest prices known at that moment; `priceAt` says from when each one is.
    """
    now = services.market_clock()
    if at is None:
        return _at_present(caller.user_id, services, now)
    moment = _past(at, now)
    account = services.books.account(caller.user_id, as_of=moment)
    marks = services.pricing.known(account.held, as_of=moment)
    return Reply({"at": moment, **portfolio_data(account.portfolio(marks))})


@router.post(
    "/portfolio/start-over",
    summary="Start over with fresh paper money",
    responses=example(FRESH, "The new account"),
)
async def start_over(wish: StartingOver, services: Here, caller: Caller) -> Reply:
    """Your account begins anew: nothing held, no profit, no fees, no curve, no day's loss.

    What you follow you go on following, from the next run on; an order of a run before that is
    still under way leaves the new account alone.  Nothing of before is lost: your trades and
    decisions stay listed, and `GET /api/portfolio?at=` shows the old account as it was.
    """
    money = _paper_money(wish.paperMoney)
    now = services.market_clock()
    if not services.books.start_over(caller.user_id, at=now, paper_money=money):
        raise Absent("you have no account yet; it is opened when you follow a strategy")
    return _at_present(caller.user_id, services, now)


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


def _at_present(user_id: str, services: Services, now: datetime) -> Reply:
    marks = services.pricing.known(ASSETS, as_of=now)
    return Reply({"at": now, **portfolio_data(services.books.portfolio(user_id, marks))})


def _paper_money(text: str) -> Decimal:
    money = parse_decimal(text, "paperMoney")
    if not (_LEAST <= money <= _MOST and money == round(money, 8)):
        expected = f"an amount from {_LEAST} to {_MOST} with up to 8 decimals, such as 100000"
        raise InvalidInput("paperMoney", text, expected)
    return money
