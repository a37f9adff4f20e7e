"""Glassnode's metrics at daily resolution, for whoever shows a key (any will do, here).

Without a key the answer is 401; a metric that was not recorded, such as long-term holders' supply,
is 404; one that was recorded for another asset only is empty.
"""

from bisect import bisect_left
from dataclasses import dataclass

from infra.local.world.clock import SECOND
from infra.local.world.recording import Recording
from infra.local.world.wire.exchange import Answer, Request, json_answer

_METRICS = {
    "/v1/metrics/market/mvrv_z_score": "mvrv_z_score",
    "/v1/metrics/indicators/nvt": "nvt",
    "/v1/metrics/transactions/transfers_volume_exchanges_net": "exchange_netflow_btc",
    "/v1/metrics/addresses/active_count": "active_addresses",
}


@dataclass(frozen=True, slots=True)
class Glassnode:
    """Answers from a recording."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        query = request.query
        if not (request.key or query.get("api_key")):
            return json_answer({"error": "Invalid API key"}, 401)
        column = _METRICS.get(request.path)
        if column is None:
            return json_answer({"error": "Not found"}, 404)
        if not query.get("a"):
            return json_answer({"error": "Missing parameter a"}, 400)
        if query.get("i", "24h") != "24h" or query.get("f", "json").lower() != "json":
            return json_answer({"error": "Only i=24h and f=JSON are supported"}, 400)
        bounds = query.get("s", "0"), query.get("u", str(request.now // SECOND))
        if not all(bound.isascii() and bound.isdigit() for bound in bounds):
            return json_answer({"error": "s and u must be unix timestamps"}, 400)
        table = self.recording.glassnode.get(query["a"].upper())
        if table is None or column not in table.columns:
            return json_answer([])
        since, until = (int(bound) * SECOND for bound in bounds)
        first = bisect_left(table.periods, since)
        stop = min(table.known(request.now), bisect_left(table.periods, until))
        values = table.columns[column]
        points = (
            f'{{"t":{table.periods[index] // SECOND},"v":{values[index]}}}'
            for index in range(first, stop)
            if values[index]
        )
        return Answer(200, f"[{','.join(points)}]".encode())
