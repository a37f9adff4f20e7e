"""The fuzz is worth its time: each of these mistakes, made on purpose, is found at once."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.market import cleaning, revising
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.sources import bars, bounds, coinmetrics, fields
from automoney.sources.binance import Binance
from automoney.transport import Transport
from automoney.workflows import collect_prices
from tests.fuzz.outside import URL
from tests.fuzz.rooms import Fuzz, Fuzzed

_ENOUGH = 1_500  # payloads, of 50,000: a mistake is found among these


def complaint(fuzzed: Fuzzed) -> str:
    """The first thing that is wrong, with the payload; empty if nothing is."""

    async def run() -> str:
        for index in range(_ENOUGH):
            mutant = fuzzed.mutant(index)
            outcome = await fuzzed.room.outcome(mutant)
            wrong = fuzzed.check(mutant, outcome)
            if outcome.error and not mutant.mutations:
                wrong.append(f"rejected, though nothing is wrong: {outcome.error}")
            if wrong:
                return "\n".join([*wrong, str(mutant)])
        return ""

    return asyncio.run(run())


def _any_float(source: str, field: str, value: Any, low: float = 0, high: float = 0) -> float:
    try:
        return float(value)
    except (ValueError, TypeError):
        raise fields.refused(source, field, value, "a number") from None


def _unordered(source: str, name: str, prices: Sequence[object]) -> tuple[Decimal, ...]:
    return tuple(fields.price(source, name, value) for value in prices)


def _first_wins(candles: Iterable[Candle]) -> list[Candle]:
    found: dict[datetime, Candle] = {}
    for candle in candles:
        found.setdefault(candle.open_time, candle)
    return [found[at] for at in sorted(found)]


def _all_but_one(candles: Iterable[Candle]) -> list[Candle]:
    return real_in_order(candles)[1:]


def _as_they_come(candles: Iterable[Candle]) -> list[Candle]:
    return list(candles)


def _eight_hours_on(source: str, field: str, value: object) -> datetime:
    return real_millis(source, field, value) - timedelta(hours=8)


def _local_day(source: str, field: str, value: object) -> datetime:
    return real_day(source, field, value) + timedelta(hours=5)


def _no_limits(source: str, series: str, field: str, given: object) -> float:
    return fields.number(source, field, given)


def _unchecked(source: str, field: str, value: object) -> object:
    return value


def _whenever(source: str, field: str, moment: datetime, now: datetime) -> datetime:
    return moment


def _speechless(source: str, field: str, value: object, expected: str) -> SourceUnavailable:
    return SourceUnavailable(source, "")


def _unflagged(candles: Iterable[Candle], previous_close: Decimal | None) -> tuple[Candle, ...]:
    return tuple(candles)


def _unmarked(before: Reading, after: Reading, day: datetime) -> Reading:
    return replace(real_between(before, after, day), filled=None)


def _by_way_of_a_float(source: str, field: str, value: Any) -> Decimal:
    try:
        return Decimal(float(value))
    except (ValueError, TypeError, OverflowError):
        raise fields.refused(source, field, value, "a number") from None


real_in_order, real_millis, real_day = bars.in_order, fields.millis, fields.day
real_between = cleaning._between


@pytest.mark.parametrize(
    ("source", "owner", "name", "mistake"),
    [
        pytest.param("glassnode", fields, "number", _any_float, id="float('nan') is a number"),
        pytest.param("binance", fields, "decimal", _by_way_of_a_float, id="floats on the way"),
        pytest.param("alternative_me", bounds, "value", _no_limits, id="an index of 1000"),
        pytest.param("binance", bars, "in_order", _first_wins, id="the first of two wins"),
        pytest.param("coingecko", bars, "in_order", _all_but_one, id="a row is lost"),
        pytest.param("coingecko", fields, "millis", _eight_hours_on, id="local time"),
        pytest.param("fred", fields, "day", _local_day, id="a day that starts at 5"),
        pytest.param("coinmetrics", fields, "mapping", _unchecked, id="a row that is no object"),
        pytest.param("binance", fields, "not_ahead", _whenever, id="from the future"),
        pytest.param("binance", fields, "refused", _speechless, id="no reason"),
        pytest.param("coinmetrics", coinmetrics, "PROXIES", frozenset(), id="a proxy unmarked"),
        pytest.param("binance", revising, "flag_jumps", _unflagged, id="a jump unflagged"),
        pytest.param("glassnode", cleaning, "_between", _unmarked, id="a fill unmarked"),
    ],
)
def test_a_mistake_is_found(
    source: str,
    owner: object,
    name: str,
    mistake: object,
    fuzz: Fuzz,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, name, mistake)
    try:
        assert complaint(fuzz.of(source))
    except (TypeError, ValueError, ArithmeticError, AttributeError, ExceptionGroup) as error:
        # It escapes instead, which is found as well, and says with what payload.
        assert any(f"payload {source} " in note for note in error.__notes__)


def test_a_bar_outside_its_range_has_to_get_past_source_and_collector(
    fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "checked", _unordered)
    assert complaint(fuzz.of("binance")) == ""
    monkeypatch.setattr(collect_prices, "check_candle", lambda candle: None)
    assert "outside its range" in complaint(fuzz.of("binance"))


@dataclass
class _Broken:
    """Binance, with something done to what it gives."""

    source: Binance
    bar: Callable[[Candle], Candle] = lambda bar: bar
    quote: Callable[[Mark], Mark] = lambda mark: mark
    name: str = "binance"

    async def marks(self, assets: Sequence[str]) -> tuple[Mark, ...]:
        return tuple(map(self.quote, await self.source.marks(assets)))

    async def candles(
        self, asset: str, timeframe: Timeframe, *, start: datetime | None = None, limit: int = 100
    ) -> tuple[Candle, ...]:
        found = await self.source.candles(asset, timeframe, start=start, limit=limit)
        return tuple(map(self.bar, found))

    async def first_trade(self, asset: str, after: datetime) -> Mark:
        return self.quote(await self.source.first_trade(asset, after))


def _other_asset(mark: Mark) -> Mark:
    return replace(mark, asset="ETH" if mark.asset == "BTC" else "BTC")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"bar": lambda bar: replace(bar, high=bar.low, low=bar.high)}, id="high, low"),
        pytest.param({"bar": lambda bar: replace(bar, open=bar.close)}, id="open is the close"),
        pytest.param({"bar": lambda bar: replace(bar, volume=None)}, id="volume lost"),
        pytest.param({"bar": lambda bar: replace(bar, source="")}, id="source lost"),
        pytest.param({"bar": lambda bar: replace(bar, anomalous=True)}, id="all flagged"),
        pytest.param({"quote": lambda mark: replace(mark, price=mark.price + 1)}, id="price"),
        pytest.param(
            {"quote": lambda mark: replace(mark, at=mark.at.replace(tzinfo=None))}, id="naive"
        ),
        pytest.param({"quote": _other_asset}, id="assets changed places"),
        pytest.param({"quote": lambda mark: replace(mark, price=Decimal("NaN"))}, id="NaN"),
    ],
)
def test_a_source_that_gives_something_else_is_found(broken: dict[str, Any], fuzz: Fuzz) -> None:
    def make(transport: Transport) -> _Broken:
        return _Broken(Binance(transport, URL), **broken)

    try:
        assert complaint(fuzz.of("binance", make))
    except (TypeError, ArithmeticError) as error:
        assert any("payload binance " in note for note in error.__notes__)


def test_a_source_without_mistakes_gives_no_cause_for_complaint(fuzz: Fuzz) -> None:
    assert complaint(fuzz.of("binance")) == ""
    assert complaint(fuzz.of("coinmetrics")) == ""
