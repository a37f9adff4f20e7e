"""A made-up world: the same shape as a recording, drawn from a seed and labelled synthetic.

Prices walk at random through regimes (calm, rising, falling, panic) that both assets share, around
a slowly rising trend; their returns are correlated.  On-chain values, sentiment and interest rates
follow the prices loosely enough to be plausible.  Nothing here predicts anything.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from automoney.errors import InvalidInput
from automoney.market.candles import Timeframe
from infra.local.world.bars import SCALE, Bar, Bars, aggregate
from infra.local.world.clock import DAY, HOUR, MINUTE, Micros, micros, moment
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording
from infra.local.world.tables import Table, after_publication, at_day_end, at_day_start

DEFAULT_END = datetime(2025, 9, 22, tzinfo=UTC)
_HOURLY_DAYS = 3 * 366
_DAILY_DAYS = 8 * 366
_CENT = 10**6  # in hundred-millionths
_VOLUME_STEP = 10**3  # volumes have five decimals
_CORRELATION = 0.8
_PULL = 0.003  # share of the distance to the trend that a day takes back


@dataclass(frozen=True, slots=True)
class Regime:
    """Drift and deviation of a day's log return, and how likely the regime is to end in a day."""

    drift: float
    deviation: float
    ends: float


_CALM = Regime(0.0003, 0.016, 0.02)
_RISING = Regime(0.0030, 0.026, 0.02)
_FALLING = Regime(-0.0025, 0.031, 0.03)
_PANIC = Regime(-0.0200, 0.065, 0.30)
_REGIMES = (_CALM, _CALM, _RISING, _RISING, _FALLING, _FALLING, _PANIC)


@dataclass(frozen=True, slots=True)
class Coin:
    """How one asset behaves: where its trend starts and ends, in quote per base; its volatility
    relative to the regime's; coins traded on a usual day; coins in existence at start and end.
    """

    trend: tuple[float, float]
    volatility: float
    daily_volume: float
    supply: tuple[float, float]
    addresses: float


_COINS = {
    "BTC": Coin((6_000.0, 90_000.0), 1.0, 40_000.0, (16.2e6, 19.9e6), 850_000.0),
    "ETH": Coin((250.0, 3_600.0), 1.3, 400_000.0, (95.0e6, 120.5e6), 480_000.0),
}


@dataclass(slots=True)
class _Walk:
    """The price of one asset while it is being made."""

    coin: Coin
    random: Random
    price: int  # hundred-millionths
    bars: dict[Timeframe, list[Bar]] = field(
        default_factory=lambda: {Timeframe.D1: [], Timeframe.H1: [], Timeframe.M5: []}
    )

    def step(self, opened: Micros, timeframe: Timeframe, drift: float, shock: float) -> None:
        """Add a bar: `drift` and `shock` are its log return's expected and unexpected parts."""
        duration = timeframe.duration // timedelta(microseconds=1)
        share = duration / DAY
        gauss = self.random.gauss
        start = self.price
        end = _cents(start * math.exp(drift + shock))
        reach = 0.4 * abs(shock) + 0.008 * self.coin.volatility * math.sqrt(share)
        high = max(start, end, _cents(max(start, end) * (1 + reach * abs(gauss(0, 0.5)))))
        low = min(start, end, _cents(min(start, end) * (1 - min(0.9, reach * abs(gauss(0, 0.5))))))
        busy = math.exp(gauss(0, 0.35)) * (1 + 12 * abs(shock) / math.sqrt(share))
        volume = round(self.coin.daily_volume * share * busy * 10**5) * _VOLUME_STEP
        self.bars[timeframe].append(
            Bar(opened, opened + duration, start, high, low, end, max(volume, _VOLUME_STEP))
        )
        self.price = end


