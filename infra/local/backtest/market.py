"""A recording behind the ports that a run reads: what the collectors would have stored of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from automoney.market.candles import Timeframe
from automoney.stores.memory.candles import MemoryCandles
from automoney.stores.memory.marks import MemoryMarks
from automoney.stores.memory.readings import MemoryReadings
from automoney.workflows.snapshots import Market
from infra.local.backtest.candle_history import RecordedCandles
from infra.local.backtest.collecting import without_collecting
from infra.local.backtest.outlooks import RecordedOutlooks
from infra.local.backtest.remembered import RememberedSeries
from infra.local.backtest.series import MACRO, ONCHAIN, stored_readings
from infra.local.backtest.tape import RecordedTape, RecordedTrades
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording, load_recording

SOURCE = "binance"  # whose wire format a recording speaks
_STORED = (Timeframe.H1, Timeframe.H4, Timeframe.D1)


@dataclass(frozen=True, slots=True)
class RecordedMarket:
    """The stores, and what they span."""

    assets: tuple[str, ...]
    begins: datetime
    ends: datetime
    candles: MemoryCandles
    marks: MemoryMarks
    readings: MemoryReadings
    trades: RecordedTrades
    stored: Mapping[tuple[str, Timeframe], RecordedCandles]

    def market(self) -> Market:
        """What a run reads, quick for slots in their order."""
        series = RememberedSeries.over(self.readings)
        return Market(self.marks, RecordedOutlooks(self.stored), series)

    @classmethod
    def of(cls, recording: Recording, *, onchain: str = ONCHAIN[0]) -> "RecordedMarket":
        """Everything there is in the recording."""
        with without_collecting():
            readings = stored_readings(recording, tuple(recording.ladders), onchain=onchain)
            return cls.over(recording.ladders, readings, recording.begins, recording.ends)

    @classmethod
    def over(
        cls,
        ladders: Mapping[str, Ladder],
        readings: MemoryReadings,
        begins: datetime,
        ends: datetime,
    ) -> "RecordedMarket":
        """Of these candles and readings."""
        stored = {
            (asset, timeframe): RecordedCandles(asset, timeframe, ladder.bars[timeframe], SOURCE)
            for asset, ladder in ladders.items()
            for timeframe in _STORED
        }
        tapes = {
            asset: RecordedTape(asset, SOURCE, ladder.tape.bars, stored[asset, Timeframe.H1])
            for asset, ladder in ladders.items()
        }
        return cls(
            tuple(ladders),
            begins,
            ends,
            MemoryCandles({key: bars.history() for key, bars in stored.items() if len(bars)}),
            MemoryMarks(given=tapes),
            readings,
            RecordedTrades(tapes),
            stored,
        )


def load_market(
    folder: Path, assets: tuple[str, ...], *, onchain: str = ONCHAIN[0]
) -> RecordedMarket:
    """Read a folder in the recordings' format; BadRecording for the first thing wrong in it."""
    with without_collecting():
        recording = load_recording(folder, assets, macro=MACRO)
    return RecordedMarket.of(recording, onchain=onchain)
