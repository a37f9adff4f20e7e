"""One recording for all, since reading it takes longer than most tests."""

from bisect import bisect_left
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.backtest.market import RecordedMarket
from infra.local.world.bars import Bars, Tape
from infra.local.world.clock import micros
from infra.local.world.ladder import Ladder
from infra.local.world.recording import Recording, load_recording
from infra.local.world.tables import Table
from tests.llm.conftest import _model_server, served
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["_model_server", "database", "migrated", "migrated_url", "served"]

_MONTHS = (2018, 10), (2020, 5)


@pytest.fixture(scope="session")
def recording(market_data: Path) -> Recording:
    return load_recording(market_data, ("BTC", "ETH"))


@pytest.fixture(scope="session")
def months(recording: Recording) -> Recording:
    """The recording from 2019 to spring 2020: as much as a judge looks back, and soon read."""
    begin, end = (micros(datetime(year, month, 1, tzinfo=UTC)) for year, month in _MONTHS)

    def bars(given: Bars) -> Bars:
        return given.cut(given.opened_before(begin), given.closed(end))

    def table(given: Table) -> Table:
        first, stop = bisect_left(given.periods, begin), bisect_left(given.periods, end)
        columns = {name: column[first:stop] for name, column in given.columns.items()}
        return Table(given.periods[first:stop], given.known_at[first:stop], columns)

    def ladder(given: Ladder) -> Ladder:
        cut = {frame: bars(one) for frame, one in given.bars.items()}
        some = {frame: bars(one) for frame, one in given.given.items()}
        some = {frame: one for frame, one in some.items() if len(one)}
        return Ladder(given.asset, some, cut, Tape(bars(given.tape.bars), [], []))

    assert recording.sentiment is not None
    return Recording(
        recording.world,
        {asset: ladder(one) for asset, one in recording.ladders.items()},
        {asset: table(one) for asset, one in recording.onchain.items()},
        {},
        {name: table(one) for name, one in recording.macro.items()},
        table(recording.sentiment),
    )


@pytest.fixture(scope="session")
def market(recording: Recording) -> RecordedMarket:
    return RecordedMarket.of(recording)
