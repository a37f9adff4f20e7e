"""What must hold of prices: each stored one is in the payload, each in the payload is stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from automoney.market.candles import Candle, Timeframe
from tests.fuzz import claims
from tests.fuzz.cases import Mutant
from tests.fuzz.outcomes import Outcome, Verdict
from tests.fuzz.price_bodies import NAMES
from tests.fuzz.price_room import QUOTE

_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_HALF_HOUR = timedelta(minutes=30)
_JUMP = Decimal("0.2")

type Four = tuple[Decimal | None, ...]


def check(mutant: Mutant, outcome: Outcome) -> list[str]:
    """All that is wrong with `outcome`, in sentences; empty if nothing is."""
    wrong = list(claims.refusal(mutant, outcome))
    if outcome.verdict is Verdict.REJECTED:
        return wrong
    for mark in outcome.marks:
        wrong += claims.mark(mark, mutant)
    for bar in outcome.candles:
        wrong += claims.candle(bar, mutant)
    checks = {
        "tickers": _tickers,
        "simple_price": _simple_price,
        "trades": _first_trade,
        "chart": _first_point,
        "klines": _klines,
        "ohlc": _ohlc,
    }
    wrong += checks[mutant.body.kind](mutant, outcome)
    odd = any(one.anomalous for one in outcome.marks) or any(
        bar.anomalous or bar.filled for bar in outcome.candles
    )
    if odd is not (outcome.verdict is Verdict.FLAGGED):
        wrong.append(f"it is {outcome.verdict}, but what is stored says otherwise")
    return wrong


# ---------------------------------------------------------------- marks


def _tickers(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    quoted = {row["symbol"]: row for row in claims.said(mutant) if "symbol" in row}
    expected = {
        asset: _quote(quoted.get(symbol, {}), "lastPrice", "closeTime", _MS)
        for asset, (symbol, _) in NAMES.items()
    }
    yield from _quotes(mutant, outcome, expected)


def _simple_price(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    coins = claims.said(mutant)
    expected = {
        asset: _quote(coins.get(coin) or {}, "usd", "last_updated_at", _SECOND)
        for asset, (_, coin) in NAMES.items()
    }
    yield from _quotes(mutant, outcome, expected)


def _quote(
    row: Mapping[str, Any], price: str, at: str, unit: timedelta
) -> tuple[Decimal | None, datetime | None]:
    return claims.exact(row.get(price)), claims.moment(row.get(at), unit)


def _quotes(
    mutant: Mutant,
    outcome: Outcome,
    expected: Mapping[str, tuple[Decimal | None, datetime | None]],
) -> Iterator[str]:
    found = {mark.asset: (mark.price, mark.at) for mark in outcome.marks}
    if found != expected or len(outcome.marks) != len(expected):
        yield f"marks are {found}, quoted were {expected}"
    known = Decimal(mutant.body.before or 0)
    for mark in outcome.marks:
        jumped = mark.asset == "BTC" and _far(mark.price, known)
        if mark.anomalous is not jumped:
            yield f"{mark.price} after {known} is flagged {mark.anomalous}"


def _first_trade(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    yield from _first(mutant, outcome, [(row["T"], row["p"]) for row in claims.said(mutant)])


def _first_point(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    yield from _first(mutant, outcome, claims.said(mutant)["prices"])


def _first(mutant: Mutant, outcome: Outcome, points: Sequence[Any]) -> Iterator[str]:
    read = [(claims.moment(at, _MS), claims.exact(price)) for at, price in points]
    after = sorted(at for at, _ in read if at is not None and at >= mutant.body.slot)
    (mark,) = outcome.marks
    if (mark.at, mark.price) not in read or mark.at != after[0]:
        yield f"{mark} is not the first of {read} from {mutant.body.slot} on"
    if mark.asset != mutant.body.asset:
        yield f"{mark} is of another asset"


# ---------------------------------------------------------------- candles


def _klines(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    rows = claims.said(mutant)
    payload: dict[datetime | None, tuple[Four, Decimal | None]] = {
        claims.moment(row[0], _MS): (tuple(map(claims.exact, row[1:5])), claims.exact(row[5]))
        for row in rows
    }
    yield from _bars(mutant, outcome, payload)


def _ohlc(mutant: Mutant, outcome: Outcome) -> Iterator[str]:
    by_close: dict[datetime | None, Four] = {
        claims.moment(row[0], _MS): tuple(map(claims.exact, row[1:])) for row in claims.said(mutant)
    }
    payload: dict[datetime | None, tuple[Four, Decimal | None]] = {}
    for close, four in by_close.items():
        if close is None:
            yield "a bar without a time is taken"
        elif mutant.body.timeframe is Timeframe.H4:
            payload[close - Timeframe.H4.duration] = four, None
        elif close.minute == 0 and (earlier := by_close.get(close - _HALF_HOUR)):
            highest = max(filter(None, (earlier[1], four[1])))
            lowest = min(filter(None, (earlier[2], four[2])))
            payload[close - 2 * _HALF_HOUR] = (earlier[0], highest, lowest, four[3]), None
    yield from _bars(mutant, outcome, payload)


def _bars(
    mutant: Mutant,
    outcome: Outcome,
    payload: Mapping[datetime | None, tuple[Four, Decimal | None]],
) -> Iterator[str]:
    body = mutant.body
    key = (body.asset, body.timeframe)
    stored = {bar.open_time: bar for bar in outcome.candles}
    if len(stored) != len(outcome.candles):
        yield "two bars open at the same time"
    if strange := [bar for bar in outcome.candles if (bar.asset, bar.timeframe) != key]:
        yield f"{strange[0]} was not asked for"
    assert body.timeframe and body.known_until
    last = body.slot - body.timeframe.duration
    for opened, said in payload.items():
        if opened is None:
            yield "a bar without a time is taken"
        elif body.known_until <= opened <= last and opened not in stored:
            yield f"the bar of {opened} is in the payload and not stored: {said}"
    known = {bar.open_time: bar for bar in outcome.before if (bar.asset, bar.timeframe) == key}
    before: Candle | None = None
    for opened, bar in sorted((known | stored).items()):
        if opened in stored:
            yield from _odd(bar, before)
            # A stored one may turn out to be a jump, now that the one before it is known.
            if opened not in known or replace(bar, anomalous=False) != known[opened]:
                yield from _sent(bar, before, payload, mutant)
        before = bar
    if {(mark.asset, mark.price) for mark in outcome.marks} != {(body.asset, QUOTE)}:
        yield f"{outcome.marks} is not what was quoted"


def _sent(
    bar: Candle,
    before: Candle | None,
    payload: Mapping[datetime | None, tuple[Four, Decimal | None]],
    mutant: Mutant,
) -> Iterator[str]:
    """It is in the payload, digit by digit, or fills a gap there."""
    four = (bar.open, bar.high, bar.low, bar.close)
    if bar.filled:
        if bar.open_time in payload or before is None or {before.close} != set(four) or bar.volume:
            yield f"{bar} is filled in, after {before}"
    elif payload.get(bar.open_time) != (four, bar.volume) or bar.source != mutant.source:
        yield f"{bar} is not what was sent: {payload.get(bar.open_time)}"


def _odd(bar: Candle, before: Candle | None) -> Iterator[str]:
    """It follows on the one before, and is flagged if it is more than 20 % off."""
    if before is None:
        return
    if bar.open_time != before.close_time:
        yield f"there is a gap before {bar.open_time}"
    if bar.anomalous is not _far(bar.close, before.close):
        yield f"{bar} is flagged {bar.anomalous} after a close of {before.close}"


def _far(price: Decimal, before: Decimal) -> bool:
    return not price.is_finite() or abs(price - before) > _JUMP * before
