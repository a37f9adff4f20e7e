"""Alternative.me's Fear & Greed index: numbers as strings, newest first."""

from dataclasses import dataclass

from infra.local.world.clock import DAY, SECOND
from infra.local.world.recording import Recording
from infra.local.world.wire.exchange import NOT_FOUND, Answer, Request, json_answer


@dataclass(frozen=True, slots=True)
class AlternativeMe:
    """Answers from a recording; without a recorded index the list is empty."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        if request.path.rstrip("/") != "/fng":
            return NOT_FOUND
        text = request.query.get("limit", "1")
        limit = int(text) if text.isascii() and text.isdigit() else 1
        table = self.recording.sentiment
        rows: list[dict[str, str]] = []
        if table is not None:
            stop = table.known(request.now)
            first = 0 if limit == 0 else max(stop - limit, 0)
            rows += [
                {
                    "value": table.columns["value"][index],
                    "value_classification": table.columns["classification"][index],
                    "timestamp": str(table.periods[index] // SECOND),
                }
                for index in range(stop - 1, first - 1, -1)
                if table.columns["value"][index]
            ]
        if rows:
            rows[0]["time_until_update"] = str((DAY - request.now % DAY) // SECOND)
        return json_answer(
            {"name": "Fear and Greed Index", "data": rows, "metadata": {"error": None}}
        )
