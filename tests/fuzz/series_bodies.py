"""What the sources of readings answer: recorded values in the form that each API documents."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.cases import Body
from tests.fuzz.tree import Key, Node, Raw, Role, Shape, parsed
from tests.fuzz.wire import TEXT

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_METRICS = {
    "mvrv_z": "market-mvrv-z-score-BTC-24h",
    "nvt": "indicators-nvt-BTC-24h",
    "exchange_netflow": "transactions-transfers-volume-exchanges-net-BTC-24h",
    "active_addresses": "addresses-active-count-BTC-24h",
}
FRED = {
    "fed_funds": "DFF",
    "us10y": "DGS10",
    "us2y": "DGS2",
    "dollar_index": "DTWEXBGS",
    "cpi": "CPIAUCSL",
    "m2": "M2SL",
}
_DATE = "observation_date"
_MONTHLY = ("cpi", "m2")
_BITCOIN = {  # recorded columns by the names of Coin Metrics
    "mvrv": "CapMVRVCur",
    "nvt": "NVTAdj",
    "active_addresses": "AdrActCnt",
    "exchange_inflow_btc": "FlowInExNtv",
    "exchange_outflow_btc": "FlowOutExNtv",
}


class SeriesBodies:
    """Answers built on the recorded values in `folder`, the market data."""

    def __init__(self, folder: Path) -> None:
        bodies = folder / "api-bodies"
        self._points = {
            series: parsed((bodies / "glassnode" / f"{name}.200.json").read_bytes())
            for series, name in _METRICS.items()
        }
        envelope = json.loads((bodies / "fred" / "observations-FEDFUNDS.200.json").read_bytes())
        self._envelope = {key: one for key, one in envelope.items() if key != "observations"}
        self._onchain = {
            "BTC": _rows(folder / "onchain" / "btc-glassnode.csv"),
            "ETH": _rows(folder / "onchain" / "eth.csv"),
        }
        self._macro = {
            # Three years of them are asked back, and no price is older than 2009.
            series: [row for row in _rows(folder / "macro" / f"{name}.csv") if row[_DATE] > "2013"]
            for series, name in FRED.items()
        }
        self._greed = _rows(folder / "sentiment" / "fear_greed.csv")
        self.makers: Mapping[str, Callable[[Random], Body]] = {
            "glassnode": self._glassnode,
            "coinmetrics": self._coinmetrics,
            "fred": self._fred,
            "fred_csv": self._fred_csv,
            "alternative_me": self._alternative_me,
        }

    def _glassnode(self, rng: Random) -> Body:
        series = rng.choice((*_METRICS, "lth_supply_change"))
        if series == "lth_supply_change":
            tree = self._supply(rng)
        else:
            tree = [dict(point) for point in _window(rng, self._points[series])]
        over = _EPOCH + _SECOND * tree[-1]["t"] + _DAY
        shape = Shape((), {"t": Role.TIME, "v": Role.AMOUNT}, _SECOND, _DAY)
        return Body("points", _later(rng, over), tree, shape, "BTC", None, series)

    def _supply(self, rng: Random) -> list[dict[str, Node]]:
        """Coins held on some days, and 30 days later: the balances of exchanges will do."""
        held = self._onchain["BTC"][100:]
        count = rng.choice((1, 2, 3))
        first = rng.randrange(len(held) - 33)
        days = [*range(first, first + count), *range(first + 30, first + 30 + count)]
        return [
            {"t": _seconds(held[day]["date"]), "v": Raw(held[day]["exchange_balance_btc"])}
            for day in days
        ]

    def _coinmetrics(self, rng: Random) -> Body:
        asset = rng.choice(("BTC", "BTC", "BTC", "ETH"))
        columns = _BITCOIN if asset == "BTC" else {"mvrv": "CapMVRVCur"}
        rows = _window(rng, self._onchain[asset][100:])
        tree = {
            "data": [
                {
                    "asset": asset.lower(),
                    "time": f"{row['date']}T00:00:00.000000000Z",
                    **{metric: row[name] or None for name, metric in columns.items()},
                }
                for row in rows
            ]
        }
        roles: dict[Key, Role] = {"asset": Role.NAME, "time": Role.TIME}
        shape = Shape(("data",), roles | dict.fromkeys(columns.values(), Role.AMOUNT), None, _DAY)
        over = _midnight(rows[-1]["date"]) + _DAY
        return Body("metrics", _later(rng, over), tree, shape, asset)

    def _fred(self, rng: Random) -> Body:
        series, rows, slot = self._published(rng)
        seen = {"realtime_start": f"{slot:%Y-%m-%d}", "realtime_end": f"{slot:%Y-%m-%d}"}
        tree = {
            **self._envelope,
            **seen,
            "count": len(rows),
            "observations": [
                {**seen, "date": row[_DATE], "value": row["value"] or "."} for row in rows
            ],
        }
        roles: dict[Key, Role] = {"date": Role.TIME, "value": Role.AMOUNT}
        shape = Shape(("observations",), roles, None, _DAY * (30 if series in _MONTHLY else 1))
        return Body("observations", slot, tree, shape, "", None, series)

    def _fred_csv(self, rng: Random) -> Body:
        series, rows, slot = self._published(rng)
        first = rng.choice(("observation_date", "observation_date", "DATE"))
        none = rng.choice(("", "."))
        tree: list[list[Node]] = [
            [first, FRED[series]],
            *([row[_DATE], row["value"] or none] for row in rows),
        ]
        step = _DAY * (30 if series in _MONTHLY else 1)
        shape = Shape((), {0: Role.TIME, 1: Role.AMOUNT}, None, step, to_text=_lines)
        return Body("table", slot, tree, shape, "", None, series, content_type=TEXT)

    def _alternative_me(self, rng: Random) -> Body:
        rows = _window(rng, self._greed)
        tree: Node = {
            "name": "Fear and Greed Index",
            "data": [
                {
                    "value": row["value"],
                    "value_classification": row["classification"],
                    "timestamp": str(_seconds(row["date"])),
                }
                for row in reversed(rows)
            ],
            "metadata": {"error": None},
        }
        roles: dict[Key, Role] = {"value": Role.AMOUNT, "timestamp": Role.TIME}
        shape = Shape(("data",), roles, _SECOND, _DAY)
        today = _midnight(rows[-1]["date"])
        slot = today + timedelta(hours=rng.choice((0, 1, 5, 23, 30)))
        return Body("index", slot, tree, shape, "", None, "fear_greed")

    def _published(self, rng: Random) -> tuple[str, list[dict[str, str]], datetime]:
        series = rng.choice(tuple(FRED))
        rows = _window(rng, self._macro[series])
        lag = 60 if series in _MONTHLY else 8
        return series, rows, _later(rng, _midnight(rows[-1][_DATE]) + _DAY * lag)


def _window[T](rng: Random, rows: list[T]) -> list[T]:
    count = rng.choice((2, 3, 4, 5))
    first = rng.randrange(len(rows) - count + 1)
    return rows[first : first + count]


def _later(rng: Random, moment: datetime) -> datetime:
    return moment + timedelta(hours=rng.choice((0, 1, 3, 12, 26, 100)))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")


def _seconds(day: str) -> int:
    return (_midnight(day) - _EPOCH) // _SECOND


def _lines(tree: Node) -> str:
    """Lines of cells, none of them quoted; what is no row is a line by itself."""
    rows: list[Any] = tree if isinstance(tree, list) else [tree]
    lines = (",".join(map(_cell, row)) if isinstance(row, list) else _cell(row) for row in rows)
    return "\n".join(lines) + "\n"


def _cell(value: Node) -> str:
    return "" if value is None else str(value)
