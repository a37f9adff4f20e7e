"""`./dev indicators`: the indicators of a file of candles, bar by bar."""

import os
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta

from automoney.encoding import dumps, utc_text
from automoney.market.candles import Timeframe
from automoney.market.indicators import IndicatorState
from automoney.market.snapshot import Indicators
from infra.local.candle_file import CandleFile
from infra.local.closed_bars import closed_bars

TIMEFRAMES = (Timeframe.H1, Timeframe.H4, Timeframe.D1, Timeframe.W1)  # of bars
_NAMES = tuple(item.name for item in fields(Indicators))
_SHOWN = 20  # bars in a table
_WIDEST = 132  # characters of it, with the longest numbers


def print_indicators(name: str, timeframe: Timeframe, *, as_json: bool) -> int:
    """Print the bars of file `name` that are over, a JSON object each or the newest as a table.

    Numbers are floats with all their digits; None is what too few bars have been seen for.  How
    many bars are missing in between goes to standard error.  The exit status is 0; raises what
    `closed_bars` does, after the bars before the bad row have been printed.
    """
    figures = _figures(name, timeframe)
    try:
        if as_json:
            for open_time, close, found in figures:
                print(_line(open_time, close, found))
        else:
            _print_table(figures, timeframe)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read had enough; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _figures(name: str, timeframe: Timeframe) -> Iterator[tuple[datetime, float, Indicators]]:
    state = IndicatorState()
    missing = 0
    expected = None
    for bar in closed_bars(CandleFile(name), timeframe):
        if expected is not None:
            missing += (bar.open_time - expected) // timeframe.duration
        expected = bar.open_time + timeframe.duration
        yield bar.open_time, bar.close, state.update(bar.high, bar.low, bar.close)
    if missing:
        bars = (
            f"1 bar of {timeframe.value} is"
            if missing == 1
            else f"{missing} bars of {timeframe.value} are"
        )
        print(f"{name}: {bars} missing: the file has no row for them", file=sys.stderr)
    if not state.bars:
        print(f"{name}: no bar of {timeframe.value} is over yet", file=sys.stderr)


def _line(open_time: datetime, close: float, found: Indicators) -> str:
    figures = {name: getattr(found, name) for name in _NAMES}
    return dumps({"open_time": utc_text(open_time), "close": close, **figures})


def _print_table(
    figures: Iterator[tuple[datetime, float, Indicators]], timeframe: Timeframe
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    newest = deque(figures, maxlen=_SHOWN)
    title = f"The newest {len(newest)} closed bars of {timeframe.value}"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("open_time", no_wrap=True)
    for name in ("close", *_NAMES):
        table.add_column(name, justify="right", no_wrap=True)
    for open_time, close, found in newest:
        values = [close, *(getattr(found, name) for name in _NAMES)]
        day = timeframe.duration >= timedelta(days=1)
        table.add_row(utc_text(open_time)[: 10 if day else None], *map(_readable, values))
    # A narrow terminal folds the lines; a number that is cut short would be none.
    Console(width=max(Console().width, _WIDEST)).print(table, crop=False)


def _readable(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
