"""What an asset was last known to be worth, also where nobody watches it any more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from automoney.market.candles import Mark, Timeframe
from automoney.ports import Candles, Marks

# Where to look when there is no recent mark: the finest bars first, then ever further back.
_REACH = (
    (Timeframe.H1, timedelta(days=1)),
    (Timeframe.D1, timedelta(days=31)),
    (Timeframe.D1, None),
)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pricing:
    """The newest stored price: a mark, or the close of a bar where marks are not kept as long."""

    candles: Candles
    marks: Marks

    def known(self, assets: Iterable[str], *, as_of: datetime) -> Mapping[str, Mark]:
        """By asset the newest price before `as_of`; its `at` says from when it is.

        A bar's close counts from the moment it closed.  An asset without any price is absent.
        """
        wanted = sorted(assets)
        found = dict(self.marks.marks(wanted, as_of=as_of))
        for asset in wanted:
            mark = found.get(asset)
            if mark is None or as_of - mark.at > _RECENT:
                close = self._close(asset, as_of)
                if close is not None and (mark is None or close.at > mark.at):
                    found[asset] = close
        return found

    def _close(self, asset: str, as_of: datetime) -> Mark | None:
        for timeframe, reach in _REACH:
            since = as_of - reach if reach is not None else _EVER
            bars = self.candles.closed(asset, timeframe, since=since, by=as_of)
            if bars:
                bar = bars[-1]
                return Mark(asset, bar.close, bar.close_time, bar.source, bar.anomalous)
        return None
