"""Coin Metrics' community API: on-chain metrics without a key, standing in for Glassnode's.

Source: docs.coinmetrics.io, API v4, timeseries/asset-metrics.  Free for non-commercial use, 10
requests in 6 seconds.  Its exchange flows rest on other labels of addresses than Glassnode's and
its NVT on an adjusted volume, so both are marked as proxies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from automoney.errors import SourceUnavailable
from automoney.market.assets import asset_named, find_asset
from automoney.market.readings import Reading
from automoney.sources import bounds, days, fields
from automoney.sources.partial import what_comes

if TYPE_CHECKING:  # at run time it would bring an HTTP client along
    from automoney.transport import Transport

INFLOW, OUTFLOW = "FlowInExNtv", "FlowOutExNtv"
# What its metrics are to us; which of them are free for an asset is in the table of assets.
SERIES: Mapping[str, str] = MappingProxyType(
    {"CapMVRVCur": "mvrv", "NVTAdj": "nvt", "AdrActCnt": "active_addresses"}
)
METRICS = frozenset({*SERIES, INFLOW, OUTFLOW})
PROXIES = frozenset({"nvt", "exchange_netflow"})
_PAGE_SIZE = 10_000  # rows, the most it gives: 27 years of days
_MOST_PAGES = 20
_LONGEST_TOKEN = 2_000  # characters, as much as an address can carry
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class CoinMetrics:
    """Daily values; one request per asset.  `base_url` without a slash at its end."""

    transport: "Transport"
    base_url: str
    name: str = field(default="coinmetrics", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """What is free for each asset; an asset that fails is logged and left out.

        Raises SourceUnavailable when none of them came.
        """
        requests = {
            asset: partial(self._asset, asset, since, now)
            for asset in assets
            if (row := find_asset(asset)) and row.coinmetrics
        }
        return await what_comes(self.name, requests, at_once=_AT_ONCE)

    async def _asset(self, asset: str, since: datetime, now: datetime) -> list[Reading]:
        rows = self._by_day(asset, await self._rows(asset, since))
        columns = {
            series: self._values(asset, metric, rows, partial(bounds.value, self.name, series))
            for metric, series in SERIES.items()
        }
        columns["exchange_netflow"] = self._netflow(asset, rows)
        found: list[Reading] = []
        for series, values in columns.items():
            proxy = series in PROXIES
            found += days.readings(
                self.name, series, asset, values, since=since, now=now, proxy=proxy
            )
        return found

    def _by_day(self, asset: str, rows: list[Any]) -> dict[datetime, Mapping[str, Any]]:
        found: dict[datetime, Mapping[str, Any]] = {}
        for item in rows:
            row = fields.mapping(self.name, f"row of {asset}", item)
            name = f"time of {asset}"
            day = fields.day(self.name, name, row.get("time"))
            if row.get("asset") != asset.lower():
                expected = repr(asset.lower())
                raise fields.refused(self.name, f"asset of {asset}", row.get("asset"), expected)
            found[fields.not_ahead(self.name, name, day, self.transport.clock())] = row
        return found

    async def _rows(self, asset: str, since: datetime) -> list[Any]:
        """All rows, page by page.

        The address of the next page is not followed as given but put together from its token:
        an answer must not choose what we call.
        """
        params = {
            "assets": asset.lower(),
            "metrics": ",".join(asset_named(asset).coinmetrics),
            "frequency": "1d",
            "start_time": since.strftime("%Y-%m-%d"),
            "page_size": str(_PAGE_SIZE),
            "paging_from": "start",
            # A metric that stops being free is then absent, and does not take the others along.
            "ignore_unsupported_errors": "true",
            "ignore_forbidden_errors": "true",
        }
        rows: list[Any] = []
        for _ in range(_MOST_PAGES):
            answer = await self.transport.get_json(
                self.name, f"{self.base_url}/v4/timeseries/asset-metrics", params
            )
            page = fields.mapping(self.name, f"answer for {asset}", answer)
            rows += fields.rows(self.name, f"data of {asset}", page.get("data"))
            token = page.get("next_page_token")
            if not token:
                return rows
            if not (isinstance(token, str) and token.isascii() and len(token) < _LONGEST_TOKEN):
                raise fields.refused(self.name, f"next page of {asset}", token, "a token")
            params["next_page_token"] = token
        raise SourceUnavailable(self.name, f"has more than {_MOST_PAGES} pages for {asset}")

    def _values[T](
        self,
        asset: str,
        metric: str,
        rows: Mapping[datetime, Mapping[str, Any]],
        read: Callable[[str, object], T],
    ) -> dict[datetime, T]:
        """The days on which `metric` has a value; without one it is null or absent."""
        return {
            day: read(f"{metric} of {asset}", row[metric])
            for day, row in rows.items()
            if row.get(metric) is not None
        }

    def _netflow(
        self, asset: str, rows: Mapping[datetime, Mapping[str, Any]]
    ) -> dict[datetime, float]:
        """Coins in minus coins out, where both are known."""
        coins = partial(bounds.coins, self.name)
        inflow = self._values(asset, INFLOW, rows, coins)
        outflow = self._values(asset, OUTFLOW, rows, coins)
        return {day: float(inflow[day] - outflow[day]) for day in inflow.keys() & outflow.keys()}