def synthetic_recording(
    seed: int,
    assets: Sequence[str] = ("BTC", "ETH"),
    *,
    end: datetime = DEFAULT_END,
    five_minute_days: int = 30,
) -> Recording:
    """Make a world that ends at `end` (a midnight in UTC); the same arguments give the same world.

    Eight years of daily candles, then three of hourly ones, the last `five_minute_days` of them
    in steps of five minutes; longer candles always add up from the shorter ones.
    """
    ends = micros(end)
    if ends % DAY:
        raise InvalidInput("end", end, "a midnight in UTC")
    if not 0 <= five_minute_days <= _HOURLY_DAYS:
        raise InvalidInput("five_minute_days", five_minute_days, f"0 to {_HOURLY_DAYS}")
    days = [ends - DAY * back for back in range(_DAILY_DAYS + _HOURLY_DAYS, 0, -1)]
    given = _prices(seed, days, five_minute_days)
    closes = {asset: _closes(bars[Timeframe.D1]) for asset, bars in given.items()}
    return Recording(
        "synthetic",
        {asset: Ladder.of(asset, given[asset]) for asset in assets},
        onchain={
            asset: _onchain(Random(f"{seed} chain {asset}"), _COINS[asset], days, closes[asset])  # noqa: S311
            for asset in assets
        },
        macro=_macro(Random(f"{seed} macro"), days),  # noqa: S311 - a seeded world, no secret
        sentiment=_sentiment(Random(f"{seed} mood"), days, closes["BTC"]),  # noqa: S311
    )


def _cents(price: float) -> int:
    return max(round(price / _CENT), 1) * _CENT


def _closes(days: Bars) -> list[float]:
    return [close / SCALE for close in days.close]


def _prices(
    seed: int, days: Sequence[Micros], five_minute_days: int
) -> dict[str, dict[Timeframe, Bars]]:
    """Recorded-looking bars of all assets: always made together, as they share their shocks."""
    random = Random(f"{seed} prices")  # noqa: S311 - a seeded world, no secret
    walks = {
        asset: _Walk(coin, random, _cents(coin.trend[0] * SCALE)) for asset, coin in _COINS.items()
    }
    regime = _CALM
    for index, day in enumerate(days):
        if random.random() < regime.ends:
            regime = random.choice(_REGIMES)
        age = index / len(days)
        timeframe, step = Timeframe.D1, DAY
        if index >= len(days) - five_minute_days:
            timeframe, step = Timeframe.M5, 5 * MINUTE
        elif index >= _DAILY_DAYS:
            timeframe, step = Timeframe.H1, HOUR
        share = step / DAY
        spread = math.sqrt(share) * regime.deviation
        drifts = {
            asset: share * (regime.drift + _PULL * _gap_to_trend(walk, age))
            for asset, walk in walks.items()
        }
        for opened in range(day, day + DAY, step):
            common = random.gauss(0, 1)
            for asset, walk in walks.items():
                own = random.gauss(0, 1)
                mixed = _CORRELATION * common + math.sqrt(1 - _CORRELATION**2) * own
                shock = spread * walk.coin.volatility * mixed
                walk.step(opened, timeframe, drifts[asset], shock)
    return {asset: _given(walk) for asset, walk in walks.items()}


def _gap_to_trend(walk: _Walk, age: float) -> float:
    first, last = walk.coin.trend
    return math.log(first) + age * math.log(last / first) - math.log(walk.price / SCALE)


def _given(walk: _Walk) -> dict[Timeframe, Bars]:
    fives = Bars.of(walk.bars[Timeframe.M5])
    hours = _appended(walk.bars[Timeframe.H1], aggregate(fives, HOUR))
    days = _appended(walk.bars[Timeframe.D1], aggregate(hours, DAY))
    return {Timeframe.M5: fives, Timeframe.H1: hours, Timeframe.D1: days}


def _appended(earlier: list[Bar], later: Bars) -> Bars:
    whole = Bars.joined([Bars.of(earlier, spans=()), later])
    return Bars.from_columns(whole.columns, [(whole.opens[0], whole.ends[-1])])


