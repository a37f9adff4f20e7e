"""Explain an execution: what was decided and why, from what is kept of it, as plain JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Any, Protocol

from automoney.encoding import parse_utc, plain
from automoney.errors import InvalidInput
from automoney.market.candles import Timeframe
from automoney.market.series import SERIES
from automoney.messages import decision_data, portfolio_data, scores_data, trade_data
from automoney.ports.books import Executions, History
from automoney.ports.models import Call
from automoney.ports.receipts import Archive, Filed
from automoney.trading.filling import QUANTUM
from automoney.trading.guards import Guards
from automoney.trading.judgement import Judgement, View
from automoney.trading.orders import Fill
from automoney.trading.receipts.bodies import PartReceipt, receipt_from
from automoney.workflows.explain_words import summary
from automoney.workflows.freshness import FRESH_PRICE, candle_limit

_HOUR = timedelta(hours=1)
_HUNDREDTH = Decimal("0.01")


class Calls(Protocol):
    def of_execution(self, execution_id: str) -> Sequence[Call]:
        """The calls of models in a run, in the order they ended."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Where what is kept of an execution is found."""

    history: History
    executions: Executions
    archive: Archive
    usage: Calls

    def explain(self, execution_id: str, user_id: str | None = None) -> dict[str, Any] | None:
        """Everything that a person needs to know why; None if there never was such a run.

        Args:
            execution_id: of a turn or a look, whatever became of it.
            user_id: whose part is told; None is nobody's.

        Returns:
            What `History.execution` says, and `assets` as `agent:scores` has them (None without a
            judgement), `data` (each input with its age at the slot and the limit), `weighing` (per
            asset which weights, why, and the points of each agent), `models` and what they
            `cost` in dollars, `part` (None if there is none), the `receipts`, and all that in a
            few sentences, the `summary`.
        """
        found = self.history.execution(execution_id)
        if found is None:
            return None
        judgement = self.executions.find(execution_id)
        calls = self.usage.of_execution(execution_id)
        run = self.archive.run(execution_id)
        filed = self.archive.part(execution_id, user_id) if user_id is not None else None
        part, error = _part(filed) if filed else (None, None)
        told = {
            **found,
            "assets": scores_data(judgement)["assets"] if judgement else None,
            "data": list(_data(found["inputs"] or {}, parse_utc(found["slot"]))),
            "weighing": _weighing(judgement) if judgement else None,
            "models": [_call(one) for one in calls],
            "cost": plain(sum((one.cost for one in calls), Decimal(0))),
            "part": part,
            "receipts": {"run": _receipt(run), "part": _receipt(filed, error)},
        }
        return {**told, "summary": summary(told)}


# ---------------------------------------------------------------- the run


def _data(inputs: Mapping[str, Any], slot: datetime) -> Iterator[dict[str, Any]]:
    """Each input as it was at the slot; what the assets share is told once, with no asset."""
    told: set[str] = set()
    for asset, seen in inputs.items():
        mark = seen.get("mark")
        if isinstance(mark, dict):
            price = {"value": mark["price"], "by": mark["source"], "anomalous": mark["anomalous"]}
            about = ("prices", "price", asset)
            yield _input(about, price, since=mark["at"], limit=FRESH_PRICE, slot=slot)
        for timeframe, outlook in seen.get("outlooks", {}).items():
            bar = {"value": outlook["bar"]["close"], "by": outlook["bar"]["source"]}
            known, limit = outlook.get("known_until"), candle_limit(Timeframe(timeframe))
            about = ("candles", f"{timeframe} bars", asset)
            yield _input(about, bar, since=known, limit=limit, slot=slot)
        for name, reading in seen.get("readings", {}).items():
            series = SERIES.get(name)
            shared = reading["asset"] is None
            if series is None or (shared and name in told):
                continue
            told.add(name)
            value = {
                **{key: reading[key] for key in ("value", "period", "filled", "proxy")},
                "anomalous": reading["anomalous"],
                "by": reading["source"],
                "stale": name in seen.get("stale", ()),
            }
            since, limit = reading["available_at"], series.stale_after
            about = (series.group, name, reading["asset"])
            yield _input(about, value, since=since, limit=limit, slot=slot)


