"""Glassnode: on-chain metrics for those who have a key to its API.

Source: docs.glassnode.com, basic API.  A plan may lack some metrics: those are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from automoney.market.readings import Reading
from automoney.sources import days, fields
from automoney.sources.partial import what_comes
from automoney.transport import Transport

_LTH_SUPPLY = "supply/lth_sum"
_LTH_SPAN = timedelta(days=30)
_COMMON = {
    "mvrv_z": "market/mvrv_z_score",
    "nvt": "indicators/nvt",
    "exchange_netflow": "transactions/transfers_volume_exchanges_net",
    "active_addresses": "addresses/active_count",
}
# Long-term holders' supply is asked for Bitcoin alone: it is defined by the age of coins.
METRICS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"BTC": {**_COMMON, "lth_supply_change": _LTH_SUPPLY}, "ETH": _COMMON}
)
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Glassnode:
    """Daily values; one request per asset and metric.  `base_url` without a slash at its end."""

    transport: Transport
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
            f"{series} of {asset}": partial(self._series, asset, series, metric, since, now)
            for asset in assets
            for series, metric in METRICS.get(asset, {}).items()
        }
        return await what_comes(self.name, requests, at_once=_AT_ONCE)

    async def _series(
        self, asset: str, series: str, metric: str, since: datetime, now: datetime
    ) -> list[Reading]:
        # A change over 30 days needs the values of 30 days before.
        back = _LTH_SPAN if metric == _LTH_SUPPLY else timedelta(0)
        answer = await self.transport.get_json(
            self.name,
            f"{self.base_url}/v1/metrics/{metric}",
            {"a": asset, "i": "24h", "s": str(fields.to_seconds(since - back))},
            headers={"X-Api-Key": self.key},
        )
        values = self._values(f"{metric} of {asset}", answer)
        if back:
            values = {
                day: value - values[day - back]
                for day, value in values.items()
                if day - back in values
            }
        return days.readings(self.name, series, asset, values, since=since, now=now)

    def _values(self, name: str, answer: object) -> dict[datetime, float]:
        """From [{"t": seconds, "v": number or null}]; what is null is left out."""
        values: dict[datetime, float] = {}
        for item in fields.rows(self.name, name, answer):
            point = fields.mapping(self.name, f"point of {name}", item)
            if "v" not in point:
                raise fields.refused(self.name, f"point of {name}", item, "a value called v")
            day = fields.seconds(self.name, f"t of {name}", point.get("t"))
            if point["v"] is not None:
                values[day] = fields.number(self.name, f"v of {name}", point["v"])
        return values
