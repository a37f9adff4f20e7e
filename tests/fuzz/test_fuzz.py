"""Whatever a source sends is taken clean, taken and flagged, or rejected with a reason."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pytest

from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.stores.readings import PostgresReadings
from tests.fuzz.cases import PAYLOADS
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.outcomes import Verdict
from tests.fuzz.rooms import NAMES, Fuzz
from tests.fuzz.slices import Tally, in_a_process
from tests.fuzz.wire import WIRE
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]  # fixtures

_SLICE = 2_500
# A fuzz of which all is rejected, or nothing, proves nothing: the least shares of each verdict.
_LEAST = {Verdict.CLEAN: 0.10, Verdict.FLAGGED: 0.01, Verdict.REJECTED: 0.30}


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("source", NAMES)
def test_every_payload_is_taken_flagged_or_rejected_with_a_reason(
    source: str, processes: ProcessPoolExecutor, market_data: Path, database: Database
) -> None:
    slices = [range(first, first + _SLICE) for first in range(0, PAYLOADS, _SLICE)]
    found = Tally()
    for part in processes.map(in_a_process, repeat(market_data), repeat(source), slices):
        found += part

    assert not found.wrong, "\n".join(found.wrong)
    assert not found.refused, "\n".join(found.refused)
    assert found.verdicts.total() == PAYLOADS
    shares = {verdict: found.verdicts[verdict] / PAYLOADS for verdict in Verdict}
    assert all(shares[verdict] >= least for verdict, least in _LEAST.items()), shares
    # Fills come with the first price, and one price has no other to jump from.
    kinds = {kind for kind, _ in found.kinds}
    assert all(found.kinds[kind, verdict] for kind in kinds for verdict in _ENDS), found.kinds
    made = {change.__name__ for change, _ in (*MUTATIONS, *WIRE)}
    assert set(found.mutations) == made
    _store(database, found)
    assert _not_finite(database) == {}


_ENDS = (Verdict.CLEAN, Verdict.REJECTED)


def test_a_payload_is_the_same_one_every_time(market_data: Path) -> None:
    for source in NAMES:
        first, again = (Fuzz.on(market_data, _keep).of(source) for _ in range(2))
        for index in (0, 1, 17, PAYLOADS - 1):
            one, other = first.mutant(index), again.mutant(index)
            assert (one.sent, one.mutations) == (other.sent, other.mutations)
        assert first.mutant(2).sent != first.mutant(3).sent


def _keep(owner: object, name: str, value: object) -> None:
    """No table has to be cut down to build payloads."""


def _store(database: Database, found: Tally) -> None:
    candles, marks = PostgresCandles(database), PostgresMarks(database)
    readings = PostgresReadings(database)
    assert len(found.kept) > PAYLOADS / 1_000
    for outcome in found.kept:
        candles.put(outcome.candles)
        marks.put_marks(outcome.marks)
        readings.put_readings(outcome.readings)


def _not_finite(database: Database) -> dict[str, int]:
    """By column with numbers how many of them are NaN or infinite, where any are."""
    found = {}
    with database.connection() as connection:
        columns = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('numeric', 'double precision')"
        ).fetchall()
        stored = 0
        for table, column in columns:
            row = connection.execute(
                f"SELECT count({column}), count(*) FILTER (WHERE {column}::float8 IN"
                f" ('NaN', 'Infinity', '-Infinity')) FROM {table}"
            ).fetchone()
            assert row is not None
            stored += row[0]
            if row[1]:
                found[f"{table}.{column}"] = row[1]
    assert stored > 100
    return found
