"""What the caller owns on paper, valued now."""

from fastapi import APIRouter

from automoney.api.access import Caller
from automoney.api.examples import PORTFOLIO
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here
from automoney.messages import portfolio_data

router = APIRouter(tags=["portfolio"], responses=EXAMPLES)


@router.get("/portfolio", summary="Your portfolio", responses=example(PORTFOLIO))
async def portfolio(services: Here, caller: Caller) -> Reply:
    """As the event `portfolio:update`, valued at the newest prices; all zero before you follow."""
    now = services.market_clock()
    marks = services.marks.marks(services.settings.assets, as_of=now)
    return Reply({"at": now, **portfolio_data(services.books.portfolio(caller.user_id, marks))})
