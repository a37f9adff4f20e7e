"""What the language models were used for, what that cost, and what may still be spent."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query

from automoney.api.access import Caller
from automoney.api.examples_usage import USAGE
from automoney.api.problems import EXAMPLES
from automoney.api.replies import Reply, example
from automoney.api.services import Here, Services
from automoney.identity import OPS
from automoney.ports import Grouping, Used

router = APIRouter(tags=["usage"], responses=EXAMPLES)

_MODELS = 50  # rows a day, which is far more models than anybody has
Days = Annotated[int, Query(ge=1, le=90, description="How many UTC days, today included")]


@router.get("/usage", summary="Tokens and their cost", responses=example(USAGE))
async def usage(services: Here, caller: Caller, days: Days = 30) -> Reply:
    """Calls of language models by day and model, newest day first, in US dollars.

    `mine` are your own questions.  `all`, for ops alone and else null, is everybody's with the
    runs of the strategies.  A budget's `left` is what today may still cost: what is `reserved` is
    for calls under way, or for such as were cut off and may have cost that much.  `rules` cost
    nothing and are not counted.
    """
    now = services.clock()
    day = f"{now:%Y-%m-%d}"
    models = services.settings.models
    user = caller.user_id
    mine = _part(services, now, days, {f"user {user} {day}": models.cap_user}, user)
    everyone = None
    if OPS in caller.roles:
        everyone = _part(services, now, days, {f"day {day}": models.cap_day}, None)
    return Reply({"mine": mine, "all": everyone})


def _part(
    services: Services, now: datetime, days: int, caps: dict[str, Decimal], user_id: str | None
) -> dict[str, Any]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = services.usage.totals(
        Grouping.DAY_MODEL,
        since=today - timedelta(days=days - 1),
        until=today + timedelta(days=1),
        user_id=user_id,
        limit=_MODELS * days,
    )
    return {
        "days": [_day(row) for row in rows],
        "total": _figures(rows),
        "budgets": _budgets(services, caps),
    }


def _day(row: Used) -> dict[str, Any]:
    day, _, model = row.key.partition(" ")
    return {"day": day, "model": model, **_figures([row])}


def _figures(rows: list[Used]) -> dict[str, Any]:
    return {
        "calls": sum(row.calls for row in rows),
        "failed": sum(row.failed for row in rows),
        "inputTokens": sum(row.input_tokens for row in rows),
        "outputTokens": sum(row.output_tokens for row in rows),
        "cost": sum((row.cost for row in rows), Decimal(0)),
    }


def _budgets(services: Services, caps: dict[str, Decimal]) -> list[dict[str, Any]]:
    """One from which nothing was ever taken has all of its cap left."""
    found = {purse.budget: purse for purse in services.usage.purses(list(caps))}
    budgets = []
    for name, cap in caps.items():
        purse = found.get(name)
        spent, reserved = (purse.spent, purse.reserved) if purse else (Decimal(0), Decimal(0))
        left = max(Decimal(0), cap - spent - reserved)
        budgets.append(
            {"budget": name, "cap": cap, "spent": spent, "reserved": reserved, "left": left}
        )
    return budgets
