"""`./dev backfill` from the recorded world, as somebody at a terminal uses it, kills included."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from automoney import wiring
from automoney.market.candles import Mark, Timeframe
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.marks import PostgresMarks
from automoney.stores.readings import PostgresReadings
from automoney.stores.schema import migrate
from automoney.workflows.backfill import Report, backfill
from automoney.workflows.snapshots import Market
from infra.local.backfill import _LOCK
from infra.local.cli import main
from infra.local.services.state import State
from infra.local.worlds import Choice, World, launch
from tests.fakes import NoCache
from tests.services import fresh_database

ROOT = Path(__file__).resolve().parents[2]
FROM = "2019-07-01"
NEW_YEAR = datetime(2021, 1, 1, tzinfo=UTC)
# What is ours alone, such as when we wrote a row, is left out.
ROWS = {
    "candles": "SELECT * FROM candles ORDER BY asset, timeframe, open_time",
    "candle_histories": "SELECT * FROM candle_histories ORDER BY asset, timeframe",
    "readings": "SELECT * FROM readings ORDER BY series, asset, source, period, vintage",
    "backfills": "SELECT job, reached, row_count FROM backfills ORDER BY job",
}


class Place:
    """A database, a part of a Redis and a state folder for backfills of the recorded world."""

    def __init__(self, database_url: str, redis_url: str, state: Path, market_data: Path) -> None:
        self.database_url, self.redis_url, self.state = database_url, redis_url, state
        self.market_data = market_data

    def start(self, *words: str) -> "subprocess.Popen[str]":
        command = [str(ROOT / "dev"), "backfill", "--world", f"recorded:{self.market_data}"]
        command += ["--state", str(self.state), "--database-url", self.database_url]
        command += ["--redis-url", self.redis_url, "--json", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str) -> tuple[int, dict[str, Any], list[str]]:
        """The exit status, what it printed, and the lines on standard error."""
        process = self.start(*words)
        out, errors = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out else {}, errors.splitlines()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        with psycopg.connect(self.database_url) as connection:
            return {name: connection.execute(query).fetchall() for name, query in ROWS.items()}

    def loaded(self) -> int:
        """How many rows have been committed so far."""
        with psycopg.connect(self.database_url) as connection:
            (there,) = connection.execute("SELECT to_regclass('backfills')").fetchone() or (None,)
            if there is None:
                return 0
            row = connection.execute("SELECT coalesce(sum(row_count), 0) FROM backfills").fetchone()
        return int(row[0]) if row else 0

    def wait_for(self, rows: int, process: "subprocess.Popen[str]") -> None:
        deadline = time.monotonic() + 60
        while self.loaded() < rows:
            assert process.poll() is None, f"it ended early: {process.communicate()}"
            assert time.monotonic() < deadline, f"no {rows} rows in time"
            time.sleep(0.01)

    @contextmanager
    def database(self) -> Iterator[Database]:
        found = Database.open(self.database_url, durable=False)
        yield found
        found.close()


@pytest.fixture(scope="module")
def redis_part(redis_url: str) -> str:
    """A numbered database of the Redis that tests share, for this module alone."""
    return urlunsplit(urlsplit(redis_url)._replace(path="/9"))


@pytest.fixture(scope="module")
def undisturbed(
    postgres_url: str,
    redis_part: str,
    market_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """Loaded to the end of the world in one go."""
    state = tmp_path_factory.mktemp("backfill") / "state"
    with fresh_database(postgres_url) as url:
        place = Place(url, redis_part, state, market_data)
        code, result, errors = place.run("--from", FROM)
        assert code == 0, errors
        assert result["failed"] == 0
        assert result["rows"]["new"] > 20_000
        assert all(one["agrees"] for one in result["indicators"])
        assert len(result["indicators"]) == 8
        yield place


@pytest.fixture
def place(undisturbed: Place, database_url: str) -> Place:
    """Another database, beside the same state folder."""
    return Place(database_url, undisturbed.redis_url, undisturbed.state, undisturbed.market_data)


@pytest.fixture(scope="module")
def world(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A recorded world in our own hands."""
    folder = tmp_path_factory.mktemp("world")
    launched = launch(
        Choice("recorded", market_data),
        State(folder / "state"),
        assets=("BTC", "ETH"),
        seed=1,
        clock_file=folder / "ours.clock",
    )
    try:
        found = launched.ready()
    except BaseException:
        launched.close()
        raise
    yield found
    found.close()


