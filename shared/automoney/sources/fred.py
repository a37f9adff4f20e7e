"""FRED, the data service of the Federal Reserve Bank of St. Louis: interest rates, money, prices.

With a key its API, without one the CSV that its web pages offer for download.
Source: fred.stlouisfed.org/docs/api/fred/series_observations.html.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from automoney.market.readings import Reading
from automoney.sources import fields
from automoney.sources.partial import what_comes
from automoney.transport import Transport

_DAY = timedelta(days=1)
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Published:
    """A FRED series and how long after the end of its period it is published.

    Neither API tells when a value came out, so `lag` is the usual delay of the release.
    """

    series_id: str
    lag: timedelta
    monthly: bool = False

    def available_at(self, period: datetime, *, now: datetime) -> datetime:
        """When the value of `period` could be known; seen earlier than usual, it is known now."""
        end = (period.replace(day=1) + timedelta(days=31)).replace(day=1)
        return min(now, (end if self.monthly else period + _DAY) + self.lag)


SERIES: Mapping[str, Published] = MappingProxyType(
    {
        # Release H.15: rates of a business day, the next one in the afternoon (New York).
        "fed_funds": Published("DFF", timedelta(days=1)),
        "us10y": Published("DGS10", timedelta(days=1)),
        "us2y": Published("DGS2", timedelta(days=1)),
        # Release H.10: on Mondays for the week before; 3 to 7 days.
        "dollar_index": Published("DTWEXBGS", timedelta(days=4)),
        # Bureau of Labor Statistics: on the 10th to 15th of the month after.
        "cpi": Published("CPIAUCSL", timedelta(days=15), monthly=True),
        # Release H.6: on the fourth Tuesday of the month after.
        "m2": Published("M2SL", timedelta(days=28), monthly=True),
    }
)


@dataclass(frozen=True, slots=True)
class Fred:
    """One request per series.  Both URLs without a slash at their end; no `key` means the CSV."""

    transport: Transport
    base_url: str
    csv_url: str
    key: str = field(default="", repr=False)
    name: str = field(default="fred", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """Macro series, which belong to no asset; one that fails is logged and left out.

        Raises SourceUnavailable when not one of them came.
        """
        requests = {
            published.series_id: partial(self._series, series, published, since, now)
            for series, published in SERIES.items()
        }
        return await what_comes(self.name, requests, at_once=_AT_ONCE)

    async def _series(
        self, series: str, published: Published, since: datetime, now: datetime
    ) -> list[Reading]:
        ask = self._observations if self.key else self._download
        values: dict[datetime, float] = {}
        for date, text in await ask(published.series_id, since):
            period = fields.day(self.name, f"date of {published.series_id}", date)
            if text not in ("", "."):  # FRED's ways to say that there is none, as on holidays
                values[period] = fields.number(self.name, f"value of {published.series_id}", text)
        return [
            Reading(
                series=series,
                asset=None,
                period=period,
                value=values[period],
                available_at=published.available_at(period, now=now),
                vintage=now,
                source=self.name,
            )
            for period in sorted(values)
            if since <= period < now
        ]

    async def _observations(self, series_id: str, since: datetime) -> list[tuple[Any, Any]]:
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
        found: list[tuple[Any, Any]] = []
        for item in fields.rows(
            self.name, f"observations of {series_id}", page.get("observations")
        ):
            row = fields.mapping(self.name, f"observation of {series_id}", item)
            found.append((row.get("date"), row.get("value")))
        return found

    async def _download(self, series_id: str, since: datetime) -> list[tuple[Any, Any]]:
        text = await self.transport.get_text(
            self.name,
            f"{self.csv_url}/graph/fredgraph.csv",
            {"id": series_id, "cosd": since.strftime("%Y-%m-%d")},
        )
        lines = list(csv.reader(text.splitlines()))
        header = lines[0] if lines else []
        # The first column was called DATE until 2024.
        if header not in (["observation_date", series_id], ["DATE", series_id]):
            expected = f"observation_date,{series_id}"
            raise fields.refused(self.name, f"header of {series_id}", ",".join(header), expected)
        found: list[tuple[Any, Any]] = []
        for line in lines[1:]:
            date, value = fields.row(self.name, f"line of {series_id}", line, 2)
            found.append((date, value.strip()))
        return found
