"""FRED's API, for those who have one of its free keys.

Source: fred.stlouisfed.org/docs/api/fred/series_observations.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from automoney.market.readings import Reading
from automoney.sources import fields, fred_series
from automoney.transport import Transport


@dataclass(frozen=True, slots=True)
class Fred:
    """One request per series.  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    key: str = field(repr=False)
    name: str = field(default="fred", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """Macro series, which belong to no asset; see `fred_series.all_readings`."""
        ask = partial(self._observations, since)
        clock = self.transport.clock
        return await fred_series.all_readings(self.name, ask, since=since, now=now, clock=clock)

    async def _observations(self, since: datetime, series_id: str) -> list[tuple[Any, Any]]:
        answer = await self.transport.get_json(
            self.name,
            f"{self.base_url}/fred/series/observations",
            {
                "series_id": series_id,
                "api_key": self.key,
                "file_type": "json",
                "observation_start": since.strftime("%Y-%m-%d"),
            },
        )
        page = fields.mapping(self.name, series_id, answer)
        rows: list[tuple[Any, Any]] = []
        for item in fields.rows(
            self.name, f"observations of {series_id}", page.get("observations")
        ):
            row = fields.mapping(self.name, f"observation of {series_id}", item)
            rows.append((row.get("date"), row.get("value")))
        return rows