class Told:
    """Who is told, and remembers the waits."""

    def __init__(self) -> None:
        self.waited: list[tuple[str, float]] = []

    def waits(self, source: str, seconds: float, reason: str) -> None:
        self.waited.append((source, seconds))

    def came(self, report: Report) -> None: ...
    def ended(self, report: Report) -> None: ...


def load(
    world: World, place: Place, start: str, end: str, *names: str, told: Told | None = None
) -> tuple[Report, ...]:
    """Run the jobs here, as `./dev backfill` does, at the moment `end` of the world."""
    assert world.clock is not None
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end))
    world.clock.set(last)
    told = told or Told()
    environment = {
        **world.environment,
        "AUTOMONEY_DATABASE_URL": place.database_url,
        "AUTOMONEY_REDIS_URL": place.redis_url,
    }
    wiring.use(environment, wiring.Surroundings(market_clock=world.now, waits=told))
    try:
        migrate(wiring.database())
        jobs = wiring.backfill_jobs(first, last, names)
        return wiring.run(backfill(jobs, watcher=told, timer=time.monotonic))
    finally:
        wiring.leave()
        wiring.use(os.environ)


def test_killed_anywhere_it_ends_with_the_rows_of_an_undisturbed_run(
    undisturbed: Place, place: Place
) -> None:
    whole = undisturbed.loaded()
    for part in (0.02, 0.35, 0.7):
        process = place.start("--from", FROM)
        place.wait_for(int(whole * part), process)
        process.kill()
        process.communicate(timeout=30)
        assert place.loaded() < whole, "the drill came too late to disturb anything"
    process = place.start("--from", FROM)
    place.wait_for(int(whole * 0.85), process)
    process.send_signal(signal.SIGINT)  # Ctrl-C
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; the same command goes on from here"
    assert "Traceback" not in said

    code, result, errors = place.run("--from", FROM)
    assert code == 0, errors
    assert 0 < result["rows"]["new"] < whole
    expected, found = undisturbed.rows(), place.rows()
    for name in ROWS:
        assert found[name] == expected[name], name


def test_a_second_run_changes_nothing_and_leaves_the_state_s_clock_alone(
    undisturbed: Place,
) -> None:
    before = undisturbed.rows()
    code, result, errors = undisturbed.run("--from", FROM)
    assert code == 0, errors
    assert result["rows"] == {"fetched": 0, "new": 0, "changed": 0}
    assert undisturbed.rows() == before
    assert not (undisturbed.state / "world.clock").exists()
    assert not (undisturbed.state / "until").exists()


def test_a_replay_sees_no_future_and_an_earlier_start_or_later_end_adds_to_it(
    world: World, undisturbed: Place, place: Place
) -> None:
    """As of 2021 the whole history shows what one shows that ends there, made in three parts."""
    for start, end in (("2020-03-01", "2020-10-15"), (FROM, "2020-10-15"), (FROM, "2021-01-01")):
        reports = load(world, place, start, end)
        assert not any(report.error for report in reports)
        assert all(report.new for report in reports if report.wanted >= timedelta(days=7))
    found = []
    for one in (undisturbed, place):
        with one.database() as database:
            marks = PostgresMarks(database)
            at = NEW_YEAR - timedelta(minutes=1)
            marks.put_marks(
                Mark(asset, Decimal(price), at, "binance")
                for asset, price in (("BTC", 28923), ("ETH", 736))
            )
            candles, readings = PostgresCandles(database), PostgresReadings(database)
            market = Market.stored(candles, marks, readings, NoCache())
            found.append(market.snapshots(("BTC", "ETH"), (Timeframe.W1,), NEW_YEAR))
    assert found[0] == found[1]
    assert found[0]["BTC"].indicators.ema55 is not None
    assert len(found[0]["BTC"].series) >= 10


