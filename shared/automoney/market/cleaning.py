"""Check, flag and fill what the sources gave us (description 3.1).  Pure.

Nothing is ever deleted for being odd: it may be a real crash.  It is flagged and kept.  What is
filled in says so in `filled`, and never knows more than was known at the time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from automoney.errors import InvalidInput
from automoney.market.candles import Candle, Mark
from automoney.market.readings import Filled, Reading
from automoney.market.series import Series

JUMP = Decimal("0.20")  # a change by more than this share of the price before is anomalous
NEUTRAL = 50.0  # what a sentiment index that says nothing is taken to say
_DAY = timedelta(days=1)
_RHYTHM = 8  # readings that tell how often a series comes out; 6 weekdays span a weekend

# ---------------------------------------------------------------- candles and marks


def check_candle(candle: Candle) -> None:
    """Raise InvalidInput, naming the field, for a candle that no market could have made.

    Prices are finite and above 0, low <= open, close <= high, volume is None or finite and >= 0.
    """
    for name in ("open", "high", "low", "close"):
        price: Decimal = getattr(candle, name)
        if not (price.is_finite() and price > 0):
            raise InvalidInput(name, price, "a finite price above 0")
    if candle.low > min(candle.open, candle.close):
        raise InvalidInput("low", candle.low, "at most the open and the close")
    if candle.high < max(candle.open, candle.close):
        raise InvalidInput("high", candle.high, "at least the open and the close")
    volume = candle.volume
    if volume is not None and not (volume.is_finite() and volume >= 0):
        raise InvalidInput("volume", volume, "a finite number, 0 or more")


def flag_jumps(candles: Iterable[Candle], previous_close: Decimal | None) -> tuple[Candle, ...]:
    """Mark as anomalous each candle whose close is more than 20 % off the close before it.

    The candles are one asset's in one timeframe, oldest first; `previous_close` is that of the bar
    before the first, which without it is not judged.  The close before is taken as it is, anomalous
    or not, so a lone spike flags its own bar and the one that comes back.  Flags already set stay.
    """
    flagged = []
    for candle in candles:
        if previous_close is not None and _jumped(candle.close, previous_close):
            candle = replace(candle, anomalous=True)  # noqa: PLW2901  # the same one, flagged
        flagged.append(candle)
        previous_close = candle.close
    return tuple(flagged)


def flag_mark(mark: Mark, previous: Mark | None) -> Mark:
    """`mark`, anomalous if it is more than 20 % off the `previous` mark of the same asset.

    Raises InvalidInput if the two are marks of different assets.
    """
    if previous is None:
        return mark
    if previous.asset != mark.asset:
        raise InvalidInput("previous", previous.asset, f"a mark of {mark.asset}")
    return replace(mark, anomalous=True) if _jumped(mark.price, previous.price) else mark


def drop_duplicates(candles: Iterable[Candle]) -> tuple[Candle, ...]:
    """One candle per (asset, timeframe, open_time), the last one given, sorted by these three."""
    kept = {(candle.asset, candle.timeframe, candle.open_time): candle for candle in candles}
    return tuple(
        sorted(kept.values(), key=lambda bar: (bar.asset, bar.timeframe.duration, bar.open_time))
    )


def fill_forward(candles: Sequence[Candle], *, until: datetime) -> tuple[Candle, ...]:
    """Put a flat bar at the last close, with volume 0, where a bar is missing.

    That is between two candles, and after the last one for every bar that had closed at `until`.
    There is nothing before the first.  A filled bar is never itself anomalous.

    The candles are one asset's in one timeframe, strictly ascending and a whole number of bars
    apart; raises InvalidInput otherwise.
    """
    if not candles:
        return ()
    filled = [candles[0]]
    for before, candle in pairwise(candles):
        _check_neighbours(before, candle)
        filled += _flat(before, until=candle.open_time)
        filled.append(candle)
    filled += _flat(candles[-1], until=until)
    return tuple(filled)


def _jumped(price: Decimal, before: Decimal) -> bool:
    return abs(price - before) > JUMP * before


def _check_neighbours(before: Candle, candle: Candle) -> None:
    if (candle.asset, candle.timeframe) != (before.asset, before.timeframe):
        name = f"{candle.asset} {candle.timeframe.value}"
        raise InvalidInput("candle", name, f"{before.asset} {before.timeframe.value}, like others")
    step = candle.open_time - before.open_time
    if step <= timedelta(0) or step % before.timeframe.duration:
        raise InvalidInput(
            "open_time", candle.open_time, f"whole bars of {before.timeframe.value} after the last"
        )


def _flat(last: Candle, *, until: datetime) -> Iterator[Candle]:
    """The bars missing after `last` that had closed at `until`."""
    close, length = last.close, last.timeframe.duration
    opens = last.close_time
    while opens + length <= until:
        yield replace(
            last,
            open_time=opens,
            open=close,
            high=close,
            low=close,
            volume=Decimal(0),
            anomalous=False,
            filled=Filled.FORWARD,
        )
        opens += length


# ---------------------------------------------------------------- series


def fill_series(
    series: Series, readings: Sequence[Reading], *, as_of: datetime
) -> tuple[Reading, ...]:
    """What may be known at `as_of` of one series (and asset), gaps filled by its rule.

    Oldest first; the newest vintage of each period; only what both was published and had been seen
    by us at `as_of`.  Values that were filled in earlier are dropped and worked out again, and the
    order of `readings` makes no difference.  Then:

    - on-chain: days missing between two known ones are interpolated linearly, and count as
      available once the later one is; proxy, anomaly and assumed vintage of either pass on to them.
      Nothing is made up past the newest.
    - macro: nothing is made up.  The newest value is marked `LAST` once the next one was due, going
      by how often the series comes out: it is then carried into a period that is not its own.
    - sentiment: 50 (neutral), marked `DEFAULT`, for today if the value due by now is missing; going
      by how soon after the start of its day it comes out.

    Whether a series is stale has to be asked of its real values: a default is as new as today.

    Raises InvalidInput for a reading of another series, or readings of several assets.
    """
    return fill_known(series, _known(series, readings, as_of), as_of=as_of)


def fill_known(
    series: Series, known: tuple[Reading, ...], *, as_of: datetime
) -> tuple[Reading, ...]:
    """`fill_series` of readings that are in order and all known: one a period, as a source gave it.

    Raises InvalidInput for a series that is filled in like prices.
    """
    if series.fill is Filled.INTERPOLATED:
        return _interpolated(known)
    if series.fill is Filled.LAST:
        return _carried(series, known, as_of)
    if series.fill is Filled.DEFAULT:
        return _defaulted(series, known, as_of)
    raise InvalidInput("series.fill", series.fill.value, "a rule for readings, not for prices")


def filled_until(series: Series, filled: Sequence[Reading], as_of: datetime) -> datetime | None:
    """From when on `fill_series` may say something else of the same readings; None for never.

    `filled` is what it says of them at `as_of`.  At that very moment it already may.
    """
    if not filled:
        return None
    newest = filled[-1]
    if series.fill is Filled.LAST:
        return None if newest.filled else _due(series, filled)
    if series.fill is Filled.DEFAULT:
        # What is made up is dated at the moment itself.
        return as_of if newest.filled else newest.period + _DAY + _lag(filled)
    return None


def _known(series: Series, readings: Sequence[Reading], as_of: datetime) -> tuple[Reading, ...]:
    newest: dict[datetime, Reading] = {}
    for reading in readings:
        if reading.series != series.name:
            raise InvalidInput("reading.series", reading.series, series.name)
        if reading.asset != readings[0].asset:
            raise InvalidInput("reading.asset", reading.asset, f"{readings[0].asset}, like others")
        if max(reading.available_at, reading.vintage) > as_of:
            continue
        if not reading.real:
            continue
        rival = newest.get(reading.period)
        if rival is None or _revision(reading) > _revision(rival):
            real = reading if reading.filled is None else replace(reading, filled=None)
            newest[reading.period] = real
    return tuple(newest[period] for period in sorted(newest))


def _revision(reading: Reading) -> tuple[datetime, datetime, str, float]:
    """What tells the newest of several readings of one period: vintage first, then any order."""
    return reading.vintage, reading.available_at, reading.source, reading.value


def _interpolated(known: tuple[Reading, ...]) -> tuple[Reading, ...]:
    filled = list(known[:1])
    for before, after in pairwise(known):
        day = before.period + _DAY
        while day < after.period:
            filled.append(_between(before, after, day))
            day += _DAY
        filled.append(after)
    return tuple(filled)


def _between(before: Reading, after: Reading, day: datetime) -> Reading:
    part = (day - before.period) / (after.period - before.period)
    return replace(
        after,
        period=day,
        value=before.value * (1 - part) + after.value * part,
        available_at=max(before.available_at, after.available_at),
        vintage=max(before.vintage, after.vintage),
        filled=Filled.INTERPOLATED,
        anomalous=before.anomalous or after.anomalous,
        proxy=before.proxy or after.proxy,
        vintage_assumed=before.vintage_assumed or after.vintage_assumed,
    )


def _carried(series: Series, known: tuple[Reading, ...], as_of: datetime) -> tuple[Reading, ...]:
    if not known:
        return ()
    if as_of < _due(series, known):
        return known
    return (*known[:-1], replace(known[-1], filled=Filled.LAST))


def _due(series: Series, known: Sequence[Reading]) -> datetime:
    """When the value after the newest one ought to be out."""
    steps = [after.period - before.period for before, after in pairwise(known[-_RHYTHM:])]
    return known[-1].available_at + max(steps, default=series.stale_after)


def _defaulted(series: Series, known: tuple[Reading, ...], as_of: datetime) -> tuple[Reading, ...]:
    today = _midnight(as_of)
    if known and known[-1].period >= _midnight(as_of - _lag(known)):
        return known
    neutral = Reading(
        series=series.name,
        asset=known[-1].asset if known else None,
        period=today,
        value=NEUTRAL,
        available_at=as_of,
        vintage=as_of,
        source="default",
        filled=Filled.DEFAULT,
    )
    return (*known, neutral)


def _lag(known: Sequence[Reading]) -> timedelta:
    """How soon after the start of its day a value comes out."""
    lags = [reading.available_at - reading.period for reading in known[-_RHYTHM:]]
    return max(min(lags, default=timedelta(0)), timedelta(0))


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
