"""Everything that was traded in one asset: all timeframes, and the tape of its finest bars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automoney.market.candles import Timeframe
from infra.local.world.bars import DURATIONS, NO_BARS, Bars, Tape, aggregate, completed
from infra.local.world.clock import Micros

RECORDED_TIMEFRAMES = (Timeframe.M5, Timeframe.H1, Timeframe.D1)  # finest first


@dataclass(frozen=True, slots=True)
class Ladder:
    """`bars` holds closed bars of every timeframe, recorded or else added up from finer ones.

    `given` are the recorded ones alone, the timeframes that have any, finest first.
    """

    asset: str
    given: Mapping[Timeframe, Bars]
    bars: Mapping[Timeframe, Bars]
    tape: Tape

    @classmethod
    def of(cls, asset: str, given: Mapping[Timeframe, Bars]) -> "Ladder":
        """Build it from recorded bars: 5m, 1h and 1d, at least one of them."""
        fives = given.get(Timeframe.M5, NO_BARS)
        hours = completed(given.get(Timeframe.H1, NO_BARS), fives, DURATIONS[Timeframe.H1])
        days = completed(given.get(Timeframe.D1, NO_BARS), hours, DURATIONS[Timeframe.D1])
        return cls(
            asset,
            {frame: given[frame] for frame in RECORDED_TIMEFRAMES if len(given.get(frame, ()))},
            {
                Timeframe.M5: fives,
                Timeframe.H1: hours,
                Timeframe.H4: aggregate(hours, DURATIONS[Timeframe.H4]),
                Timeframe.D1: days,
                Timeframe.W1: aggregate(days, DURATIONS[Timeframe.W1]),
            },
            Tape.of(_tape(given)),
        )

    @property
    def begins(self) -> Micros:
        """When its daily candles begin (without any: its hourly ones)."""
        return self.given[max(self.given, key=DURATIONS.__getitem__)].opens[0]

    @property
    def ends(self) -> Micros:
        """The first moment that its candles of an hour or less (without any: days) don't cover."""
        fine = [self.given[frame] for frame in self.given if frame != Timeframe.D1]
        return max(bars.ends[-1] for bars in fine or self.given.values())


def _tape(given: Mapping[Timeframe, Bars]) -> Bars:
    """The finest bars for every stretch of time, in one line.

    A coarse bar that finer ones overlap is left out even where they cover only a part of it: its
    open may have been traded long after its open time, and its volume would count twice.
    """
    pieces: list[Bars] = []
    finer: list[tuple[Micros, Micros]] = []
    for timeframe in RECORDED_TIMEFRAMES:
        bars = given.get(timeframe, NO_BARS)
        for start, end in bars.spans:
            for first, stop in _uncovered(bars, (start, end), finer):
                pieces.append(bars.cut(first, stop))
        finer += bars.spans
    return Bars.joined(sorted(pieces, key=lambda piece: piece.opens[0]))


def _uncovered(
    bars: Bars, span: tuple[Micros, Micros], finer: list[tuple[Micros, Micros]]
) -> Iterator[tuple[int, int]]:
    """Index ranges of the bars in `span` that none of the `finer` spans touches."""
    first, stop = bars.opened_before(span[0]), bars.opened_before(span[1])
    for start, end in sorted(finer):
        covered = max(first, bars.closed(start)), min(stop, bars.opened_before(end))
        if covered[0] < covered[1]:
            if first < covered[0]:
                yield first, covered[0]
            first = covered[1]
    if first < stop:
        yield first, stop
