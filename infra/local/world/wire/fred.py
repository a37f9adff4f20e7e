"""FRED: observations by its API (which wants a key), and its public CSV download (which does not).

Observations appear once they are published.  The recording has no earlier vintages, so a real-time
period in the past shows what had been published by its end, at its final values.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from infra.local.world.clock import DAY, Micros, micros, moment
from infra.local.world.recording import Recording
from infra.local.world.wire.dates import read_date
from infra.local.world.wire.exchange import CSV, NOT_FOUND, Answer, Request, json_answer, page

_FIRST, _LAST = "1600-01-01", "9999-12-31"
_KEY = re.compile(r"[0-9a-z]{32}")
_MOST = 100_000


class _Refused(Exception):
    """A bad request, answered as FRED does: two blanks between its sentences."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        message = f"Bad Request.  {reason}"
        self.answer = json_answer({"error_code": 400, "error_message": message}, 400)


@dataclass(frozen=True, slots=True)
class Fred:
    """The API: answers from a recording."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        if request.path != "/fred/series/observations":
            return NOT_FOUND
        try:
            return self._observations(request)
        except _Refused as refused:
            return refused.answer

    def _observations(self, request: Request) -> Answer:
        query = request.query
        _check_key(query.get("api_key"))
        if "series_id" not in query:
            raise _Refused("Variable series_id is not set.")
        for name, value in (("file_type", "json"), ("units", "lin"), ("output_type", "1")):
            if query.get(name, "xml" if name == "file_type" else value) != value:
                raise _Refused(f"Variable {name} is not one of the values: '{value}'.")
        order = query.get("sort_order", "asc")
        if order not in ("asc", "desc"):
            raise _Refused("Variable sort_order is not one of the values: 'asc', 'desc'.")
        table = self.recording.macro.get(query["series_id"])
        if table is None:
            raise _Refused("The series does not exist.")
        today = moment(request.now).date().isoformat()
        realtime = _day(query, "realtime_start", today), _day(query, "realtime_end", today)
        wanted = _day(query, "observation_start", _FIRST), _day(query, "observation_end", _LAST)
        seen_by = min(request.now, _end_of(realtime[1]))
        first = bisect_left(table.periods, _start_of(wanted[0]))
        stop = min(table.known(seen_by), bisect_right(table.periods, _start_of(wanted[1])))
        indices = list(range(first, stop))
        if order == "desc":
            indices.reverse()
        limit, offset = _count(query, "limit", _MOST), _count(query, "offset", 0)
        values = table.columns["value"]
        rows = [
            {
                "realtime_start": max(realtime[0], _date_text(table.known_at[index])),
                "realtime_end": realtime[1],
                "date": _date_text(table.periods[index]),
                "value": values[index] or ".",
            }
            for index in indices[offset : offset + limit]
        ]
        return json_answer(
            {
                "realtime_start": realtime[0],
                "realtime_end": realtime[1],
                "observation_start": wanted[0],
                "observation_end": wanted[1],
                "units": "lin",
                "output_type": 1,
                "file_type": "json",
                "order_by": "observation_date",
                "sort_order": order,
                "count": len(indices),
                "offset": offset,
                "limit": limit,
                "observations": rows,
            }
        )


@dataclass(frozen=True, slots=True)
class FredCsv:
    """The download behind FRED's graphs: one or more series, blanks where there is no value."""

    recording: Recording

    def answer(self, request: Request) -> Answer:
        if request.path != "/graph/fredgraph.csv":
            return NOT_FOUND
        query = request.query
        names = [name for name in query.get("id", "").split(",") if name]
        if not names or any(name not in self.recording.macro for name in names):
            return page(404, "404 Not Found")
        try:
            since, until = _day(query, "cosd", _FIRST), _day(query, "coed", _LAST)
        except _Refused as refused:
            return page(400, str(refused))
        rows: dict[str, list[str]] = {}
        for column, name in enumerate(names):
            table = self.recording.macro[name]
            first = bisect_left(table.periods, _start_of(since))
            stop = min(table.known(request.now), bisect_right(table.periods, _start_of(until)))
            for index in range(first, stop):
                row = rows.setdefault(_date_text(table.periods[index]), [""] * len(names))
                row[column] = table.columns["value"][index]
        lines = [
            ",".join(["observation_date", *names]),
            *(",".join([day, *row]) for day, row in sorted(rows.items())),
        ]
        return Answer(200, "".join(f"{line}\n" for line in lines).encode(), CSV)


def _check_key(key: str | None) -> None:
    if key is None:
        raise _Refused(
            "Variable api_key is not set.  "
            "Read https://fred.stlouisfed.org/docs/api/api_key.html for more information."
        )
    if not _KEY.fullmatch(key):
        raise _Refused(
            "The value for variable api_key is not a 32 character alpha-numeric lower-case "
            "string.  Read https://research.stlouisfed.org/docs/api/api_key.html for more "
            "information."
        )


def _day(query: Mapping[str, str], name: str, default: str) -> str:
    text = query.get(name, default)
    if read_date(text) is None:
        raise _Refused(f"Value of {name} is not a valid date.")
    return text


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST):
        raise _Refused(f"Variable {name} is not between 0 and {_MOST}.")
    return int(text)


def _start_of(day: str) -> Micros:
    found = date.fromisoformat(day)
    return micros(datetime(found.year, found.month, found.day, tzinfo=UTC))


def _end_of(day: str) -> Micros:
    return _start_of(day) + DAY - 1


def _date_text(at: Micros) -> str:
    return moment(at).date().isoformat()
