"""A world with something in it: noon of 5 November 2025, some time after a run that bought BTC."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from automoney.encoding import plain
from automoney.market.candles import Mark, Timeframe
from automoney.market.readings import Reading
from automoney.market.snapshot import Indicators
from automoney.messages import decision_message, scores_message, trade_message
from automoney.trading.judgement import Factor, Judgement, Score, Signal
from automoney.trading.orders import Decision, Fill, Rule
from tests.api.fakes_api import NOON, World, bars, judgement_at
from tests.builders import follower


def world_of_ada() -> World:
    """Noon of 5 November 2025, some time after a run that bought BTC for Ada."""
    world = World()
    judgement = told(judgement_at(NOON))
    world.executions.judgements[judgement.execution_id] = judgement
    world.books.accounts["ada"] = Decimal(100_000)
    world.books.held["ada"] = {"BTC": Decimal("0.5")}
    world.books.followed["hodl-wave", "ada"] = follower()
    world.collections.newest = {
        collector: {"source": source, "slot_at": at, "outcome": outcome, "error": None}
        for collector, source, at, outcome in (
            ("collect_prices", "binance", NOON, "ok"),
            ("collect_onchain", "coinmetrics", NOON, "ok"),
            ("collect_macro", "fred", NOON - timedelta(hours=9), "failed"),
            ("collect_sentiment", "alternative.me", NOON, "ok"),
        )
    }
    _fill_market(world)
    bought, sold = decision("BTC", Signal.BUY, "0.147"), decision("ETH", Signal.HOLD, "0")
    filled = fill("BTC", "0.5")
    for message in (
        scores_message(judgement),
        decision_message(judgement, bought),
        decision_message(judgement, sold),
        trade_message(judgement, filled),
    ):
        world.outbox.add("ada", message)
    slot = plain(NOON)
    world.history.rows["decisions", "ada"] = [
        {"slot": slot, **decision_message(judgement, one).data} for one in (sold, bought)
    ]
    world.history.rows["trades", "ada"] = [{"slot": slot, **trade_message(judgement, filled).data}]
    return world


def told(judgement: Judgement) -> Judgement:
    """The judgement with reasons as real ones have."""
    factors = {
        "macro": (
            Factor("fed_funds", 4.33, 18.0, "falling for three months", 36.0),
            Factor("dollar_index", 121.4, -5.5, "above its yearly mean", 60.0),
        ),
        "onchain": (
            Factor("mvrv_z", 1.82, 30.0, "below its four-year mean", 12.0),
            Factor("exchange_netflow", -2310.5, 11.0, "coins leave the exchanges", 12.0),
        ),
        "technical": (
            Factor("rsi14", 58.2, 22.0, "rising, not hot", 0.0),
            Factor("ema_cross", None, 18.0, "EMA21 above EMA55", None),
        ),
    }
    words = {
        "macro": "Money gets cheaper: the policy rate falls, though the dollar is strong.",
        "onchain": "Holders are not in much profit and coins leave the exchanges.",
        "technical": "The weekly trend is up and not overheated.",
    }

    def reasoned(score: Score) -> Score:
        return replace(score, factors=factors[score.agent], reasoning=words[score.agent])

    views = {
        asset: replace(view, scores={name: reasoned(one) for name, one in view.scores.items()})
        for asset, view in judgement.views.items()
    }
    views["ETH"] = replace(
        views["ETH"],
        conviction=Decimal("-31.5"),
        degraded=False,
        weights={"macro": Decimal("0.4"), "onchain": Decimal("0.4"), "technical": Decimal("0.2")},
        scores={
            name: replace(one, value=value, degraded=False, confidence=sure)
            for (name, one), value, sure in zip(
                views["ETH"].scores.items(), (-22.0, -48.0, -17.5), (0.9, 0.55, 0.35), strict=True
            )
        },
    )
    return replace(judgement, views=views)


def decision(asset: str, signal: Signal, target: str) -> Decision:
    reasoning = f"Conviction 29.4 is above 20: hold {Decimal(target):.1%} of the equity in {asset}."
    rule = Rule.BETWEEN if signal is Signal.HOLD else Rule(signal.lower())
    return Decision(asset, signal, Decimal("29.4"), Decimal(0), Decimal(target), reasoning, rule)


def fill(asset: str, quantity: str) -> Fill:
    price, amount = Decimal("45022.5"), Decimal(quantity)
    return Fill(
        asset,
        Signal.BUY,
        amount,
        price,
        Decimal(45_000),
        price * amount,
        price * amount / 1000,
        NOON + timedelta(seconds=3),
    )


def _fill_market(world: World) -> None:
    for asset, price in (("BTC", "45012.35"), ("ETH", "3312.4")):
        world.marks.kept.append(Mark(asset, Decimal(price), NOON, "binance"))
        days = bars(asset, 365, until=NOON, timeframe=Timeframe.D1)
        scale = Decimal(price) / days[-1].close
        for index, bar in enumerate(days):
            wave = scale * (1 + Decimal((index * 7919) % 97 - 48) / 1200)
            days[index] = replace(bar, close=round(bar.close * wave, 2))
        world.candles.kept += days
        world.cache.prices[asset] = {
            "asset": asset,
            "price": price,
            "at": plain(NOON),
            "timestamp": plain(NOON),
            "source": "binance",
            "isAnomaly": False,
            "indicators": plain(
                Indicators(43210.5, 40100.2, 58.24, 900.1, 850.4, 49.7, 47000.0, 43000.0, 39000.0)
            ),
            "week": plain(bars(asset, 1, until=NOON, timeframe=Timeframe.W1)[0]),
            "timeframes": {"1h": None, "4h": None, "1d": None},
        }
        for series, value in (("mvrv_z", 1.82), ("nvt", 71.5), ("exchange_netflow", -2310.5)):
            day = NOON - timedelta(days=1, hours=12)
            known = NOON - timedelta(hours=12)
            world.readings.kept.append(
                Reading(series, asset, day, value, known, known, "coinmetrics", proxy=True)
            )
    for series, value, age in (
        ("fed_funds", 4.33, 36),
        ("us10y", 4.11, 36),
        ("us2y", 3.57, 36),
        ("cpi", 324.1, 700),
        ("m2", 22195.4, 200),
        ("dollar_index", 121.42, 60),
        ("fear_greed", 63.0, 12),
    ):
        known = NOON - timedelta(hours=age)
        source = "alternative.me" if series == "fear_greed" else "fred"
        world.readings.kept.append(
            Reading(series, None, known - timedelta(days=1), value, known, known, source)
        )
