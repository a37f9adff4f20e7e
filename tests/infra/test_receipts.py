"""`./dev verify` and `./dev explain` on what a demo of two days kept, as a person uses them."""

import json
import os
import subprocess
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import pytest
from psycopg.sql import SQL

from automoney import wiring
from automoney.workflows.verify import verify
from infra.local.joining import joined
from tests.infra.test_demo import ROOT, dev

LAST = "hodl-wave:2025-09-21T20:00Z"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, market_data: Path) -> Path:
    """A state folder in which a demo of two days was played."""
    folder = tmp_path_factory.mktemp("receipts") / "state"
    dev("demo", "--days", "2", "--json", "--state", str(folder), data=market_data)
    return folder


@pytest.fixture(scope="module")
def kept(state: Path) -> Iterator[Path]:
    """The same, with its database up: as while a runtime is running."""
    with joined(Namespace(state=state, database_url=None)):
        yield state


def runs() -> list[str]:
    return list(wiring.archive().newest("hodl-wave", 100))


@contextmanager
def changed(table: LiteralString, statement: LiteralString) -> Iterator[None]:
    """Change a table behind its store's back, for the block."""
    with wiring.database().connection() as connection:
        connection.execute(SQL("CREATE TABLE saved AS TABLE {}").format(SQL(table)))
        connection.execute(statement)
    try:
        yield
    finally:
        with wiring.database().transaction() as connection:
            connection.execute("SET LOCAL session_replication_role = replica")  # past references
            connection.execute(SQL("DELETE FROM {}").format(SQL(table)))
            connection.execute(SQL("INSERT INTO {} TABLE saved").format(SQL(table)))
            connection.execute("DROP TABLE saved")


def test_it_works_on_a_state_that_nobody_uses(state: Path, market_data: Path) -> None:
    told = dev("verify", LAST, "--state", str(state), data=market_data)

    assert told.startswith(f"OK  {LAST} comes out the same, byte for byte.")


@pytest.mark.usefixtures("kept")
def test_every_run_of_the_demo_and_every_part_comes_out_the_same() -> None:
    assert len(runs()) == 12
    for name in runs():
        verdict = verify(name, archive=wiring.archive(), panel_of=wiring.judges_again)

        assert verdict.ok, verdict.findings
        assert len(verdict.receipts) == 3
        assert verdict.links == 3 * 12


def test_a_state_in_use_is_joined(kept: Path, market_data: Path) -> None:
    told = json.loads(dev("verify", LAST, "--json", "--state", str(kept), data=market_data))

    assert told["ok"] is True
    assert told["readings"] > 3_000
    assert [one["number"] for one in told["receipts"]] == [12, 12, 12]


@pytest.mark.usefixtures("kept")
def test_what_is_kept_is_small() -> None:
    with wiring.database().connection() as connection:
        row = connection.execute(
            "SELECT (SELECT sum(pg_column_size(body)) FROM blobs),"
            " (SELECT sum(pg_column_size(body)) FROM receipts),"
            " (SELECT avg(pg_column_size(body)) FROM part_receipts)"
        ).fetchone()
    assert row is not None
    blobs, receipts, part = (float(one) for one in row)
    # Most of the blobs are the first run's: what comes later is a day at either end of a series.
    assert blobs + receipts < 2 * 100_000
    assert part < 1_500


def test_the_note_says_what_the_books_say(kept: Path, market_data: Path) -> None:
    trades, _ = wiring.history().trades("bob", limit=10, cursor=None)
    name = trades[0]["executionId"]
    told = explained(kept, market_data, name, "--user", "bob")

    mine = [one for one in trades if one["executionId"] == name]
    part = told["part"]
    names = ("asset", "action", "price", "quantity", "notional", "fee", "at")
    assert sorted([one[x] for x in names] for one in part["trades"]) == sorted(
        [one[x] for x in names] for one in mine
    )
    decisions, _ = wiring.history().decisions("bob", limit=100, cursor=None)
    assert {one["asset"]: (one["rule"], one["reasoning"]) for one in part["decisions"]} == {
        one["asset"]: (one["rule"], one["reasoning"])
        for one in decisions
        if one["executionId"] == name
    }
    assert told["others"] == ["ada"]

    note = dev("explain", name, "--user", "bob", "--state", str(kept), data=market_data)
    said = " ".join(note.split())
    for sentence in told["summary"]:
        assert sentence in said
    assert said.startswith(told["summary"][0])
    for step in told["steps"]:
        assert step["name"] in said
    for agent in ("macro", "onchain", "technical"):
        assert told["assets"]["BTC"]["scores"][agent]["reasoning"] in said


