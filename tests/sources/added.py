"""A source that somebody adds: this module, and a row of the table that names it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from automoney.market.readings import Reading
from automoney.sources import bounds, fields
from automoney.transport import Transport


@dataclass(frozen=True, slots=True)
class Mood:
    """One number for today at `/mood`."""

    transport: Transport
    base_url: str
    key: str = field(repr=False)
    name: str = field(default="mood", init=False)

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        answer = await self.transport.get_json(
            self.name, f"{self.base_url}/mood", {}, headers={"X-Key": self.key}
        )
        given = fields.mapping(self.name, "answer", answer).get("mood")
        value = bounds.value(self.name, "fear_greed", "mood", given)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return (Reading("fear_greed", None, day, value, day, now, self.name),)
