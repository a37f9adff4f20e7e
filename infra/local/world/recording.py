"""A recording: all that the world knows, past and future, loaded from a folder of files.

The folder's format: `binance/{ASSET}USDT-{1h,1d,5m}*.csv.gz`, `onchain/{asset}.csv`,
`onchain/{asset}-glassnode.csv`, `macro/{SERIES}.csv`, `sentiment/fear_greed.csv`, each of them as
.csv or .csv.gz.  Candles of an hour or a day of one asset must be there; what else is missing is
missing in this world too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from automoney.market.candles import Timeframe
from infra.local.world.bars import Bars
from infra.local.world.clock import moment
from infra.local.world.csv_files import BadRecording, read_candles, read_table, text_files
from infra.local.world.ladder import RECORDED_TIMEFRAMES, Ladder
from infra.local.world.tables import Table, after_publication, at_day_end, at_day_start

ONCHAIN_COLUMNS = (
    "price_usd",
    "market_cap_usd",
    "mvrv",
    "active_addresses",
    "exchange_inflow_btc",
    "exchange_outflow_btc",
    "nvt_proxy",
    "hash_rate",
)
GLASSNODE_COLUMNS = ("mvrv_z_score", "nvt", "exchange_netflow_btc", "active_addresses")
SENTIMENT_COLUMNS = ("value", "classification")


@dataclass(frozen=True, slots=True)
class Recording:
    """What happened in a world that is `recorded` or `synthetic`.

    By asset (`BTC`): `ladders` of candles, `onchain` values and Glassnode's own; by FRED's name
    `macro` series.  What is absent was not recorded.
    """

    world: str
    ladders: Mapping[str, Ladder]
    onchain: Mapping[str, Table] = field(default_factory=dict)
    glassnode: Mapping[str, Table] = field(default_factory=dict)
    macro: Mapping[str, Table] = field(default_factory=dict)
    sentiment: Table | None = None

    @property
    def begins(self) -> datetime:
        """When the daily candles of all assets have begun."""
        return moment(max(ladder.begins for ladder in self.ladders.values()))

    @property
    def ends(self) -> datetime:
        """The first moment that the finest candles of some asset do not cover any more."""
        return moment(min(ladder.ends for ladder in self.ladders.values()))

    @property
    def glassnode_until(self) -> datetime | None:
        """The end of the last day for which Glassnode has a value of any asset."""
        ends = [table.ends for table in self.glassnode.values()]
        return moment(max(ends)) if ends else None


def load_recording(
    folder: Path, assets: Sequence[str], *, macro: Collection[str] | None = None
) -> Recording:
    """Read and check all files of those assets; raises BadRecording at the first thing wrong.

    Of the macro series only those in `macro` are read, by FRED's names; None is all.
    """
    ladders = {}
    for asset in assets:
        given = {
            timeframe: _candles(folder / "binance", f"{asset}USDT-{timeframe}", timeframe)
            for timeframe in RECORDED_TIMEFRAMES
        }
        if len(given[Timeframe.H1]) or len(given[Timeframe.D1]):
            ladders[asset] = Ladder.of(asset, given)
    if not ladders:
        wanted = [
            f"binance/{asset}USDT-{frame}.csv.gz" for asset in assets for frame in ("1h", "1d")
        ]
        raise BadRecording(f"{folder}: no candles; looked for {', '.join(wanted)} (or .csv)")
    return Recording(
        "recorded",
        ladders,
        onchain=_by_asset(folder, assets, "", ONCHAIN_COLUMNS),
        glassnode=_by_asset(folder, assets, "-glassnode", GLASSNODE_COLUMNS),
        macro=_macro(folder / "macro", macro),
        sentiment=_sentiment(folder / "sentiment"),
    )


def _candles(folder: Path, stem: str, timeframe: Timeframe) -> Bars:
    """The bars of all files for one asset and timeframe, which must not overlap."""
    found = [(path, read_candles(path, timeframe)) for path in _variants(folder, stem)]
    found = sorted(
        ((path, bars) for path, bars in found if len(bars)), key=lambda it: it[1].opens[0]
    )
    for (earlier, before), (path, bars) in pairwise(found):
        if bars.opens[0] < before.ends[-1]:
            raise BadRecording(f"{path}:2: starts before {earlier.name} ends")
    return Bars.joined(bars for _, bars in found)


def _variants(folder: Path, stem: str) -> Iterable[Path]:
    """`stem` itself and `stem` with a remark behind a dash, such as BTCUSDT-5m-2021-03."""
    return sorted([*text_files(folder, stem), *text_files(folder, f"{stem}-*")])


def _by_asset(
    folder: Path, assets: Sequence[str], ending: str, known: Sequence[str]
) -> dict[str, Table]:
    tables = {}
    for asset in assets:
        for path in text_files(folder / "onchain", f"{asset.lower()}{ending}"):
            found = read_table(path, "date", known, exact=False)
            if found.days:
                tables[asset] = at_day_end(found.days, found.values)
    return tables


def _macro(folder: Path, wanted: Collection[str] | None) -> dict[str, Table]:
    tables = {}
    for path in text_files(folder, "*"):
        series = path.name.partition(".")[0]
        if wanted is not None and series not in wanted:
            continue
        found = read_table(path, "observation_date", ("value",), exact=True)
        if found.days:
            tables[series] = after_publication(series, found.days, found.values)
    return tables


def _sentiment(folder: Path) -> Table | None:
    for path in text_files(folder, "fear_greed"):
        found = read_table(path, "date", SENTIMENT_COLUMNS, exact=True)
        if found.days:
            return at_day_start(found.days, found.values)
    return None
