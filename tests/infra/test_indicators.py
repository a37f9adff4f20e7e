"""`./dev indicators` on real files, beside pandas and TA-Lib, and what it says of bad ones."""

import gzip
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest

from automoney.market.candles import Timeframe
from infra.local.cli import main
from tests.market.oracles import NAMES, by_talib

ROOT = Path(__file__).resolve().parents[2]
HEADER = "open_time,open,high,low,close,volume"
RULES = {"1h": "1h", "4h": "4h", "1d": "1D", "1w": "W-MON"}

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the verb on a file: its exit status, the bars, and what it said."""

    def indicators(file: Path | str, timeframe: str = "1w") -> tuple[int, list[Any], str]:
        status = main(["indicators", "--candles", str(file), "--timeframe", timeframe, "--json"])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return indicators


def binance(market_data: Path, name: str) -> Path:
    return market_data / "binance" / f"{name}.csv.gz"


def hours(*times: str) -> str:
    """A file with a row for each time, whose prices are its number and a little around it."""
    rows = [f"{time},{n},{n + 1},{n - 0.5},{n + 0.5},1" for n, time in enumerate(times, start=1)]
    return "\n".join([HEADER, *rows, ""])


def written(folder: Path, text: str) -> Path:
    file = folder / "candles.csv"
    file.write_text(text)
    return file


def resampled(file: Path, timeframe: str, *, step: str) -> pd.DataFrame:
    """The closed bars that pandas makes of the file, by their open time."""
    rows = pd.read_csv(file, index_col="open_time", parse_dates=True, float_precision="round_trip")
    bars = rows.resample(RULES[timeframe], label="left", closed="left")
    made = bars.agg({"high": "max", "low": "min", "close": "last"}).dropna()
    end = made.index[-1] + pd.Timedelta(Timeframe(timeframe).duration)
    return made if end <= rows.index[-1] + pd.Timedelta(step) else made[:-1]


@pytest.mark.parametrize(
    ("name", "timeframe"),
    [
        *[(f"{asset}USDT-1d", timeframe) for asset in ("BTC", "ETH") for timeframe in ("1d", "1w")],
        *[("BTCUSDT-1h", timeframe) for timeframe in ("1h", "4h", "1d", "1w")],
        ("ETHUSDT-1h", "4h"),
        ("BTCUSDT-5m-2021-03", "1h"),
    ],
)
def test_real_files_give_what_pandas_and_talib_give(
    market_data: Path, run: Run, name: str, timeframe: str
) -> None:
    file = binance(market_data, name)
    step = name.split("-")[1].replace("m", "min")
    expected = resampled(file, timeframe, step=step)
    columns = by_talib([(bar.high, bar.low, bar.close) for bar in expected.itertuples()])

    status, bars, _ = run(file, timeframe)

    assert status == 0
    assert [bar["open_time"] for bar in bars] == list(expected.index.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert [bar["close"] for bar in bars] == list(expected.close)
    assert list(bars[0]) == ["open_time", "close", *NAMES]
    slack = 1e-13 * expected.close.max()  # for MACD, a difference that may cross zero
    for name in NAMES:
        for bar, wanted in zip(bars, columns[name], strict=True):
            assert (bar[name] is None) == (wanted is None), (name, bar)
            if wanted is not None:
                assert math.isclose(bar[name], wanted, rel_tol=1e-9, abs_tol=slack), (name, bar)


def test_days_and_hours_give_the_same_weeks(market_data: Path, run: Run) -> None:
    by_days = run(binance(market_data, "BTCUSDT-1d"))
    by_hours = run(binance(market_data, "BTCUSDT-1h"))

    assert by_days == by_hours
    status, weeks, said = by_days
    assert (status, said) == (0, "")
    assert len(weeks) == 423
    assert weeks[0]["open_time"] == "2017-08-14T00:00:00Z"  # from Thursday on, as Binance's own
    assert weeks[-1]["open_time"] == "2025-09-15T00:00:00Z"  # its Sunday is the last row


def test_bars_that_are_missing_are_told_of(tmp_path: Path, run: Run) -> None:
    times = ["2024-01-01T00:00Z", "2024-01-01T01:00Z", "2024-01-01T04:30Z", "2024-01-01T05:00Z"]

    status, bars, said = run(written(tmp_path, hours(*times)), "1h")

    assert status == 0
    assert [bar["open_time"][11:16] for bar in bars] == ["00:00", "01:00", "04:00"]
    assert (
        said == f"{tmp_path}/candles.csv: 2 bars of 1h are missing: the file has no row for them\n"
    )


@pytest.mark.parametrize(
    ("times", "closed"),
    [
        pytest.param(["T21:00Z", "T22:00Z", "T23:00Z"], 1, id="reaches its end"),
        pytest.param(["T20:00Z", "T21:00Z", "T22:00Z"], 0, id="an hour short"),
        pytest.param(["T21:00Z", "T22:30Z", "T23:00Z"], 0, id="half an hour short"),
        pytest.param(["T23:00Z"], 0, id="nobody knows how long one row is"),
    ],
)
def test_the_last_bar_counts_once_its_end_is_reached(
    tmp_path: Path, run: Run, times: list[str], closed: int
) -> None:
    file = written(tmp_path, hours(*(f"2024-01-01{time}" for time in times)))

    status, bars, said = run(file, "1d")

    assert (status, len(bars)) == (0, closed)
    assert ("no bar of 1d is over yet" in said) == (not closed)


def test_bars_wait_until_a_step_shows_how_long_a_row_is(tmp_path: Path, run: Run) -> None:
    gaps = ["2024-01-01T00:00Z", "2024-01-02T05:00Z", "2024-01-02T07:00Z", "2024-01-02T08:00Z"]

    status, bars, _ = run(written(tmp_path, hours(*gaps)), "1h")

    assert status == 0
    assert [bar["close"] for bar in bars] == [1.5, 2.5, 3.5, 4.5]


SAME = [1704067200 + 3600 * hour for hour in range(48)]  # from 2024-01-01 on


@pytest.mark.parametrize(
    "text",
    [
        pytest.param([f"{second}" for second in SAME], id="seconds"),
        pytest.param([f"{second}000" for second in SAME], id="milliseconds"),
        pytest.param(
            [f"2024-01-0{1 + n // 24}T{n % 24:02}:00:00+00:00" for n in range(48)], id="no Z"
        ),
        pytest.param(
            [f"2024-01-0{1 + n // 24}T{n % 24:02}:30:00+00:30" for n in range(48)], id="elsewhere"
        ),
        pytest.param([f'"2024-01-0{1 + n // 24} {n % 24:02}:00Z"' for n in range(48)], id="quoted"),
    ],
)
def test_times_may_be_written_in_several_ways(tmp_path: Path, run: Run, text: list[str]) -> None:
    status, days, _ = run(written(tmp_path, hours(*text)), "1d")

    assert status == 0
    assert [(day["open_time"], day["close"]) for day in days] == [
        ("2024-01-01T00:00:00Z", 24.5),
        ("2024-01-02T00:00:00Z", 48.5),
    ]


def test_plain_dates_are_days(tmp_path: Path, run: Run) -> None:
    file = written(tmp_path, hours(*(f"2024-01-0{day}" for day in range(1, 8))))

    assert run(file)[1][0]["open_time"] == "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "dress",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(lambda text: text.removesuffix("\n"), id="no line end at the end"),
        pytest.param(lambda text: text + "\n\n", id="empty lines at the end"),
        pytest.param(lambda text: "\ufeff" + text, id="byte order mark"),
        pytest.param(
            lambda text: "".join(
                ",".join([line.split(",")[4], "BTC_€", *line.split(",")[:4], line.split(",")[5]])
                + "\n"
                for line in text.replace(HEADER, "open_time,open,high,low,close,volume").split()
            ).replace("close,BTC_€", "close,name"),
            id="other columns, in another order",
        ),
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzipped under another name"),
    ],
)
def test_files_may_come_in_other_dress(
    tmp_path: Path, run: Run, dress: Callable[[str], str | bytes]
) -> None:
    plain = hours(*(f"2024-01-01T{hour:02}:00Z" for hour in range(24)))
    expected = run(written(tmp_path, plain), "4h")
    dressed = dress(plain)
    file = tmp_path / "candles.csv"
    file.write_bytes(dressed if isinstance(dressed, bytes) else dressed.encode())

    assert run(file, "4h") == expected
    assert len(expected[1]) == 6


def test_standard_input_is_a_file_too(
    market_data: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = binance(market_data, "BTCUSDT-1d")
    with file.open("rb") as raw:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))

        assert run("-") == run(file)


T = "2024-01-01T00:00:00Z"
GOOD = f"{T},5,6,4,5,1"


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ("2024-01-01T02:00:00,5,6,4,5,1", "open_time", "zone"),
        ("yesterday,5,6,4,5,1", "open_time", "2017-08-17T04:00:00Z"),
        ("1704074400,5,6,4,5,1", "open_time", "2017-08-17T04:00:00Z"),
        ("2024-01-01_02:00:00Z,5,6,4,5,1", "open_time", "2017-08-17T04:00:00Z"),
        (",5,6,4,5,1", "open_time", "2017-08-17T04:00:00Z"),
        (f"{T},5,6,4,5,1", "open_time", f"after that of the row before, {T}"),
        ("2023-12-31T23:00:00Z,5,6,4,5,1", "open_time", "after that of the row before"),
        ("9999-12-31T00:00:00Z,5,6,4,5,1", "open_time", "before the year 9000"),
        ("2024-01-01T02:00:00Z,5,4.5,4,4,1", "high", "at least the open, 5.0"),
        ("2024-01-01T02:00:00Z,5,6,4,7,1", "high", "at least the close, 7.0"),
        ("2024-01-01T02:00:00Z,5,6,5.5,6,1", "low", "at most the open, 5.0"),
        ("2024-01-01T02:00:00Z,5,6,4,3,1", "low", "at most the close, 3.0"),
        ("2024-01-01T02:00:00Z,NaN,6,4,5,1", "open", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,inf,4,5,1", "high", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,1e200,4,5,1", "high", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,6,-4,5,1", "low", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,6,0,5,1", "low", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,6,4,,1", "close", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,6_0,4,5,1", "high", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,６,4,5,1", "high", "a price above 0"),
        ("2024-01-01T02:00:00Z,5,6,4,5,-1", "volume", "0 or more"),
        ("2024-01-01T02:00:00Z,5,6,4,5,nan", "volume", "0 or more"),
        ("2024-01-01T02:00:00Z,5,6,4,5,", "volume", "0 or more"),
        ("2024-01-01T02:00:00Z,5,6,4,5", "row", "6 values"),
        ("2024-01-01T02:00:00Z,5,6,4,5,1,7", "row", "6 values"),
        ("\n2024-01-01T02:00:00Z,5,6,4,5,1", "row", "6 values"),
        ('2024-01-01T02:00:00Z,5,6,"4,5,1', "row", "quotes in pairs"),
    ],
)
def test_a_bad_row_is_named_with_its_reason(
    tmp_path: Path, run: Run, row: str, field: str, expected: str
) -> None:
    file = written(tmp_path, "\n".join([HEADER, GOOD, row, GOOD]))

    status, _, said = run(file, "1h")

    assert status == 2
    assert said.startswith(f"{file}:3: {field} was ")
    assert expected in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "one column open_time"),
        ("open_time,open,high,low,close\n", 1, "one column volume"),
        ("open_time,open,high,low,close,close,volume\n", 1, "one column close"),
        (f"{HEADER}\n", 2, "at least one below the header"),
        (f"{HEADER}\n\n\n", 2, "at least one below the header"),
        (f"{HEADER}\n20240101,5,6,4,5,1\n", 2, "a date with dashes, 2024-01-01"),
        (hours("2024-01-01", "2024-01-02", "2024-01-03"), 2, "ends within its bar of 4h"),
    ],
)
def test_a_bad_file_is_named_with_its_reason(
    tmp_path: Path, run: Run, text: str, line: int, reason: str
) -> None:
    file = written(tmp_path, text)

    status, bars, said = run(file, "4h")

    assert (status, bars) == (2, [])
    assert said.startswith(f"{file}:{line}: ")
    assert reason in said


def test_days_that_begin_at_noon_are_no_weeks(tmp_path: Path, run: Run) -> None:
    file = written(tmp_path, hours(*(f"2024-01-{day:02}T12:00Z" for day in range(1, 29))))

    status, bars, said = run(file)

    assert (status, bars) == (2, [])
    assert said.startswith(f"{file}:8: open_time was '2024-01-07T12:00:00Z'")
    assert "ends within its bar of 1w" in said


def test_a_file_coarser_than_asked_is_refused_before_it_has_been_read_whole(
    tmp_path: Path, run: Run
) -> None:
    days = pd.date_range("2000-01-01", periods=5000).strftime("%Y-%m-%d")

    status, bars, said = run(written(tmp_path, hours(*days) + "and then nonsense"), "1h")

    assert (status, bars) == (2, [])
    assert "1 day" in said


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.csv", None, "No such file"),
        ("plain.csv.gz", HEADER.encode(), "a gzip file"),
        ("cut.csv.gz", gzip.compress(hours("2024-01-01", "2024-01-02").encode())[:-9], "whole"),
        ("junk.csv", bytes(range(256)) * 1000, "one column open_time"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, run: Run, name: str, content: bytes | None, reason: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    status, _, said = run(file)

    assert status == 2
    assert str(file) in said
    assert reason in said


def test_a_table_shows_the_newest(market_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = binance(market_data, "BTCUSDT-1d")

    assert main(["indicators", "--candles", str(file)]) == 0

    shown = capsys.readouterr().out
    assert "newest 20 closed bars of 1w" in shown
    assert "2025-09-15" in shown
    assert "2025-01-01" not in shown


def test_a_reader_that_had_enough_is_no_failure(market_data: Path) -> None:
    file = binance(market_data, "BTCUSDT-1h")
    words = ["indicators", "--candles", str(file), "--timeframe", "1h", "--json"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}

    with subprocess.Popen(
        [sys.executable, "-m", "infra.local", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    ) as program:
        assert program.stdout and program.stderr
        assert json.loads(program.stdout.readline())["open_time"] == "2017-08-17T04:00:00Z"
        program.stdout.close()
        assert program.stderr.read() == ""
        assert program.wait() == 0
