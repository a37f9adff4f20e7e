"""Everything known as facts that can be said and cited, in the order of their importance.  Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_UP, Decimal

from automoney.encoding import parse_utc
from automoney.market.readings import Filled
from automoney.market.series import SERIES
from automoney.trading.judgement import Judgement, Score, View
from automoney.trading.strategies import Strategy
from automoney.workflows.chat.fact import Fact, Kind, Unit, hours
from automoney.workflows.chat.knowledge import Known
from automoney.workflows.chat.own_facts import own_facts

REAL = (None, Filled.LAST.value)
"""How a reading may be filled and still be what a source said: as `Reading.real`, on the wire."""

_FACTORS = 3  # of each score, the weightiest
_HUNDREDTH = Decimal("0.01")
_MOST = Decimal(100)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by asset ("" for none in particular) and name."""

    by_name: Mapping[tuple[str, str], Fact]

    @classmethod
    def of(cls, known: Known, assets: Collection[str]) -> "Facts":
        """All that is known about `assets`, and about none in particular."""
        found = [*_strategy(known), *own_facts(known, assets)]
        for asset in assets:
            found += [*_price(known, asset), *_view(known, asset), *_readings(known, asset)]
        return cls({(fact.asset or "", fact.name): fact for fact in found})

    def get(self, name: str, asset: str = "") -> Fact | None:
        return self.by_name.get((asset, name))

    def named(self, opening: str, asset: str = "") -> list[Fact]:
        """Those whose name begins so, in order."""
        return [
            fact
            for (about, name), fact in self.by_name.items()
            if about == asset and name.startswith(opening)
        ]

    def these(self, asset: str = "", /, **names: str) -> dict[str, Fact]:
        """By place the fact of that name; KeyError if there is none, which is a bug of ours."""
        return {place: self.by_name[asset, name] for place, name in names.items()}

    def bounds(self) -> dict[str, Fact]:
        """The convictions from which it buys and sells."""
        return self.these(buy="buy_above", sell="sell_below")

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.by_name.values())


def _price(known: Known, asset: str) -> Iterable[Fact]:
    mark = known.marks.get(asset)
    if mark is None:
        return
    what, age = f"price of {asset} in USDT", hours(known.now - mark.at)
    yield Fact(Kind.PRICE, "price", what, mark.price, Unit.MONEY, mark.at, asset=asset)
    yield Fact(Kind.PRICE, "price.age", f"age of the {what}", age, Unit.AGE, mark.at, asset=asset)
    yield Fact(
        Kind.PRICE, "price.source", f"source of the {what}", mark.source, Unit.WORD, mark.at,
        asset=asset, outside=True,
    )  # fmt: skip


def _readings(known: Known, asset: str) -> Iterable[Fact]:
    for series in known.readings.get(asset, {}).values():
        for name, data in series.items():
            age = Decimal(str(data["ageHours"]))
            at = parse_utc(data["period"])
            marks = [mark for mark, holds in (
                ("stale", data["isStale"]), ("a stand-in", data["proxy"]),
                ("filled in", data["filled"] not in REAL),
            ) if holds]  # fmt: skip
            what = f"{name} ({', '.join(marks)})" if marks else name
            value = Decimal(str(data["value"]))
            about = asset if SERIES[name].per_asset else None  # told once, not once an asset
            yield Fact(Kind.READING, name, what, value, Unit.NUMBER, at, name, about)
            yield Fact(
                Kind.READING, f"{name}.age", f"age of {what}", max(Decimal(0), age), Unit.AGE, at,
                name, about,
            )  # fmt: skip


def _view(known: Known, asset: str) -> Iterable[Fact]:
    run = known.judgement
    view = run.views.get(asset) if run is not None else None
    if run is None or view is None:
        return
    yield _about(run, view, "conviction", "weighed view, -100 to 100", view.conviction)
    yield from _distances(run, view, known.strategy)
    for agent, score in view.scores.items():
        yield from _score(run, view, agent, score)


def _score(run: Judgement, view: View, agent: str, score: Score) -> Iterable[Fact]:
    def fact(name: str, what: str, value: Decimal | str, unit: Unit) -> Fact:
        return Fact(
            Kind.SCORE, name, what, value, unit, score.judged_at, run.execution_id, view.asset
        )

    degraded = ", degraded" if score.degraded else ""
    value = Decimal(str(score.value))
    yield fact(f"score.{agent}", f"score of the {agent} agent{degraded}", value, Unit.POINTS)
    weight = f"weight of the {agent} agent"
    yield fact(f"weight.{agent}", weight, view.weights[agent], Unit.SHARE)
    said = fact(f"said.{agent}", f"what the {agent} agent said", score.reasoning, Unit.WORD)
    yield replace(said, outside=score.judge != "rules")
    ranked = sorted(score.factors, key=lambda one: (-abs(one.contribution), one.name))
    for factor in ranked[:_FACTORS]:
        if factor.contribution:
            points, name = Decimal(str(factor.contribution)), f"{agent}.{factor.name}"
            what = f"points of the {agent} score that come from {factor.name}"
            yield fact(f"factor.{name}", what, points, Unit.POINTS)
            yield fact(f"note.{name}", f"what {factor.name} is", factor.note, Unit.WORD)


def _distances(run: Judgement, view: View, strategy: Strategy) -> Iterable[Fact]:
    """How far conviction is from doing something, and how far each agent alone would have to go."""
    buy = strategy.buy_above - view.conviction
    sell = view.conviction - strategy.sell_below
    for name, word, gap, sign in (("buy", "rise", buy, 1), ("sell", "fall", sell, -1)):
        if gap <= 0:
            continue
        what = f"points that the conviction has to {word} to {name}"
        yield _about(run, view, f"to_{name}", what, gap)
        for agent, weight in view.weights.items():
            score = Decimal(str(view.scores[agent].value))
            if not weight:
                continue
            alone = (gap / weight).quantize(_HUNDREDTH, ROUND_UP)
            if abs(score + sign * alone) <= _MOST:
                what = f"points that the {agent} score alone would have to {word} to {name}"
                yield _about(run, view, f"to_{name}.{agent}", what, alone)


def _about(run: Judgement, view: View, name: str, what: str, value: Decimal) -> Fact:
    """A distance is told without a sign, a conviction with it."""
    unit = Unit.POINTS if name == "conviction" else Unit.NUMBER
    return Fact(Kind.SCORE, name, what, value, unit, run.slot_at, run.execution_id, view.asset)


def _strategy(known: Known) -> Iterable[Fact]:
    strategy = known.strategy

    def fact(name: str, what: str, value: Decimal | datetime | str, unit: Unit) -> Fact:
        return Fact(Kind.STRATEGY, name, what, value, unit, None, strategy.id)

    yield fact("strategy", "name of the strategy", strategy.name, Unit.WORD)
    yield fact("buy_above", "conviction from which it buys", strategy.buy_above, Unit.POINTS)
    yield fact("sell_below", "conviction from which it sells", strategy.sell_below, Unit.POINTS)
    yield fact("cron", "when it runs, as cron in UTC", strategy.schedule.cron, Unit.WORD)
    due = strategy.schedule.next_after(known.now)
    yield fact("next_run", "when it runs next, UTC", due, Unit.TIME)
    if known.judgement is not None:
        yield fact("last_run", "when it ran last, UTC", known.judgement.slot_at, Unit.TIME)
    for name, what, pause in (
        ("paused", "why it is paused as a whole", known.paused),
        ("own_pause", "why the user has paused it", known.own_pause),
    ):
        if pause is not None:
            yield replace(fact(name, what, pause.reason, Unit.WORD), outside=True)
