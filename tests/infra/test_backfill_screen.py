"""What a backfill shows while it runs and at its end."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automoney.market.candles import Timeframe
from automoney.workflows.backfill import Chunk, Report, Span
from infra.local.backfill_screen import Bars, Lines, display_on
from infra.local.backfill_summary import complain, show, summary
from infra.local.recompute import Comparison

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = Span(START, START + 10 * DAY)
BEGUN = Report("binance", "BTC 1d", SPAN.length)
HALF = BEGUN.plus(Chunk(Span(START, START + 5 * DAY), fetched=1500, new=1500))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_say_how_far_it_is_and_no_more_than_one_a_second_for_each_job() -> None:
    stream = io.StringIO()
    display = display_on(stream)
    assert isinstance(display, Lines)
    for _ in range(50):
        display.came(HALF)
    display.waits("binance", 7.25, "answered 429")
    display.ended(HALF)
    assert stream.getvalue().splitlines() == [
        "binance BTC 1d: 50%, 1,500 rows",
        "binance: waits 7 s: answered 429",
        "binance BTC 1d: done, 1,500 rows, 0.0 s",
    ]


def test_a_terminal_gets_a_bar_with_percent_rows_and_waits() -> None:
    stream = Terminal()
    display = display_on(stream)
    assert isinstance(display, Bars)
    display.came(HALF)
    display.waits("binance", 7.25, "answered 429")
    display.close()
    last = stream.getvalue()
    for shown in ("binance BTC 1d", "50 %", "1,500 rows", "waits 7 s: answered 429"):
        assert shown in last


def result(error: str | None, worst: float) -> dict[str, Any]:
    report = replace(HALF, error=error)
    off = Comparison("BTC", Timeframe.D1, 900, worst, "ema21")
    return {**summary("recorded", SPAN, [report], [off]), "seconds": 1.5}


@pytest.mark.parametrize(
    ("error", "worst", "code", "said"),
    [
        pytest.param(None, 1e-12, 0, "", id="all well"),
        pytest.param("binance: answered 451", 1e-12, 1, "binance BTC 1d: binance: answered 451"),
        pytest.param(None, 2e-9, 1, "ema21 of BTC 1d is 2.0e-09 off pandas-ta", id="indicators"),
    ],
)
def test_the_end_says_what_failed(
    error: str | None, worst: float, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = result(error, worst)
    assert complain(found) == code
    assert said in capsys.readouterr().err
    stream = io.StringIO()
    show(found, stream)
    assert "1,500 rows fetched, 1,500 new, 0 changed, in 1.5 s" in stream.getvalue()
    assert ("(failed)" in stream.getvalue()) == (error is not None)