def _text(number: float) -> str:
    """Six decimals at most, never an exponent."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _onchain(random: Random, coin: Coin, days: Sequence[Micros], closes: Sequence[float]) -> Table:
    columns: dict[str, list[str]] = {
        name: []
        for name in (
            "price_usd",
            "market_cap_usd",
            "mvrv",
            "active_addresses",
            "exchange_inflow_btc",
            "exchange_outflow_btc",
            "nvt_proxy",
            "hash_rate",
        )
    }
    first_supply, last_supply = coin.supply
    realised = closes[0] * first_supply * 0.7
    mood = 0.0
    for index, close in enumerate(closes):
        age = index / len(closes)
        cap = close * (first_supply + age * (last_supply - first_supply))
        realised += (cap - realised) / 250
        mood += 0.1 * (math.log(cap / realised) - mood) + random.gauss(0, 0.02)
        inflow = coin.daily_volume * math.exp(random.gauss(0, 0.25))
        net = 0.04 * coin.daily_volume * (mood + random.gauss(0, 1.2))
        values = (
            close,
            cap,
            cap / realised,
            round(coin.addresses * math.exp(0.2 * mood + random.gauss(0, 0.06))),
            inflow,
            max(inflow - net, 0.0),
            70 * math.exp(0.25 * mood + random.gauss(0, 0.3)),
            1e6 * math.exp(6 * age + random.gauss(0, 0.05)),
        )
        for column, value in zip(columns.values(), values, strict=True):
            column.append(_text(value))
    return at_day_end(days, columns)


def _sentiment(random: Random, days: Sequence[Micros], closes: Sequence[float]) -> Table:
    """The index of a day follows the month before it: the day itself is not known yet."""
    values: list[str] = []
    words: list[str] = []
    for index in range(len(days)):
        before = closes[max(index - 30, 0) : index] or closes[:1]
        trend = math.log(before[-1] / before[0])
        value = round(min(95, max(5, 50 + 130 * trend + random.gauss(0, 6))))
        values.append(str(value))
        words.append(_mood_word(value))
    return at_day_start(days, {"value": values, "classification": words})


def _mood_word(value: int) -> str:
    """Alternative.me's own steps."""
    for limit, word in ((25, "Extreme Fear"), (46, "Fear"), (54, "Neutral"), (75, "Greed")):
        if value <= limit:
            return word
    return "Extreme Greed"


def _macro(random: Random, days: Sequence[Micros]) -> Mapping[str, Table]:
    """Policy rate in quarter-point steps, yields and a dollar that wander, money and prices that
    grow; working days only where FRED has only those, and months dated by their first day.
    """
    policy, aim, long_gap, dollar = 1.0, 2.0, 0.6, 112.0
    money, prices, jobless = 12_000.0, 238.0, 5.2
    daily: dict[str, list[tuple[Micros, float]]] = {
        name: [] for name in ("DFF", "DGS2", "DGS10", "T10Y2Y", "DTWEXBGS")
    }
    monthly: dict[str, list[tuple[Micros, float]]] = {
        name: [] for name in ("FEDFUNDS", "CPIAUCSL", "M2SL", "UNRATE")
    }
    for at in days:
        day = moment(at)
        if day.day == 1:
            policy += 0.25 * ((aim > policy + 0.2) - (aim < policy - 0.2))
            aim = min(6.0, max(0.0, aim + random.gauss(0, 0.3)))
            money *= 1 + random.gauss(0.004, 0.003)
            prices *= 1 + random.gauss(0.0022, 0.002)
            jobless = min(12.0, max(3.0, jobless + random.gauss(0, 0.1)))
            for name, value in zip(monthly, (policy, prices, money, jobless), strict=True):
                monthly[name].append((at, value))
        daily["DFF"].append((at, policy))
        if day.weekday() < 5:
            long_gap = min(2.5, max(-1.2, long_gap + random.gauss(0, 0.03)))
            dollar *= math.exp(0.002 * math.log(115 / dollar) + random.gauss(0, 0.003))
            short = 0.5 * (policy + aim) + random.gauss(0, 0.04)
            working = (short, short + long_gap, long_gap, dollar)
            for name, value in zip(list(daily)[1:], working, strict=True):
                daily[name].append((at, value))
    return {
        name: after_publication(
            name,
            array("q", [at for at, _ in points]),
            {
                "value": [
                    f"{value:.4f}" if name == "DTWEXBGS" else f"{value:.2f}" for _, value in points
                ]
            },
        )
        for name, points in {**daily, **monthly}.items()
    }
