"""An explained execution in a few sentences: what, then why, then what it was made from."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from automoney.trading.strategies import STRATEGIES


def summary(told: Mapping[str, Any]) -> list[str]:
    """Sentences about what `Explainer.explain` gathers, the most important first."""
    return [
        _outcome(told),
        *_why(told),
        *_part(told["part"]),
        *_doubts(told),
    ]


def _outcome(told: Mapping[str, Any]) -> str:
    strategy = STRATEGIES.get(told["strategyId"])
    name = strategy.name if strategy else told["strategyId"]
    about = f"{name}, {_when(told['slot'])} UTC"
    if told.get("kind") == "look":
        about += f" (a look, asked for by {told['askedBy'] or 'nobody'}; it trades nothing)"
    if told["assets"] is None:
        if told["status"] == "begun":
            return f"{about}: it has begun and is not through yet."
        return f"{about}: {told['status']}, because {told['reason']}."
    views = ", ".join(
        f"{asset} {_signed(view['conviction'])}" for asset, view in told["assets"].items()
    )
    return f"{about}: conviction {views}, on a scale from -100 (get out) to +100 (get in)."


def _why(told: Mapping[str, Any]) -> Iterator[str]:
    for asset, weighed in (told["weighing"] or {}).items():
        yield f"{asset}: {', '.join(map(_term, weighed['terms']))}; {weighed['why']}."
        for term in weighed["terms"]:
            if term["usedAgain"]:
                of = f"that of {_when(term['judgedAt'])}, used again"
                yield (
                    f"The {term['agent']} view of {asset} is {of}: no newer good one could be"
                    " formed."
                )


def _term(term: Mapping[str, Any]) -> str:
    score, points = _signed(term["score"]), _signed(term["points"])
    return f"{term['agent']} {score} x {term['weight']} = {points}"


def _part(part: Mapping[str, Any] | None) -> Iterator[str]:
    if part is None:
        return
    fills = {trade["asset"]: trade for trade in part["trades"]}
    for decision in part["decisions"]:
        did = _did(decision, fills.get(decision["asset"]))
        yield f"{part['userId']} {did} (rule: {decision['rule']}): {decision['reasoning']}"


def _did(decision: Mapping[str, Any], trade: Mapping[str, Any] | None) -> str:
    asset, order = decision["asset"], decision["order"]
    if trade is not None:
        verb = "bought" if trade["action"] == "BUY" else "sold"
        paid = f"{_money(trade['notional'])}, with a fee of {_money(trade['fee'])}"
        return f"{verb} {trade['quantity']} {asset} at {_money(trade['price'])} for {paid}"
    if order["status"] == "refused":
        wanted = decision["signal"].lower()
        return f"was to {wanted} {asset}, but that was refused for {order['reason']}"
    return f"leaves {asset} as it is"


def _doubts(told: Mapping[str, Any]) -> Iterator[str]:
    receipt = told["receipts"]["part"]
    if receipt is not None and receipt["error"]:
        yield f"The receipt of {receipt['chain']}'s part is damaged: {receipt['error']}."
    stale = [_named(one) for one in told["data"] if one["stale"]]
    if stale:
        yield f"Older than their limits: {', '.join(stale)}."
    odd = [_named(one) for one in told["data"] if one["anomalous"]]
    if odd:
        yield f"Flagged as anomalous: {', '.join(odd)}."
    stand_ins = [_named(one) for one in told["data"] if one["proxy"]]
    if stand_ins:
        yield f"Stand-ins for the metric they are named after: {', '.join(stand_ins)}."
    if told["models"]:
        yield f"Models were asked {len(told['models'])} times, for {told['cost']} dollars."


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['name']} of {one['asset']}" if one["asset"] else str(one["name"])


def _when(time: str) -> str:
    return time.replace("T", " ").removesuffix("Z").removesuffix(":00")


def _signed(number: object) -> str:
    return f"{Decimal(str(number)):+.2f}"


def _money(number: str) -> str:
    return f"{Decimal(number):,.2f}"
