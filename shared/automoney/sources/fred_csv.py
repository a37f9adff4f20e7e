"""FRED without a key: the CSV that its web pages offer for download.

Source: the download link of a graph on fred.stlouisfed.org.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.sources import fields, fred_series
from automoney.transport import Transport


@dataclass(frozen=True, slots=True)
class FredCsv:
    """One request per series.  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    name: str = field(default="fred_csv", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """Macro series, which belong to no asset; see `fred_series.all_readings`."""
        ask = partial(self._download, since)
        clock = self.transport.clock
        return await fred_series.all_readings(self.name, ask, since=since, now=now, clock=clock)

    async def _download(self, since: datetime, series_id: str) -> list[tuple[Any, Any]]:
        text = await self.transport.get_text(
            self.name,
            f"{self.base_url}/graph/fredgraph.csv",
            {"id": series_id, "cosd": since.strftime("%Y-%m-%d")},
        )
        return self._rows(series_id, text)

    def _rows(self, series_id: str, text: str) -> list[tuple[Any, Any]]:
        try:
            lines = list(csv.reader(text.splitlines(), strict=True))
        except csv.Error as error:
            reason = f"sent broken CSV of {series_id} ({error})"
            raise SourceUnavailable(self.name, reason) from error
        header = lines[0] if lines else []
        # The first column was called DATE until 2024.
        if header not in (["observation_date", series_id], ["DATE", series_id]):
            expected = f"observation_date,{series_id}"
            raise fields.refused(self.name, f"header of {series_id}", ",".join(header), expected)
        rows: list[tuple[Any, Any]] = []
        for line in lines[1:]:
            date, value = fields.row(self.name, f"line of {series_id}", line, 2)
            rows.append((date, value.strip()))
        return rows
