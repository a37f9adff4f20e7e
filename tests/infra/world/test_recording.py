import gzip
from pathlib import Path

import pytest

from automoney.market.candles import Timeframe
from infra.local.world.bars import DURATIONS
from infra.local.world.clock import DAY, micros, moment
from infra.local.world.csv_files import (
    BadRecording,
    _candles_by_column,
    _candles_by_row,
    read_candles,
    read_lines,
)
from infra.local.world.recording import Recording, load_recording
from infra.local.world.tables import after_publication

HEADER = "open_time,open,high,low,close,volume"
GOOD = "2025-09-20T00:00:00Z,100.5,110,90,101,5"
NEXT = "2025-09-20T01:00:00Z,101,111,91,102,6"


def candles(folder: Path, *rows: str, header: str = HEADER, name: str = "BTCUSDT-1h.csv") -> Path:
    (folder / "binance").mkdir(exist_ok=True)
    path = folder / "binance" / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_the_recorded_world(recorded: Recording) -> None:
    assert recorded.world == "recorded"
    assert recorded.begins.isoformat() == "2017-08-17T00:00:00+00:00"
    assert recorded.ends.isoformat() == "2025-09-22T00:00:00+00:00"
    assert recorded.glassnode_until is not None
    assert recorded.glassnode_until.isoformat() == "2020-05-18T00:00:00+00:00"
    assert [len(recorded.ladders[asset].given[Timeframe.H1]) for asset in ("BTC", "ETH")] == [
        70_860,
        70_860,
    ]
    assert len(recorded.ladders["BTC"].given[Timeframe.M5].spans) == 2
    assert set(recorded.onchain) == {"BTC", "ETH"}
    assert set(recorded.glassnode) == {"BTC"}
    assert len(recorded.macro) == 11
    assert recorded.sentiment is not None
    assert len(recorded.sentiment.periods) == 2786


def test_both_ways_to_read_candles_agree(market_data: Path) -> None:
    path = market_data / "binance" / "ETHUSDT-5m-2021-01.csv.gz"
    lines = read_lines(path)
    by_row = _candles_by_row(path, lines, Timeframe.M5)
    assert _candles_by_column(lines[1:], DURATIONS[Timeframe.M5]) == by_row


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        pytest.param([GOOD, GOOD], 3, "is not after the row before it", id="repeated time"),
        pytest.param([NEXT, GOOD], 3, "is not after the row before it", id="unordered time"),
        pytest.param([GOOD, NEXT[:-2]], 3, "5 columns, expected 6", id="a column short"),
        pytest.param([GOOD + ",1", NEXT], 2, "7 columns, expected 6", id="a column too many"),
        pytest.param([GOOD, NEXT[:-2], GOOD + ",1"], 3, "5 columns", id="short and long together"),
        pytest.param([GOOD, NEXT.replace("111", "x")], 3, "high 'x' is not a number", id="a word"),
        pytest.param([GOOD, NEXT.replace("111", "")], 3, "high '' is not a number", id="blank"),
        pytest.param([NEXT.replace("111", "nan")], 2, "high 'nan' is not a number", id="nan"),
        pytest.param([NEXT.replace("111", "1.")], 2, "high '1.' is not a number", id="no decimals"),
        pytest.param([NEXT.replace("111", "1e30")], 2, "high '1e30' is not a number", id="huge"),
        pytest.param([NEXT.replace(",6", ",-6")], 2, "volume '-6' is not a number", id="negative"),
        pytest.param(
            [GOOD, NEXT.replace("111", "90")], 3, "high 90 is below low 91", id="high<low"
        ),
        pytest.param([NEXT.replace("91", "0")], 2, "a price is not above 0", id="zero"),
        pytest.param([GOOD.replace("T00:00", "T00:30")], 2, "not when a 1h bar opens", id="grid"),
        pytest.param([GOOD.replace("T00", "T25")], 2, "is no time of day", id="hour 25"),
        pytest.param([GOOD.replace("09-20", "09-31")], 2, "2025-09-31: day", id="31 September"),
        pytest.param([GOOD.replace("Z", "")], 2, "is not a time like", id="no zone"),
        pytest.param([GOOD, "", NEXT], 3, "1 columns, expected 6", id="an empty line inside"),
    ],
)
def test_a_bad_candle_is_named_by_file_and_line(
    tmp_path: Path, rows: list[str], line: int, reason: str
) -> None:
    path = candles(tmp_path, *rows)
    with pytest.raises(BadRecording) as caught:
        load_recording(tmp_path, ["BTC"])
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)