def test_of_two_at_once_the_second_says_so(place: Place) -> None:
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        code, _, errors = place.run("--from", FROM)
    assert (code, errors[-1]) == (1, "./dev: another backfill is loading into this database")
    with State(place.state).hold():
        code, _, errors = place.run("--from", FROM)
    assert (code, len(errors)) == (1, 1)
    assert f"already in use by process {os.getpid()}" in errors[0]


# ---------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(
            ("--source", "nobody"),
            "--source was 'nobody'; expected one of alternative_me, binance, coinmetrics, fred,"
            " fred_csv, glassnode",
            id="no such source",
        ),
        pytest.param(("--source", "coingecko"), "expected one of", id="it has no history"),
        pytest.param(
            ("--from", "2024-02-01", "--to", "2024-02-01"),
            "expected a time before 2024-02-01T00:00:00Z",
            id="nothing in between",
        ),
        pytest.param(("--to", "2999-01-01"), "at the latest", id="the future"),
        pytest.param(("--world", "mars"), "live, recorded:DIR, synthetic", id="no such world"),
    ],
)
def test_bad_input_is_told_in_one_line(
    words: Sequence[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    assert main(["backfill", "--world", "live", "--state", str(state), *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(("--assets", "DOGE"), "known are BTC, ETH", id="no such asset"),
        pytest.param(("--from", "yesterday"), "is not a day like", id="no such day"),
    ],
)
def test_a_bad_option_is_told_in_one_line(
    words: Sequence[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["backfill", *words])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line


def test_beyond_the_end_of_a_played_world_is_the_future(place: Place) -> None:
    code, _, errors = place.run("--to", "2025-10-01")
    assert (code, errors[-1]) == (
        2,
        "./dev: --to was '2025-10-01T00:00:00Z'; expected 2025-09-22T00:00:00Z at the latest",
    )


def test_a_source_that_wants_a_key_says_which(place: Place) -> None:
    code, _, errors = place.run("--source", "glassnode")
    assert code == 2
    assert "set AUTOMONEY_GLASSNODE_KEY" in errors[-1]


# ---------------------------------------------------------------- limits


def test_it_waits_as_long_as_a_source_asks_and_loses_nothing(world: World, place: Place) -> None:
    base = world.environment["AUTOMONEY_BINANCE_URL"].removesuffix("/binance")
    told = Told()
    with httpx.Client(base_url=base, trust_env=False) as client:
        for source, count, seconds in (("alternative-me", 2, "1"), ("binance", 1, "2")):
            fault = {
                "source": source,
                "kind": "status",
                "status": 429,
                "headers": {"Retry-After": seconds},
                "count": count,
            }
            client.post("/_faults", json=fault).raise_for_status()
        names = ("alternative_me", "binance")
        reports = load(world, place, "2020-06-15", "2021-01-01", *names, told=told)
        client.delete("/_faults").raise_for_status()

    assert not any(report.error for report in reports)
    fetched = {f"{one.source} {one.what}": one.fetched for one in reports}
    assert fetched["binance BTC 1d"] == 200
    assert fetched["alternative_me sentiment"] == 201  # the new year's comes out at midnight
    assert sorted({source for source, _ in told.waited}) == ["alternative_me", "binance"]
    assert len(told.waited) == 3
    assert all(1 <= seconds < 3 for _, seconds in told.waited)


def test_a_demo_over_a_backfilled_state_trades_as_one_over_an_empty_one(
    market_data: Path, tmp_path: Path
) -> None:
    """In our own Postgres, with years stored that lie ahead of the days that are played."""
    world = ("--world", f"recorded:{market_data}")
    state = ("--state", str(tmp_path / "state"))
    days = ("--from", "2021-05-10", "--days", "1")
    subprocess.run(
        [str(ROOT / "dev"), "backfill", *world, *state, "--from", "2017-08-17", "--json"],
        capture_output=True,
        check=True,
        timeout=180,
    )
    found = []
    for words in (state, ()):
        played = subprocess.run(
            [str(ROOT / "dev"), "demo", *world, *words, *days, "--json"],
            capture_output=True,
            check=True,
            text=True,
            timeout=180,
        )
        found.append(json.loads(played.stdout))
    over, fresh = found
    assert over["portfolios"]["ada"]["trades"]
    for name in ("runs", "decisions", "trades", "portfolios", "events_received"):
        assert over[name] == fresh[name], name
