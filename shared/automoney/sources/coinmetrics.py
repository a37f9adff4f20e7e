"""Coin Metrics' community API: on-chain metrics without a key, standing in for Glassnode's.

Source: docs.coinmetrics.io, API v4, timeseries/asset-metrics.  Free for non-commercial use, 10
requests in 6 seconds.  Its exchange flows rest on other labels of addresses than Glassnode's and
its NVT on an adjusted volume, so both are marked as proxies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.sources import days, fields
from automoney.sources.partial import what_comes
from automoney.transport import Transport

_INFLOW, _OUTFLOW = "FlowInExNtv", "FlowOutExNtv"
# What is free differs by asset.
METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BTC": ("CapMVRVCur", "NVTAdj", _INFLOW, _OUTFLOW, "AdrActCnt"),
        "ETH": ("CapMVRVCur",),
    }
)
_PAGE_SIZE = 10_000  # rows, the most it gives: 27 years of days
_MOST_PAGES = 20
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class CoinMetrics:
    """Daily values; one request per asset.  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    name: str = field(default="coinmetrics", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """What is free for each asset; an asset that fails is logged and left out.

        Raises SourceUnavailable when none of them came.
        """
        requests = {
            asset: partial(self._asset, asset, since, now) for asset in assets if asset in METRICS
        }
        return await what_comes(self.name, requests, at_once=_AT_ONCE)

    async def _asset(self, asset: str, since: datetime, now: datetime) -> list[Reading]:
        rows: dict[datetime, Mapping[str, Any]] = {}
        for item in await self._rows(asset, since):
            row = fields.mapping(self.name, f"row of {asset}", item)
            rows[fields.day(self.name, f"time of {asset}", row.get("time"))] = row
        found: list[Reading] = []
        for series, proxy, values in (
            ("mvrv", False, self._values(asset, "CapMVRVCur", rows)),
            ("nvt", True, self._values(asset, "NVTAdj", rows)),
            ("active_addresses", False, self._values(asset, "AdrActCnt", rows)),
            ("exchange_netflow", True, self._netflow(asset, rows)),
        ):
            plain = {day: float(value) for day, value in values.items()}
            found += days.readings(
                self.name, series, asset, plain, since=since, now=now, proxy=proxy
            )
        return found

    async def _rows(self, asset: str, since: datetime) -> list[Any]:
        """All rows, page by page.

        The address of the next page is not followed as given but put together from its token:
        an answer must not choose what we call.
        """
        params = {
            "assets": asset.lower(),
            "metrics": ",".join(METRICS[asset]),
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
            params["next_page_token"] = str(token)
        raise SourceUnavailable(self.name, f"has more than {_MOST_PAGES} pages for {asset}")

    def _values(
        self, asset: str, metric: str, rows: Mapping[datetime, Mapping[str, Any]]
    ) -> dict[datetime, Decimal]:
        """The days on which `metric` has a value; without one it is null or absent."""
        values: dict[datetime, Decimal] = {}
        for day, row in rows.items():
            value = row.get(metric)
            if value is not None:
                name = f"{metric} of {asset}"
                fields.number(self.name, name, value)  # refuses the absurd
                values[day] = fields.decimal(self.name, name, value)
        return values

    def _netflow(
        self, asset: str, rows: Mapping[datetime, Mapping[str, Any]]
    ) -> dict[datetime, Decimal]:
        inflow = self._values(asset, _INFLOW, rows)
        outflow = self._values(asset, _OUTFLOW, rows)
        return {day: inflow[day] - outflow[day] for day in inflow.keys() & outflow.keys()}