def test_unusual_but_right_rows_are_read(tmp_path: Path) -> None:
    path = candles(tmp_path, "2025-09-20T00:00:00Z,1e2,110.123456789,90,101,5e-3")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    bar = read_candles(path, Timeframe.H1)[0]
    assert (bar.open, bar.high, bar.volume) == (100 * 10**8, 11_012_345_679, 500_000)


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        pytest.param("binance/BTCUSDT-1d.csv", b"time,open\n", 1, "the header is", id="header"),
        pytest.param("binance/BTCUSDT-1d.csv", b"", 1, "the header is ''", id="empty"),
        pytest.param("binance/BTCUSDT-1d.csv", b"\xff\xfe", 1, "is not UTF-8", id="not text"),
        pytest.param("binance/BTCUSDT-1d.csv.gz", b"plain", 1, "can't be read", id="not gzip"),
        pytest.param(
            "binance/BTCUSDT-1d.csv.gz",
            gzip.compress(b"x" * 1000)[:-9],
            1,
            "can't be read",
            id="cut gzip",
        ),
        pytest.param(
            "onchain/btc.csv", b"date,odd\n2025-09-20,1\n", 1, "expected date and some", id="x"
        ),
        pytest.param(
            "onchain/btc.csv", b"date,mvrv\n2025-09-20,\n2025-09-21,y\n", 3, "mvrv 'y'", id="chain"
        ),
        pytest.param(
            "onchain/btc-glassnode.csv", b"date,nvt\n2025-09-20,.5\n", 2, "nvt '.5'", id="glassnode"
        ),
        pytest.param(
            "macro/DFF.csv", b"observation_date,value\n2025-9-20,1\n", 2, "is not a date", id="date"
        ),
        pytest.param(
            "macro/DFF.csv", b"observation_date,value\n2025-09-20\n", 2, "1 columns", id="macro"
        ),
        pytest.param(
            "sentiment/fear_greed.csv",
            b"date,value,classification\n2025-09-20,5,Fear\n2025-09-19,5,Fear\n",
            3,
            "is not after the row before it",
            id="sentiment",
        ),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, name: str, content: bytes, line: int, reason: str
) -> None:
    candles(tmp_path, GOOD)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(BadRecording) as caught:
        load_recording(tmp_path, ["BTC"])
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)


def test_what_is_missing_is_missing(tmp_path: Path) -> None:
    candles(tmp_path, GOOD, NEXT)
    recording = load_recording(tmp_path, ["BTC", "ETH"])
    assert list(recording.ladders) == ["BTC"]
    assert (recording.begins.hour, recording.ends.hour) == (0, 2)
    assert not (recording.onchain or recording.glassnode or recording.macro)
    assert recording.sentiment is None
    assert recording.glassnode_until is None


@pytest.mark.parametrize("name", ["", "absent"])
def test_no_candles_at_all(tmp_path: Path, name: str) -> None:
    candles(tmp_path, "2025-09-20T00:00:00Z,1,1,1,1,1", name="BTCUSDT-5m.csv")
    with pytest.raises(BadRecording) as caught:
        load_recording(tmp_path / name, ["BTC"])
    assert "no candles; looked for binance/BTCUSDT-1h.csv.gz, binance/BTCUSDT-1d" in str(
        caught.value
    )


def test_files_of_one_timeframe_must_not_overlap(tmp_path: Path) -> None:
    candles(tmp_path, GOOD, NEXT)
    later = candles(tmp_path, NEXT, name="BTCUSDT-1h-2025.csv")
    with pytest.raises(BadRecording, match=r"starts before BTCUSDT-1h\.csv ends") as caught:
        load_recording(tmp_path, ["BTC"])
    assert str(caught.value).startswith(str(later))


@pytest.mark.parametrize(
    ("series", "period", "known"),
    [
        ("DFF", "2025-09-20", "2025-09-23"),
        ("DTWEXBGS", "2025-09-15", "2025-09-23"),
        ("CPIAUCSL", "2025-08-01", "2025-09-16"),
        ("M2SL", "2024-12-01", "2025-01-29"),
        ("FEDFUNDS", "2025-08-01", "2025-09-05"),
        ("UNRATE", "2025-08-01", "2025-09-09"),
    ],
)
def test_macro_values_come_out_late(series: str, period: str, known: str) -> None:
    at = micros(moment(0).fromisoformat(f"{period}T00:00:00+00:00"))
    table = after_publication(series, [at], {"value": ["1"]})
    assert moment(table.known_at[0]).date().isoformat() == known


def test_an_unknown_series_is_delayed_by_its_rhythm() -> None:
    week = after_publication("WALCL", [0, 7 * DAY, 14 * DAY], {})
    assert [known - period for known, period in zip(week.known_at, week.periods, strict=True)] == [
        5 * DAY
    ] * 3
    daily = after_publication("ODD", [0, DAY, 2 * DAY, 5 * DAY], {})
    assert daily.known_at[0] == 4 * DAY
    monthly = after_publication("ODDER", [0, 31 * DAY, 59 * DAY], {})
    assert monthly.known_at[0] == (31 + 27) * DAY
