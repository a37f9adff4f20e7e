"""The weekly view: indicator state up to the last closed week, and the week that is still open.

Weeks are built from stored closed days, so that a state can always be rebuilt from them.  A week
counts as closed once its Sunday is stored; until then it stays open and is only peeked at.  Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from automoney.encoding import parse_utc, plain
from automoney.market.aggregate import aggregate
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.indicators import IndicatorState, prices
from automoney.market.snapshot import Indicators


@dataclass(frozen=True, slots=True)
class WeeklyState:
    """`indicators` have seen every week before `until`, which is a Monday 00:00 UTC.

    Treat the state inside as frozen too: `advance` works on a copy.
    """

    until: datetime
    indicators: IndicatorState

    def dump(self) -> dict[str, Any]:
        return {"until": plain(self.until), "indicators": self.indicators.dump()}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "WeeklyState":
        return cls(parse_utc(data["until"], "until"), IndicatorState.load(data["indicators"]))


_BEGINNING = datetime.fromisoformat("2009-01-03T00:00:00+00:00")  # before any market for it


def lacks_since(state: WeeklyState | None) -> datetime:
    """From when on `advance` wants days: all there are for no state yet."""
    return state.until if state else _BEGINNING


def closed_until(known_until: datetime) -> datetime:
    """The Monday before which every week is closed, when days are known up to `known_until`."""
    return Timeframe.W1.open_time(known_until)


def advance(state: WeeklyState | None, days: Sequence[Candle]) -> WeeklyState | None:
    """Take in the weeks that `days` complete: closed days from `state.until` on, oldest first.

    None while no whole week has been seen.
    """
    if not days:
        return state
    until = closed_until(days[-1].close_time)
    if state is not None and until <= state.until:
        return state
    indicators = IndicatorState.load(state.indicators.dump()) if state else IndicatorState()
    for week in aggregate((day for day in days if day.close_time <= until), Timeframe.W1):
        indicators.update(*prices(week))
    return WeeklyState(until, indicators) if indicators.bars else None


def open_week(days: Sequence[Candle], hours: Sequence[Candle], mark: Mark) -> Candle:
    """The week in progress: closed days since Monday, closed hours since the last of them, mark.

    `mark` gives the close, and stretches high and low; its volume is unknown and left out.
    """
    known = [*days, *(hour for hour in hours if not days or hour.open_time >= days[-1].close_time)]
    first = known[0] if known else None
    volumes = [candle.volume for candle in known if candle.volume is not None]
    volume = sum(volumes, Decimal(0)) if known and len(volumes) == len(known) else None
    start = days[0].open_time if days else mark.at
    return Candle(
        mark.asset,
        Timeframe.W1,
        Timeframe.W1.open_time(start),
        first.open if first else mark.price,
        max([mark.price, *(candle.high for candle in known)]),
        min([mark.price, *(candle.low for candle in known)]),
        mark.price,
        volume,
        mark.source,
        mark.anomalous or any(candle.anomalous for candle in known),
    )


def indicators_with(state: WeeklyState | None, week: Candle) -> Indicators:
    """The indicators as if the open week closed now; the state stays as it is."""
    indicators = state.indicators if state else IndicatorState()
    return indicators.peek(*prices(week))
