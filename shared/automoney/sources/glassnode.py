"""Glassnode: on-chain metrics for those who have a key to its API.

Source: docs.glassnode.com, basic API.  A plan may lack some metrics: those are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from automoney.market.assets import find_asset
from automoney.market.readings import Reading
from automoney.sources import bounds, days, fields
from automoney.sources.partial import what_comes

if TYPE_CHECKING:  # at run time it would bring an HTTP client along
    from automoney.transport import Transport

_LTH_SUPPLY = "supply/lth_sum"
_LTH_SPAN = timedelta(days=30)
# What its metrics are to us; which ones an asset has is in the table of assets.
SERIES: Mapping[str, str] = MappingProxyType(
    {
        "market/mvrv_z_score": "mvrv_z",
        "indicators/nvt": "nvt",
        "transactions/transfers_volume_exchanges_net": "exchange_netflow",
        "addresses/active_count": "active_addresses",
        _LTH_SUPPLY: "lth_supply_change",
    }
)
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Glassnode:
    """Daily values; one request per asset and metric.  `base_url` without a slash at its end."""

    transport: "Transport"
    base_url: str
    key: str = field(repr=False)
    name: str = field(default="glassnode", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """What the key's plan gives; a metric that fails is logged and left out.

        Raises SourceUnavailable when not one of them came.
        """
        requests = {
            f"{SERIES[metric]} of {asset}": partial(self._series, asset, metric, since, now)
            for asset in assets
            if (row := find_asset(asset))
            for metric in row.glassnode
        }
        return await what_comes(self.name, requests, at_once=_AT_ONCE)

    async def _series(
        self, asset: str, metric: str, since: datetime, now: datetime
    ) -> list[Reading]:
        # A change over 30 days needs the values of 30 days before.
        back = _LTH_SPAN if metric == _LTH_SUPPLY else timedelta(0)
        answer = await self.transport.get_json(
            self.name,
            f"{self.base_url}/v1/metrics/{metric}",
            {"a": asset, "i": "24h", "s": str(fields.to_seconds(since - back))},
            headers={"X-Api-Key": self.key},
        )
        points = self._points(metric, asset, answer)
        if back:
            read = partial(bounds.coins, self.name)
            supply = {day: read(name, value) for day, (name, value) in points.items()}
            values = {
                day: float(held - supply[day - back])
                for day, held in supply.items()
                if day - back in supply
            }
        else:
            series = SERIES[metric]
            values = {
                day: bounds.value(self.name, series, name, value)
                for day, (name, value) in points.items()
            }
        return days.readings(self.name, SERIES[metric], asset, values, since=since, now=now)

    def _points(
        self, metric: str, asset: str, answer: object
    ) -> dict[datetime, tuple[str, object]]:
        """By day the name for an error and the value, from [{"t": seconds, "v": number or null}].

        What is null is left out; of two for the same day the later one wins.
        """
        name = f"{metric} of {asset}"
        points: dict[datetime, tuple[str, object]] = {}
        for item in fields.rows(self.name, name, answer):
            point = fields.mapping(self.name, f"point of {name}", item)
            if "v" not in point:
                raise fields.refused(self.name, f"point of {name}", item, "a value called v")
            day = self._day(f"t of {name}", point.get("t"))
            if point["v"] is not None:
                points[day] = (f"v of {name}", point["v"])
        return points

    def _day(self, name: str, given: object) -> datetime:
        day = fields.seconds(self.name, name, given)
        if day != day.replace(hour=0, minute=0, second=0):
            raise fields.refused(self.name, name, given, "the start of a day in s")
        return fields.not_ahead(self.name, name, day, self.transport.clock())