def _input(
    about: tuple[str, str, str | None],
    value: Mapping[str, Any],
    *,
    since: str | None,
    limit: timedelta,
    slot: datetime,
) -> dict[str, Any]:
    """`about` is the source, what of it, and of which asset; known `since` then, if at all."""
    source, name, asset = about
    age = None if since is None else slot - parse_utc(since)
    return {
        "source": source,
        "name": name,
        "asset": asset,
        "value": value["value"],
        "by": value["by"],
        "period": value.get("period"),
        "availableAt": since,
        "ageHours": None if age is None else round(age / _HOUR, 2),
        "limitHours": limit / _HOUR,
        "stale": value.get("stale", age is None or age > limit),
        "filled": value.get("filled"),
        "proxy": value.get("proxy", False),
        "anomalous": value.get("anomalous", False),
    }


def _weighing(judgement: Judgement) -> dict[str, Any]:
    return {asset: _weighed(view, judgement) for asset, view in judgement.views.items()}


def _weighed(view: View, judgement: Judgement) -> dict[str, Any]:
    onchain = view.scores["onchain"]
    why = "every agent has its usual weight"
    if onchain.degraded:
        why = "the on-chain view is degraded, so it yields weight to the others"
    return {
        "weights": "degraded_weights" if onchain.degraded else "weights",
        "why": why,
        "terms": [
            {
                "agent": agent,
                "score": score.value,
                "weight": plain(view.weights[agent]),
                "points": plain(_points(view.weights[agent], score.value)),
                "usedAgain": score.judged_at < judgement.slot_at,
                "judgedAt": plain(score.judged_at),
            }
            for agent, score in view.scores.items()
        ],
        "conviction": plain(view.conviction),
    }


def _points(weight: Decimal, score: float) -> Decimal:
    return (weight * Decimal(str(score))).quantize(_HUNDREDTH, ROUND_HALF_EVEN)


def _call(call: Call) -> dict[str, Any]:
    return {
        "provider": call.provider,
        "model": call.model,
        "request": call.request,
        "outcome": call.outcome.value,
        "error": call.error,
        "inputTokens": call.input_tokens,
        "outputTokens": call.output_tokens,
        "cost": plain(call.cost),
        "milliseconds": call.latency_ms,
    }


# ---------------------------------------------------------------- a follower's part


def _part(filed: Filed) -> tuple[dict[str, Any] | None, str | None]:
    """The part, or what is wrong with its receipt: somebody changed it then."""
    try:
        return _told(receipt_from(PartReceipt, filed.body)), None
    except (InvalidInput, ValueError) as error:
        return None, f"it cannot be read, verify tells more: {error}"


def _told(receipt: PartReceipt) -> dict[str, Any]:
    standing, part = receipt.standing, receipt.part
    refused = {one.asset: one for one in part.rejections}
    costs = standing.guards.costs or receipt.costs
    return {
        "userId": receipt.user_id,
        "paused": standing.paused,
        "guards": _guards(standing.guards),
        "costs": plain(costs),
        "before": portfolio_data(part.before),
        "decisions": [
            decision_data(receipt.execution_id, one, refused.get(one.asset))
            for one in part.decisions
        ],
        "trades": [_trade(receipt.execution_id, one) for one in part.fills],
        "after": portfolio_data(part.portfolio),
    }


def _guards(guards: Guards) -> dict[str, Any]:
    found: dict[str, Any] = plain(
        {
            "maxPosition": guards.max_position,
            "maxDailyLoss": guards.max_daily_loss,
            "allowedAssets": guards.allowed_assets,
        }
    )
    return found


def _trade(execution_id: str, fill: Fill) -> dict[str, Any]:
    """A fill, with what slippage cost in quote currency."""
    slipped = abs(fill.price - fill.mark_price) * fill.quantity
    lost = slipped.quantize(QUANTUM, ROUND_HALF_EVEN)
    return {**trade_data(execution_id, fill), "slippage": plain(lost)}


def _receipt(filed: Filed | None, error: str | None = None) -> dict[str, Any] | None:
    if filed is None:
        return None
    return {
        "chain": filed.chain,
        "number": filed.number,
        "bytes": len(filed.body),
        "sha256": sha256(filed.body).hexdigest(),
        "link": filed.link,
        "error": error,
    }
