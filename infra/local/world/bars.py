"""Columns of candles, and adding short bars up to long ones.  Pure."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

from automoney.market.candles import Timeframe
from infra.local.world.clock import DAY, HOUR, MINUTE, WEEK, Micros

DECIMALS = 8
SCALE = 100_000_000  # ten to the eighth
_MONDAY = 4 * DAY  # 1970-01-05, so that weeks open on a Monday and all else at its round time

DURATIONS: dict[Timeframe, Micros] = {
    Timeframe.M5: 5 * MINUTE,
    Timeframe.H1: HOUR,
    Timeframe.H4: 4 * HOUR,
    Timeframe.D1: DAY,
    Timeframe.W1: WEEK,
}


def floor(at: Micros, duration: Micros) -> Micros:
    """When the bar of that duration which contains `at` opened."""
    return at - (at - _MONDAY) % duration


def scaled(text: str) -> int:
    """A plain number as whole hundred-millionths: `4261.48` -> 426148000000.

    Digits beyond the eighth decimal are rounded off: the exchange knows none.
    """
    whole, _, part = text.partition(".")
    if len(part) > DECIMALS or "e" in part or "e" in whole or "E" in text:
        return round(Decimal(text) * SCALE)
    return int(whole + part.ljust(DECIMALS, "0"))


def eight_decimals(number: int) -> str:
    """The exchange's own way to write a number: `426148000000` -> `4261.48000000`."""
    return f"{number // SCALE}.{number % SCALE:08d}"


def shortest(number: int) -> str:
    """A JSON number without trailing zeros: `426148000000` -> `4261.48`."""
    return eight_decimals(number).rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, complete or as far as it is known; prices and volume in hundred-millionths."""

    opened: Micros
    end: Micros
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def quote_volume(self) -> int:
        """What the volume cost, estimated at the bar's mean price: recordings do not have it."""
        return self.volume * (self.open + self.high + self.low + self.close) // (4 * SCALE)


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in columns of equal length, oldest first, none overlapping another.

    `spans` are the closed-open stretches of time that the columns speak for: a bar that is
    missing inside one means that nothing was traded, outside it means that nobody looked.
    """

    opens: "array[int]"
    ends: "array[int]"
    open: "array[int]"
    high: "array[int]"
    low: "array[int]"
    close: "array[int]"
    volume: "array[int]"
    spans: tuple[tuple[Micros, Micros], ...] = ()

    @classmethod
    def of(
        cls, bars: Iterable[Bar], spans: Sequence[tuple[Micros, Micros]] | None = None
    ) -> "Bars":
        """Columns of the bars; without `spans`, they speak for the time from first to last."""
        rows = list(bars)
        if spans is None:
            spans = [(rows[0].opened, rows[-1].end)] if rows else []
        return cls.from_columns(
            (
                [bar.opened for bar in rows],
                [bar.end for bar in rows],
                [bar.open for bar in rows],
                [bar.high for bar in rows],
                [bar.low for bar in rows],
                [bar.close for bar in rows],
                [bar.volume for bar in rows],
            ),
            spans,
        )

    @classmethod
    def from_columns(
        cls, columns: Iterable[Iterable[int]], spans: Iterable[tuple[Micros, Micros]] = ()
    ) -> "Bars":
        """The seven columns in the order of the fields."""
        opens, ends, start, high, low, close, volume = (array("q", column) for column in columns)
        return cls(opens, ends, start, high, low, close, volume, tuple(spans))

    @classmethod
    def joined(cls, pieces: Iterable["Bars"]) -> "Bars":
        """The pieces end to end; they must be in order and must not overlap."""
        parts = list(pieces)
        columns = [array("q") for _ in range(7)]
        for part in parts:
            for column, more in zip(columns, part.columns, strict=True):
                column.extend(more)
        return cls.from_columns(columns, (span for part in parts for span in part.spans))

    @property
    def columns(self) -> tuple["array[int]", ...]:
        return (self.opens, self.ends, self.open, self.high, self.low, self.close, self.volume)

    def __len__(self) -> int:
        return len(self.opens)

    def __getitem__(self, index: int) -> Bar:
        return Bar(
            self.opens[index],
            self.ends[index],
            self.open[index],
            self.high[index],
            self.low[index],
            self.close[index],
            self.volume[index],
        )

    def cut(self, first: int, stop: int) -> "Bars":
        """The bars with those indices; the spans stay behind."""
        return Bars.from_columns(column[first:stop] for column in self.columns)

    def closed(self, now: Micros) -> int:
        """How many bars are over by `now`."""
        return bisect_right(self.ends, now)

    def opened_before(self, at: Micros) -> int:
        """How many bars opened strictly before `at`; also the index of the first that did not."""
        return bisect_left(self.opens, at)


NO_BARS = Bars.of(())


@dataclass(frozen=True, slots=True)
class Tape:
    """Bars of mixed length whose opens are the only trades that are known, with running sums.

    `volume_before[i]` and `quote_before[i]` sum the bars before index i, so that the volume of any
    stretch is one subtraction.
    """

    bars: Bars
    volume_before: list[int] = field(repr=False)
    quote_before: list[int] = field(repr=False)

    @classmethod
    def of(cls, bars: Bars) -> "Tape":
        quotes = (
            volume * (start + high + low + last) // (4 * SCALE)
            for start, high, low, last, volume in zip(
                bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True
            )
        )
        return cls(
            bars,
            list(accumulate(bars.volume, initial=0)),
            list(accumulate(quotes, initial=0)),
        )


def aggregate(bars: Bars, duration: Micros) -> Bars:
    """Add bars up to longer ones; a long bar in which nothing was traded is missing."""
    columns: list[list[int]] = [[] for _ in range(6)]
    opens, starts, highs, lows, closes, volumes = columns
    current = None
    for at, start, high, low, close, volume in zip(
        bars.opens, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True
    ):
        opened = at - (at - _MONDAY) % duration
        if opened != current:
            current = opened
            opens.append(opened)
            starts.append(start)
            highs.append(high)
            lows.append(low)
            closes.append(close)
            volumes.append(volume)
            continue
        highs[-1] = max(highs[-1], high)
        lows[-1] = min(lows[-1], low)
        closes[-1] = close
        volumes[-1] += volume
    return Bars.from_columns((opens, [opened + duration for opened in opens], *columns[1:]))


def completed(own: Bars, finer: Bars, duration: Micros) -> Bars:
    """`own` bars of that duration, and bars added up from `finer` ones where there is none."""
    missing = {at - (at - _MONDAY) % duration for at in finer.opens}.difference(own.opens)
    if not missing:
        return own
    groups = (
        finer.cut(finer.opened_before(opened), finer.opened_before(opened + duration))
        for opened in sorted(missing)
    )
    derived = aggregate(Bars.joined(groups), duration)
    rows = [bars[index] for bars in (own, derived) for index in range(len(bars))]
    return Bars.of(sorted(rows, key=lambda bar: bar.opened), own.spans) if len(own) else derived
