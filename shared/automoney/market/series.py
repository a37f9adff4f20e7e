"""The series we read besides prices: what they are, how gaps are filled, when they are stale."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.errors import Unknown
from automoney.market.readings import Filled


@dataclass(frozen=True, slots=True)
class Series:
    """One named series of `group` onchain, macro or sentiment.

    `fill` is the description's rule for a missing value; `stale_after` is the age, counted from
    the end of the newest period, beyond which a run must call the value stale.
    """

    name: str
    group: str
    fill: Filled
    stale_after: timedelta
    per_asset: bool
    what: str

    def is_stale(self, real_since: datetime | None, at: datetime) -> bool:
        """Whether its newest real value, known since then, is too old at `at`, or there is none."""
        return real_since is None or at - real_since > self.stale_after


def _onchain(name: str, what: str) -> Series:
    return Series(name, "onchain", Filled.INTERPOLATED, timedelta(days=3), True, what)


def _macro(name: str, days: int, what: str) -> Series:
    return Series(name, "macro", Filled.LAST, timedelta(days=days), False, what)


_ALL = (
    _onchain("mvrv_z", "MVRV Z-Score: (market cap - realised cap) / deviation of market cap"),
    _onchain("mvrv", "market cap / realised cap"),
    _onchain("nvt", "network value to transactions: market cap / daily transfer volume in USD"),
    _onchain("exchange_netflow", "coins into exchanges minus coins out, in the day"),
    _onchain("lth_supply_change", "change of long-term holders' supply over 30 days, coins"),
    _onchain("active_addresses", "distinct addresses active in the day"),
    _macro("fed_funds", 75, "effective federal funds rate, percent"),
    _macro("m2", 110, "US M2 money stock, billions of dollars"),
    _macro("us10y", 10, "10-year treasury yield, percent"),
    _macro("us2y", 10, "2-year treasury yield, percent"),
    _macro("cpi", 110, "US consumer price index, all urban consumers"),
    _macro("dollar_index", 20, "nominal broad US dollar index"),
    Series(
        "fear_greed",
        "sentiment",
        Filled.DEFAULT,
        timedelta(days=3),
        False,
        "Crypto Fear & Greed index, 0 (fear) to 100 (greed)",
    ),
)
SERIES = {series.name: series for series in _ALL}
GROUPS = tuple(dict.fromkeys(series.group for series in _ALL))


def series_named(name: str) -> Series:
    """The series called `name`; Unknown lists them all otherwise."""
    try:
        return SERIES[name]
    except KeyError:
        raise Unknown("series", name, SERIES) from None


def series_of(group: str) -> tuple[Series, ...]:
    """All series of a group, in the order of the table."""
    return tuple(series for series in _ALL if series.group == group)
