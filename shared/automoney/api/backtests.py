"""Backtests that ops have published: what a strategy would have done."""

import re

from fastapi import APIRouter

from automoney.api.access import Caller
from automoney.api.examples_why import BACKTESTS, WHOLE
from automoney.api.history import Cursor, Limit
from automoney.api.problems import EXAMPLES, Absent
from automoney.api.replies import Reply, example
from automoney.api.services import Here

router = APIRouter(tags=["backtests"], responses=EXAMPLES)

_ID = re.compile(r"[0-9a-f]{32}")


@router.get("/backtests", summary="Published backtests", responses=example(BACKTESTS))
async def backtests(services: Here, _: Caller, limit: Limit = 50, cursor: Cursor = None) -> Reply:
    """The newest first, each with its figures and those of buying and holding, and of a little a
    week (`dca`).  `decisions_sha256` is over all decisions in order: who plays it again gets it.
    """
    rows, further = services.backtests.newest(limit=limit, cursor=cursor)
    return Reply({"backtests": rows, "nextCursor": further})


@router.get("/backtests/{backtestId}", summary="One backtest", responses=example(WHOLE))
async def backtest(backtestId: str, services: Here, _: Caller) -> Reply:
    """All that `./dev backtest --json` says of it, with its spans."""
    found = services.backtests.find(backtestId) if _ID.fullmatch(backtestId) else None
    if found is None:
        raise Absent(f"there is no backtest {backtestId[:100]!a}; GET /api/backtests has all")
    return Reply(found)
