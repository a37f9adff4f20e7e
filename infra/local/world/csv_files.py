"""Reading the files of a recording and checking every row.

A bad row is never skipped or repaired: BadRecording says which file and line, and what is wrong.
Hundreds of thousands of rows are read at each start, so candles are first checked by column; only
where something is unusual are the rows gone through one by one.
"""

import gzip
import operator
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from automoney.errors import AutomoneyError
from automoney.market.candles import Timeframe
from infra.local.world.bars import DURATIONS, SCALE, Bars, floor, scaled
from infra.local.world.clock import DAY, HOUR, MINUTE, SECOND, Micros, micros

CANDLE_HEADER = "open_time,open,high,low,close,volume"

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")  # as JSON has it
_NO_NUMBER = re.compile(rf"(?:^|,)(?!(?:{_NUMBER.pattern})?(?:,|$))")
_USUAL = re.compile(r"[0-9.,:TZ\n-]+")  # the only characters in an ordinary candle row
_LARGEST = 9 * 10**10  # in hundred-millionths it still fits 64 bits
_EXACT = 10**7  # below it a float, times SCALE, is off by less than half


class BadRecording(AutomoneyError):
    """A recording that can't be used; the message is `FILE:LINE: reason`, or `FOLDER: reason`."""


@dataclass(frozen=True, slots=True)
class DayColumns:
    """A table as found: the days of its first column, and the text of those that we know."""

    days: list[Micros]
    values: dict[str, list[str]]


def read_lines(path: Path) -> list[str]:
    """The lines of a plain or gzipped text file, without the empty ones at its end."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (OSError, EOFError, zlib.error) as error:
        raise BadRecording(f"{path}:1: can't be read: {error}") from error
    except UnicodeDecodeError as error:
        raise BadRecording(f"{path}:1: is not UTF-8 text: {error}") from error
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


def read_candles(path: Path, timeframe: Timeframe) -> Bars:
    """Bars of one file: strictly rising times on the timeframe's grid, real prices, high >= low."""
    lines = read_lines(path)
    _check_header(path, lines[0], CANDLE_HEADER)
    duration = DURATIONS[timeframe]
    columns = _candles_by_column(lines[1:], duration) or _candles_by_row(path, lines, timeframe)
    opens, *rest = columns
    ends = [opened + duration for opened in opens]
    spans = ((opens[0], ends[-1]),) if opens else ()
    return Bars.from_columns((opens, ends, *rest), spans)


def _candles_by_column(rows: list[str], duration: Micros) -> list[list[int]] | None:
    """The six columns if all is as usual; None says to look at the rows, not that they are bad."""
    text = "\n".join(rows)
    if not _USUAL.fullmatch(text) or any(odd in f"{text}\n" for odd in (",.", ".,", ".\n")):
        return None
    cells = text.replace("\n", ",").split(",")
    on_grid = {
        f"T{at // HOUR:02d}:{at % HOUR // MINUTE:02d}:00Z": at for at in range(0, DAY, duration)
    }
    try:
        days = {day: day_micros(day) for day in {cell[:10] for cell in cells[::6]}}
        opens = [days[cell[:10]] + on_grid[cell[10:]] for cell in cells[::6]]
        floats = [list(map(float, cells[column::6])) for column in range(1, 6)]
    except (KeyError, ValueError):
        return None
    prices_are_real = min(map(min, floats[:4])) > 0 and min(floats[4]) >= 0
    rises = all(map(operator.lt, opens, opens[1:]))
    if len(cells) != 6 * len(rows) or not prices_are_real or not rises:
        return None
    if max(map(max, floats)) >= _EXACT or not all(map(operator.ge, floats[1], floats[2])):
        return None
    return [opens, *([int(number * SCALE + 0.5) for number in column] for column in floats)]


def _candles_by_row(path: Path, lines: list[str], timeframe: Timeframe) -> list[list[int]]:
    """The six columns, or BadRecording for the first row with something wrong."""
    columns: list[list[int]] = [[] for _ in range(6)]
    for number, line in enumerate(lines[1:], start=2):
        where = f"{path}:{number}"
        fields = _candle_fields(where, line)
        opened = _on_day(where, fields[0][:10]) + _into_day(where, fields[0])
        if floor(opened, DURATIONS[timeframe]) != opened:
            raise BadRecording(f"{where}: {fields[0]} is not when a {timeframe} bar opens")
        if columns[0] and opened <= columns[0][-1]:
            raise BadRecording(f"{where}: {fields[0]} is not after the row before it")
        row = (opened, *(scaled(field) for field in fields[1:]))
        if row[2] < row[3]:
            raise BadRecording(f"{where}: high {fields[2]} is below low {fields[3]}")
        if min(row[1:5]) <= 0:
            raise BadRecording(f"{where}: a price is not above 0: {line}")
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