def test_without_a_name_it_is_the_local_users_part(kept: Path, market_data: Path) -> None:
    told = explained(kept, market_data, LAST)

    assert (told["part"]["userId"], told["others"]) == ("ada", ["bob"])
    assert [one["name"] for one in told["steps"]][:3] == ["preconditions", "context", "data"]


def test_a_run_that_did_not_come_to_a_judgement_is_explained(kept: Path, market_data: Path) -> None:
    aborted = (
        "INSERT INTO executions (execution_id, strategy_id, slot_at, status, reason, fence)"
        " VALUES ('hodl-wave:2025-09-30T00:00Z', 'hodl-wave', '2025-09-30Z', 'aborted',"
        " 'no price of BTC', 1)"
    )
    words = ("hodl-wave:2025-09-30T00:00Z", "--state", str(kept))
    with changed("executions", aborted):
        note = dev("explain", *words, data=market_data)
        refused = dev("verify", *words, data=market_data, fails=2)

    assert "aborted, because no price of BTC." in " ".join(note.split())
    assert LAST in refused


@pytest.mark.parametrize("verb", ["verify", "explain"])
def test_an_unknown_run_or_user_lists_the_known(kept: Path, market_data: Path, verb: str) -> None:
    state = ("--state", str(kept))
    run = dev(verb, "hodl-wave:2001-01-01T00:00Z", *state, data=market_data, fails=2)
    user = dev(verb, LAST, "--user", "eve", *state, data=market_data, fails=2)

    assert f"{LAST}" in run
    assert "one of ada, bob" in user


def test_a_folder_without_a_database_is_refused(tmp_path: Path, market_data: Path) -> None:
    told = dev("verify", LAST, "--state", str(tmp_path / "none"), data=market_data, fails=2)

    assert "--state was" in told
    assert not (tmp_path / "none").exists()


def test_what_was_tampered_with_is_named(kept: Path, market_data: Path) -> None:
    sold = (
        "UPDATE part_receipts SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        """ '"signal":"HOLD"', '"signal":"SELL"'), 'UTF8')"""
        " WHERE user_id = 'ada' AND number = 12"
    )
    with changed("part_receipts", sold):
        done = ran("verify", LAST, "--json", "--state", str(kept), data=market_data)
        note = ran("verify", LAST, "--state", str(kept), data=market_data)

    assert (done.returncode, note.returncode) == (1, 1)
    told = json.loads(done.stdout)
    findings = {one["fault"]: one for one in told["findings"]}
    assert set(findings) == {"changed", "differs"}
    assert all("ada" in one["what"] for one in told["findings"])
    place = findings["differs"]["place"]
    assert place["path"] == "$.part.decisions[0].signal"
    assert place["expected"].startswith('"HOLD"')
    assert place["found"].startswith('"SELL"')
    assert note.stdout.startswith(f"NOT OK  {LAST}: 2 things wrong.")
    assert f"first byte: {place['offset']}, at {place['path']}" in note.stdout


def test_a_last_receipt_that_was_taken_away_is_missed(kept: Path, market_data: Path) -> None:
    with changed("receipts", "DELETE FROM receipts WHERE number = 12"):
        done = dev("verify", LAST, "--state", str(kept), data=market_data, fails=1)
    with changed("part_receipts", "DELETE FROM part_receipts WHERE user_id = 'bob'"):
        part = ran("verify", LAST, "--state", str(kept), data=market_data)

    assert f"{LAST} was judged, but there is no receipt of it" in done
    assert part.returncode == 1
    assert f"missing: bob's receipt of {LAST}: it is gone" in part.stdout


def ran(*words: str, data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "dev"), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "AUTOMONEY_MARKET_DATA": str(data)},
    )


def explained(state: Path, data: Path, name: str, *words: str) -> dict[str, Any]:
    told = dev("explain", name, "--json", "--state", str(state), *words, data=data)
    found: dict[str, Any] = json.loads(told)
    return found
