"""One row of a file of candles: read fast if it is right, and else told what is wrong."""

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter

from automoney.encoding import utc_text
from automoney.errors import InvalidInput

COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
# Open time, high, low and close: what is still of use once a row has been checked.
Values = tuple[datetime, float, float, float]

MOST = 1e100  # far above any price or volume, far below where a square overflows
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # leaves room for the bars after it
_MILLISECONDS_FROM = 100_000_000_000  # in seconds that would be the year 5138
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_WHOLE = re.compile(r"\d+", re.ASCII)
_A_TIME = "a time like 2017-08-17T04:00:00Z, a date, or whole seconds or milliseconds since 1970"


class RowReader:
    """Reads rows below a `header` that names `COLUMNS`, in any order, perhaps among others.

    `open_time` is ISO 8601 with a zone, a plain date, or whole seconds or milliseconds since 1970;
    the first row says which for all.  Raises InvalidInput for a header that lacks a column.
    """

    def __init__(self, header: Sequence[str]) -> None:
        for name in COLUMNS:
            if header.count(name) != 1:
                raise InvalidInput("header", ",".join(header), f"one column {name}")
        self._width = len(header)
        self._of_a_candle = itemgetter(*map(header.index, COLUMNS))
        self._time: Callable[[str], datetime] = self._first_time
        self._before = EARLIEST

    def go_on_after(self, moment: datetime) -> None:
        """Rows up to this one's time, which was ISO 8601, have been read by somebody else."""
        self._time = _iso
        self._before = moment

    def read(self, row: Sequence[str], *, odd: bool) -> Values:
        """The values of the row that comes after the one read before.

        `odd` says that it may hold an underscore or a character beyond ASCII: of those `float`
        takes more than we do.  Raises InvalidInput, naming the column, unless the time is later
        than that of the row before and the prices are above 0, open and close from low to high.
        """
        try:
            at, opening, top, bottom, last, amount = self._of_a_candle(row)
            moment = self._time(at)
            high, low, close = float(top), float(bottom), float(last)
            sound = (
                0.0 < low <= float(opening) <= high < MOST
                and low <= close <= high
                and 0.0 <= float(amount) < MOST
                and self._before < moment < LATEST
                and len(row) == self._width
                and not odd
            )
        except (ValueError, IndexError, OverflowError):
            sound = False
        if not sound:
            moment, high, low, close = self._judged(row)
        self._before = moment
        return moment, high, low, close

    def _judged(self, row: Sequence[str]) -> Values:
        """The same at leisure, to say what is wrong; if it was just odd, nothing may be."""
        if len(row) != self._width:
            expected = f"{self._width} values, as many as the header has"
            raise InvalidInput("row", ",".join(row), expected)
        at, *texts = self._of_a_candle(row)
        moment = self._judged_time(at)
        numbers = {name: _number(name, text) for name, text in zip(COLUMNS[1:], texts, strict=True)}
        high, low = numbers["high"], numbers["low"]
        for name in ("open", "close", "low"):
            if high < numbers[name]:
                raise InvalidInput("high", high, f"at least the {name}, {numbers[name]}")
            if low > numbers[name]:
                raise InvalidInput("low", low, f"at most the {name}, {numbers[name]}")
        return moment, high, low, numbers["close"]

    def _first_time(self, text: str) -> datetime:
        """Reads the first one and finds out how to read the others."""
        self._time = _kind_of_time(text)
        return self._time(text)

    def _judged_time(self, text: str) -> datetime:
        try:
            moment = self._time(text)
        except (ValueError, OverflowError):
            raise InvalidInput("open_time", text, _A_TIME) from None
        if self._time is not _iso and not _WHOLE.fullmatch(text):
            raise InvalidInput("open_time", text, "a whole number, like in the rows before")
        if not text.isascii() or "_" in text:  # Python takes any character for the `T`
            raise InvalidInput("open_time", text, _A_TIME)
        if moment <= self._before:
            expected = f"a time after that of the row before, {utc_text(self._before)}"
            raise InvalidInput("open_time", text, expected)
        if moment >= LATEST:
            raise InvalidInput("open_time", text, f"{_A_TIME}, before the year {LATEST.year}")
        return moment


def _kind_of_time(first: str) -> Callable[[str], datetime]:
    """How to read times that are written like the first one."""
    if not _WHOLE.fullmatch(first):
        return _iso
    if len(first) == len("20170817"):  # as seconds a day in 1970, and hardly meant so
        with suppress(ValueError):
            raise InvalidInput(
                "open_time", first, f"a date with dashes, {date.fromisoformat(first)}"
            )
    return _milliseconds if int(first) >= _MILLISECONDS_FROM else _seconds


def _seconds(text: str) -> datetime:
    return _EPOCH + timedelta(seconds=int(text))


def _milliseconds(text: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(text))


def _iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if len(text) != len("2017-08-17"):
        raise InvalidInput("open_time", text, "a time with a zone, like 2017-08-17T04:00:00Z")
    return moment.replace(tzinfo=UTC)


def _number(name: str, text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if name == "volume" and not 0.0 <= number < MOST:
        raise InvalidInput(name, text, "a number, 0 or more")
    if name != "volume" and not 0.0 < number < MOST:
        raise InvalidInput(name, text, "a price above 0")
    return number