def _candle_fields(where: str, line: str) -> list[str]:
    fields = line.split(",")
    expected = CANDLE_HEADER.split(",")
    if len(fields) != len(expected):
        raise BadRecording(f"{where}: {len(fields)} columns, expected {len(expected)}")
    if not _TIME.fullmatch(fields[0]):
        raise BadRecording(
            f"{where}: open_time {fields[0]!r} is not a time like 2025-09-21T23:00:00Z"
        )
    for name, value in zip(expected[1:], fields[1:], strict=True):
        if not _NUMBER.fullmatch(value) or not 0 <= float(value) < _LARGEST:
            raise BadRecording(f"{where}: {name} {value!r} is not a number from 0 on")
    return fields


def read_table(path: Path, first: str, known: Sequence[str], *, exact: bool) -> DayColumns:
    """A table by day whose first column is called `first`; blanks are missing values.

    With `exact` the header must be `first` and `known` and nothing else; without it there may be
    other columns, and some of `known` may be absent, but not all.
    """
    lines = read_lines(path)
    names = lines[0].split(",")
    if exact:
        _check_header(path, lines[0], ",".join((first, *known)))
    elif names[0] != first or len(set(names)) < len(names) or not set(names) & set(known):
        raise BadRecording(
            f"{path}:1: the header is {lines[0]!r}; expected {first} and some of {', '.join(known)}"
        )
    days: list[Micros] = []
    rows: list[list[str]] = []
    for number, line in enumerate(lines[1:], start=2):
        day, *row = line.split(",")
        if len(row) != len(names) - 1:
            raise BadRecording(f"{path}:{number}: {len(row) + 1} columns, expected {len(names)}")
        if not _DATE.fullmatch(day):
            raise BadRecording(f"{path}:{number}: {day!r} is not a date like 2025-09-21")
        days.append(_on_day(f"{path}:{number}", day))
        if len(days) > 1 and days[-1] <= days[-2]:
            raise BadRecording(f"{path}:{number}: {day} is not after the row before it")
        rows.append(row)
    columns = map(list, zip(*rows, strict=True)) if rows else ([] for _ in names[1:])
    wanted = {
        name: column for name, column in zip(names[1:], columns, strict=True) if name in known
    }
    for name, column in wanted.items():
        if name != "classification" and _NO_NUMBER.search(",".join(column)):
            _raise_no_number(path, name, column)
    return DayColumns(days, wanted)


def _raise_no_number(path: Path, name: str, column: Sequence[str]) -> NoReturn:
    number, value = next(
        (number, value)
        for number, value in enumerate(column, start=2)
        if value and not _NUMBER.fullmatch(value)
    )
    raise BadRecording(f"{path}:{number}: {name} {value!r} is not a number")


def _check_header(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise BadRecording(f"{path}:1: the header is {found!r}; expected {expected!r}")


@lru_cache(maxsize=20_000)
def day_micros(day: str) -> Micros:
    """Midnight of a date like 2025-09-21; ValueError if there is no such day."""
    found = date.fromisoformat(day)
    return micros(datetime(found.year, found.month, found.day, tzinfo=UTC))


def _on_day(where: str, day: str) -> Micros:
    try:
        return day_micros(day)
    except ValueError as error:
        raise BadRecording(f"{where}: {day}: {error}") from error


def _into_day(where: str, time: str) -> Micros:
    hour, minute, second = int(time[11:13]), int(time[14:16]), int(time[17:19])
    if hour > 23 or minute > 59 or second > 59:
        raise BadRecording(f"{where}: {time} is no time of day")
    return hour * HOUR + minute * MINUTE + second * SECOND


def text_files(folder: Path, stem: str) -> Iterator[Path]:
    """The files called `stem` + .csv or .csv.gz in a folder, in order; `stem` may hold a `*`."""
    yield from sorted([*folder.glob(f"{stem}.csv"), *folder.glob(f"{stem}.csv.gz")])
