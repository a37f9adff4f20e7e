"""Coin Metrics' community API: daily asset metrics, in pages.

Rows are ordered by asset and time.  As in the real one, a metric that an asset does not have is
absent from its rows, while `null` is a metric it has, but not on that day; days on which none of
the metrics has a value are left out.  An asset that exists but was not recorded has no rows.
NVTAdj stands in for a sparse proxy (see the recording's notes).
"""

import base64
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from urllib.parse import urlencode

from automoney.market.assets import ASSETS
from infra.local.world.clock import DAY, Micros, micros, moment
from infra.local.world.recording import Recording
from infra.local.world.tables import Table
from infra.local.world.wire.dates import read_moment
from infra.local.world.wire.exchange import NOT_FOUND, Answer, Request, json_answer

_METRICS = {
    "CapMVRVCur": "mvrv",
    "NVTAdj": "nvt_proxy",
    "FlowInExNtv": "exchange_inflow_btc",
    "FlowOutExNtv": "exchange_outflow_btc",
    "AdrActCnt": "active_addresses",
    "CapMrktCurUSD": "market_cap_usd",
    "PriceUSD": "price_usd",
    "HashRate": "hash_rate",
}
_PAGE, _LARGEST_PAGE = 100, 10_000
_PATH = "/v4/timeseries/asset-metrics"


class _Refused(Exception):
    """A bad parameter, answered as Coin Metrics does."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        message = f"Bad parameter '{name}'. {reason}"
        self.answer = json_answer({"error": {"type": "bad_parameter", "message": message}}, 400)


@dataclass(frozen=True, slots=True)
class CoinMetrics:
    """Answers from a recording."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        if request.path != _PATH:
            return NOT_FOUND
        try:
            return self._metrics(request)
        except _Refused as refused:
            return refused.answer

    def _metrics(self, request: Request) -> Answer:
        query = request.query
        assets, metrics = _words(request, "assets"), _words(request, "metrics")
        lenient = query.get("ignore_unsupported_errors") == "true"
        for name, words, known in (
            ("assets", assets, {asset.lower() for asset in ASSETS}),
            ("metrics", metrics, set(_METRICS)),
        ):
            unknown = [word for word in words if word not in known]
            if unknown and not lenient:
                raise _Refused(name, f"Value '{unknown[0]}' is not supported.")
        if query.get("frequency", "1d") != "1d":
            raise _Refused("frequency", f"Value '{query['frequency']}' is not supported.")
        since = _bound(request, "start_time", -(2**62))
        until = _bound(request, "end_time", 2**62)
        rows: list[str] = []
        for asset in sorted(set(assets)):
            table = self.recording.onchain.get(asset.upper())
            if table is None:
                continue
            available = [metric for metric in metrics if _METRICS.get(metric) in table.columns]
            if not available and not lenient:
                raise _Refused(
                    "metrics", f"All requested metrics aren't supported for asset '{asset}'."
                )
            rows += _rows(asset, table, available, (since, until), request.now)
        return _page(request, rows)


def _rows(
    asset: str, table: Table, metrics: list[str], span: tuple[Micros, Micros], now: Micros
) -> list[str]:
    first = bisect_left(table.periods, span[0])
    stop = min(table.known(now), bisect_right(table.periods, span[1]))
    columns = [(metric, table.columns[_METRICS[metric]]) for metric in metrics]
    rows = []
    for index in range(first, stop):
        values = [(metric, column[index]) for metric, column in columns]
        if not any(value for _, value in values):
            continue
        fields = (
            f'"{metric}":"{value}"' if value else f'"{metric}":null' for metric, value in values
        )
        time = moment(table.periods[index]).strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
        rows.append(f'{{"asset":"{asset}","time":"{time}",{",".join(fields)}}}')
    return rows


def _page(request: Request, rows: list[str]) -> Answer:
    """The page that `next_page_token` names, from the end backwards unless asked otherwise."""
    query = request.query
    text = query.get("page_size", str(_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST_PAGE):
        raise _Refused("page_size", f"Value '{text}' is not from 1 to {_LARGEST_PAGE}.")
    size = int(text)
    order = query.get("paging_from", "end")
    if order not in ("start", "end"):
        raise _Refused("paging_from", f"Value '{order}' is not supported.")
    done = _token_read(query["next_page_token"]) if "next_page_token" in query else 0
    if order == "start":
        shown = rows[done : done + size]
    else:
        shown = rows[max(len(rows) - done - size, 0) : max(len(rows) - done, 0)]
    body = f'{{"data":[{",".join(shown)}]'
    if shown and done + size < len(rows):
        token = base64.urlsafe_b64encode(str(done + size).encode()).decode().rstrip("=")
        url = f"{_PATH}?{urlencode({**query, 'next_page_token': token})}"
        body += f',"next_page_token":"{token}","next_page_url":"{url}"'
    return Answer(200, f"{body}}}".encode())


def _token_read(token: str) -> int:
    """Tokens are opaque to clients; here they say how many rows have been shown."""
    try:
        return int(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise _Refused("next_page_token", f"Value '{token}' is not supported.") from None


def _words(request: Request, name: str) -> list[str]:
    words = [word for word in request.query.get(name, "").split(",") if word]
    if not words:
        raise _Refused(name, "Value is required.")
    return words


def _bound(request: Request, name: str, default: Micros) -> Micros:
    """`start_time` and `end_time` are inclusive; a bare date as an end means that whole day."""
    text = request.query.get(name)
    if text is None:
        return default
    found = read_moment(text)
    if found is None:
        raise _Refused(name, f"Value '{text}' is not a time.")
    whole_day = name == "end_time" and len(text) <= 10
    return micros(found) + (DAY - 1 if whole_day else 0)
