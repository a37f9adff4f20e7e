"""Alternative.me's Crypto Fear & Greed index.  Source: alternative.me/crypto/api."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading
from automoney.sources import bounds, fields
from automoney.transport import Transport

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AlternativeMe:
    """One value a day, 0 (fear) to 100 (greed).  `base_url` without a slash at its end."""

    transport: Transport
    base_url: str
    name: str = field(default="alternative_me", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        """The index of each day from `since` on, known from the time that it is stamped with.

        It belongs to no asset.  Raises SourceUnavailable, also for an answer without any value.
        """
        limit = max((now - since) // _DAY, 0) + 2  # both ends, and the day that begins meanwhile
        answer = fields.mapping(
            self.name,
            "answer",
            await self.transport.get_json(
                self.name, f"{self.base_url}/fng/", {"limit": str(limit)}
            ),
        )
        metadata = fields.mapping(self.name, "metadata", answer.get("metadata", {}))
        if metadata.get("error"):
            raise fields.refused(self.name, "metadata.error", metadata["error"], "null")
        rows = fields.rows(self.name, "data", answer.get("data"))
        if not rows:
            raise SourceUnavailable(self.name, "sent no values")
        found = sorted((self._reading(row, now) for row in rows), key=lambda one: one.available_at)
        by_day = {
            reading.period: reading
            for reading in found
            if reading.period >= since and reading.available_at <= now
        }
        return tuple(by_day.values())

    def _reading(self, row: object, now: datetime) -> Reading:
        item = fields.mapping(self.name, "row", row)
        value = bounds.value(self.name, "fear_greed", "value", item.get("value"))
        stamped = fields.seconds(self.name, "timestamp", item.get("timestamp"))
        fields.not_ahead(self.name, "timestamp", stamped, self.transport.clock())
        return Reading(
            series="fear_greed",
            asset=None,
            # Until 2019 days were stamped at 05:00, since then at 00:00.
            period=stamped.replace(hour=0, minute=0, second=0, microsecond=0),
            value=value,
            available_at=stamped,
            vintage=now,
            source=self.name,
        )
