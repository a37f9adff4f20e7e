"""The open bar of a timeframe as of a slot, with its indicators: out of what is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from automoney.errors import DataMissing
from automoney.market.candles import Mark, Timeframe
from automoney.market.snapshot import Outlook
from automoney.ports import Candles, MarketCache
from automoney.workflows.freshness import FRESH_DAY
from automoney.workflows.indicating import look, outlook_of, standing


class Outlooks(Protocol):
    """Where a run gets the bars that its technical view is made from."""

    def outlook(self, mark: Mark, timeframe: Timeframe, as_of: datetime) -> Outlook:
        """The open bar of the asset that `mark` prices.

        Raises DataMissing without a fresh closed day for weeks, or the newest closed bar of a
        finer timeframe.
        """


@dataclass(frozen=True, slots=True)
class StoredOutlooks:
    """Meets `Outlooks` from stored candles, and from cached indicator states where they fit."""

    candles: Candles
    cache: MarketCache

    def outlook(self, mark: Mark, timeframe: Timeframe, as_of: datetime) -> Outlook:
        if timeframe is Timeframe.W1:
            return self._week(mark, as_of)
        found = look(mark, timeframe, as_of, candles=self.candles, cache=self.cache)
        if found is None:
            raise no_bar(mark.asset, timeframe, as_of)
        return found

    def _week(self, mark: Mark, as_of: datetime) -> Outlook:
        weeks = standing(mark.asset, Timeframe.W1, as_of, candles=self.candles, cache=self.cache)
        check_days(mark.asset, weeks.known_until, as_of)
        return outlook_of(weeks, Timeframe.W1, mark, as_of, candles=self.candles)


def check_days(asset: str, known_until: datetime | None, as_of: datetime) -> None:
    """A week is known by its days: one may be late, for the hours after it fill in.

    Raises DataMissing if no day has closed, or the newest one too long ago.
    """
    if known_until is None:
        raise DataMissing(f"no closed day of {asset} before {as_of:%Y-%m-%d %H:%M}")
    age = as_of - known_until
    if age > FRESH_DAY:
        raise DataMissing(f"the newest closed day of {asset} ended {age} ago")


def no_bar(asset: str, timeframe: Timeframe, as_of: datetime) -> DataMissing:
    """The newest closed bar that there should be is not there."""
    before = f"{as_of:%Y-%m-%d %H:%M}"
    return DataMissing(f"the newest {timeframe} bar of {asset} before {before} is missing")
