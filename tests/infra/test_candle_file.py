"""Files of candles that came to harm, and very long ones."""

import csv
import gzip
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.encoding import parse_utc
from automoney.market.candles import Timeframe
from infra.local.candle_file import BadRow, CandleFile
from infra.local.closed_bars import closed_bars

HEADER = "open_time,open,high,low,close,volume"
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
Found = list[tuple[datetime, float, float, float]]


def rows(count: int, *, step: timedelta = timedelta(hours=1)) -> str:
    lines = [HEADER]
    for number in range(count):
        moment = f"{MONDAY + number * step:%Y-%m-%dT%H:%M:%SZ}"
        close = 1000 + number % 37
        lines.append(f"{moment},{close}.5,{close + 1}.25,{close - 1}.75,{close},{number}.125")
    return "\n".join([*lines, ""])


GOOD = rows(30).encode()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("candles") / "candles.csv"


def found_in(file: Path, timeframe: Timeframe = Timeframe.H4) -> Found:
    bars = closed_bars(CandleFile(str(file)), timeframe)
    return [(bar.open_time, bar.high, bar.low, bar.close) for bar in bars]


def told_exactly(data: bytes) -> Found:
    """The closed bars of 4 hours, with everything read at once, in decimals."""
    header, *lines = csv.reader(data.decode("utf-8-sig").splitlines())
    table = [dict(zip(map(str.strip, header), line, strict=True)) for line in lines if line]
    times = [time_of(row["open_time"]) for row in table]
    numbers = [{name: Decimal(row[name]) for name in row if name != "open_time"} for row in table]
    for price in numbers:
        assert 0 < price["low"] <= min(price["open"], price["close"])
        assert max(price["open"], price["close"]) <= price["high"]
        assert price["volume"] >= 0
    steps = [after - before for before, after in pairwise(times)]
    assert not steps or min(steps) > timedelta(0)
    until = times[-1] + min(steps, default=timedelta(0))
    bars = []
    for open_time, group in groupby(
        zip(times, numbers, strict=True), key=lambda row: Timeframe.H4.open_time(row[0])
    ):
        parts = [price for _, price in group]
        if open_time + Timeframe.H4.duration <= until:
            high = max(price["high"] for price in parts)
            low = min(price["low"] for price in parts)
            bars.append((open_time, float(high), float(low), float(parts[-1]["close"])))
    return bars


def time_of(text: str) -> datetime:
    if len(text) == 10:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return parse_utc(text)


@st.composite
def corruptions(draw: st.DrawFn) -> bytes:
    """The good file after up to three accidents to its bytes or to its lines."""
    data = GOOD
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(at + 60, len(data))))
        lines = data.splitlines(keepends=True)
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2)) if lines else (0, 0)
        data = draw(
            st.sampled_from(
                [
                    data[:at] + draw(LITTLE) + data[at:],
                    data[:at] + draw(LITTLE) + data[at + 1 :],
                    data[:at] + data[to:],
                    data[:at],
                    b"".join([*lines[:one], *lines[one + 1 :]]),
                    b"".join([*lines[:one], *lines[other:]]),
                    b"".join([*lines[:one], *lines[one : one + 1], *lines[one:]]),
                ]
            )
        )
    return data


LITTLE = st.one_of(
    st.sampled_from(
        [b"-", b"0", b"9", b".", b",", b'"', b"\n", b"\r", b" ", b"_", b"e", b"nan", b"inf", b"\0"]
    ),
    st.binary(min_size=1, max_size=3),
)


@given(corruptions())
@settings(max_examples=400, deadline=None)
def test_a_corrupt_file_is_refused_with_its_line_or_read_rightly(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    try:
        found = found_in(file)
    except BadRow as error:
        assert str(error).startswith(f"{file}:{error.line}: {error.field} was ")
        assert 1 <= error.line <= 1 + len(data.replace(b"\r", b"\n").splitlines())
    else:
        assert found == told_exactly(data)


@given(st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 8))
@settings(max_examples=200, deadline=None)
def test_a_corrupt_gzip_file_is_refused_with_its_line_or_read_rightly(
    file: Path, at: int, inserted: bytes, cut: int
) -> None:
    whole = gzip.compress(GOOD, mtime=0)
    at %= len(whole)
    file.write_bytes(whole)
    expected = found_in(file)
    file.write_bytes(whole[:at] + inserted + whole[at + cut :])
    try:
        found = found_in(file)
    except BadRow as error:
        assert str(error).startswith(f"{file}:{error.line}: ")
    else:
        assert found == expected  # it hit a time stamp or a name


@pytest.mark.parametrize(
    ("late", "line"),
    [
        pytest.param("", None, id="as it was"),
        pytest.param("2024-07-25T01:00:00+01:00,5,6,4,5,1", None, id="another zone"),
        pytest.param("2024-07-25T00:00:00Z,+5,6.,4,.5e1,1", None, id="other numbers"),
        pytest.param('"2024-07-25T00:00:00Z",5,6,4,5,"1"', None, id="quotes"),
        pytest.param("2024-07-25T00:00:00Z,5,6,7,5,1", 4946, id="a wrong price"),
        pytest.param("1721865600,5,6,4,5,1", 4946, id="another kind of time"),
    ],
)
def test_rows_read_by_the_thousand_and_one_by_one_make_one_file(
    file: Path, late: str, line: int | None
) -> None:
    lines = rows(6_000).splitlines()
    expected = [line.split(",") for line in lines[1:]]
    if late:
        lines[4945] = late
        expected[4944] = ["2024-07-25T00:00:00Z", "5", "6", "4", "5", "1"]
    file.write_text("\n".join(lines))
    reading = CandleFile(str(file)).rows()

    if line:
        with pytest.raises(BadRow, match=f":{line}: "):
            list(reading)
        return
    assert list(reading) == [
        (number, (parse_utc(at), float(high), float(low), float(close)))
        for number, (at, _, high, low, close, _) in enumerate(expected, start=2)
    ]


@pytest.mark.parametrize("timeframe", [Timeframe.H1, Timeframe.W1])
def test_memory_does_not_grow_with_the_file(file: Path, timeframe: Timeframe) -> None:
    peaks = []
    for count in (6_000, 30_000):
        file.write_text(rows(count))
        tracemalloc.start()
        bars = sum(1 for _ in closed_bars(CandleFile(str(file)), timeframe))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert bars == count // (timeframe.duration // timedelta(hours=1))

    assert peaks[1] < peaks[0] + 250_000  # 24,000 rows more would be megabytes


def test_a_line_without_end_does_not_fill_the_memory(file: Path) -> None:
    with file.open("wb") as written:
        written.write(HEADER.encode() + b"\n")
        for _ in range(64):
            written.write(b"7" * 1_000_000)
    tracemalloc.start()

    with pytest.raises(BadRow, match=":2: "):
        found_in(file)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
