"""What stands under each key, as JSON: how it is written, and what may be taken for it again.

Whatever is not what we once put there (an older version's, half of it, anything else) is refused,
so that it is made anew from Postgres.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from automoney.encoding import decimal_text, parse_decimal, parse_utc, utc_text
from automoney.errors import InvalidInput
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled
from automoney.market.series import series_named
from automoney.market.snapshot import Indicators
from automoney.market.tracking import TRACKED

type Shown = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry[T]:
    """One key: what `kind` it counts as, and how its text is read (InvalidInput if it is not one).

    `kind` is latest, candles, groups, state or scores.
    """

    kind: str
    key: str
    read: Callable[[Any], T]

    def decode(self, text: object) -> T | None:
        """The value in what Redis replied; None for what cannot have been put there by us."""
        if not isinstance(text, bytes | str):
            return None
        try:
            return self.read(json.loads(text))
        except (InvalidInput, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
            return None


def latest_of(asset: str) -> Entry[Shown]:
    return Entry("latest", f"market:data:{asset}:latest", _latest)


def candles_of(asset: str, timeframe: Timeframe) -> Entry[list[Candle]]:
    def read(rows: Any) -> list[Candle]:
        return [_candle(asset, timeframe, row) for row in _of_type(list, rows)]

    return Entry("candles", f"market:data:{asset}:kline:{timeframe.value}", read)


def group_of(group: str) -> Entry[Shown]:
    return Entry("groups", f"market:data:{group}:latest", _group)


def state_of(asset: str, timeframe: Timeframe) -> Entry[Shown]:
    return Entry("state", f"market:data:{asset}:state:{timeframe.value}", _object)


def scores_of(agent: str) -> Entry[Shown]:
    return Entry("scores", f"agent:score:{agent}:latest", _scores)


def candle_rows(candles: Sequence[Candle]) -> list[dict[str, Any]]:
    """The description's list of candles, oldest first, each with its origin and marks."""
    return [
        {
            "openTime": utc_text(candle.open_time),
            "open": decimal_text(candle.open),
            "high": decimal_text(candle.high),
            "low": decimal_text(candle.low),
            "close": decimal_text(candle.close),
            "volume": None if candle.volume is None else decimal_text(candle.volume),
            "source": candle.source,
            "isAnomaly": candle.anomalous,
            "filled": candle.filled,
        }
        for candle in candles
    ]


def _of_type[T](kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise InvalidInput("cached value", type(value).__name__, f"of type {kind.__name__}")
    return value


def _object(value: Any) -> Shown:
    return _of_type(dict, value)


def _latest(value: Any) -> Shown:
    parse_decimal(value["price"], "price")
    parse_utc(value["at"], "at")
    parse_utc(value["timestamp"], "timestamp")
    _of_type(str, value["source"])
    _of_type(bool, value["isAnomaly"])
    _figures(value["indicators"])
    week = value["week"]
    for name in ("open", "high", "low", "close"):
        parse_decimal(week[name], name)
    parse_utc(week["open_time"], "open_time")
    _of_type(bool, week["anomalous"])
    _has(week, "volume", "source", "filled")
    finer = _object(value["timeframes"])
    _has(finer, *(one.value for one in TRACKED if one is not Timeframe.W1))
    for figures in finer.values():
        if figures is not None:
            _figures(figures)
    return _object(value)


def _figures(value: Any) -> None:
    _has(_object(value), *Indicators.__dataclass_fields__)
    for figure in value.values():
        if figure is not None:
            float(figure)


def _has(value: Shown, *names: str) -> None:
    missing = [name for name in names if name not in value]
    if missing:
        raise InvalidInput("cached value", missing, "nothing missing")


def _group(value: Any) -> Shown:
    parse_utc(value["asOf"], "asOf")
    for one in _of_type(list, value["values"]):
        series_named(one["series"])
        float(one["value"])
        parse_utc(one["availableAt"], "availableAt")
        if one["realSince"] is not None:
            parse_utc(one["realSince"], "realSince")
        _has(one, "asset", "period", "source", "filled", "isAnomaly", "proxy")
    return _object(value)


def _scores(value: Any) -> Shown:
    parse_utc(value["timestamp"], "timestamp")
    _of_type(dict, value["assets"])
    return _object(value)


def _candle(asset: str, timeframe: Timeframe, row: Mapping[str, Any]) -> Candle:
    return Candle(
        asset,
        timeframe,
        parse_utc(row["openTime"], "openTime"),
        _decimal(row["open"]),
        _decimal(row["high"]),
        _decimal(row["low"]),
        _decimal(row["close"]),
        None if row["volume"] is None else _decimal(row["volume"]),
        _of_type(str, row["source"]),
        _of_type(bool, row["isAnomaly"]),
        Filled(row["filled"]) if row["filled"] else None,
    )


def _decimal(value: object) -> Decimal:
    """As `parse_decimal`, for the many numbers of a list that we wrote ourselves."""
    number = Decimal(_of_type(str, value))
    if not number.is_finite():
        raise InvalidInput("cached value", value, "a finite decimal number")
    return number
