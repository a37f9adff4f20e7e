"""Receipts in Postgres: chains that hold, and a word for each way to break one."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import LiteralString

import pytest

from automoney.ports import Evidence
from automoney.stores.books import PostgresBooks
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.receipts import PostgresArchive, put_parts
from automoney.trading.judgement import Judgement
from automoney.trading.receipts.chains import breaks, linked
from tests.builders import NOON, judgement


def runs(count: int, strategy: str = "hodl-wave") -> Sequence[Judgement]:
    return [judgement(strategy=strategy, at=NOON.replace(minute=n)) for n in range(count)]


def keep(database: Database, runs: Sequence[Judgement], users: Sequence[str] = ()) -> None:
    """A receipt of each run, and of each user's part of it."""
    books, executions = PostgresBooks(database), PostgresExecutions(database)
    for user in users:
        books.open_account(user, at=NOON, paper_money=Decimal(100))
    for number, run in enumerate(runs):
        body = b'{"run":%d}' % number
        blob = b"seen %d" % (number // 2)
        evidence = Evidence(receipt=body, blobs={sha256(blob).hexdigest(): blob})
        executions.record(run, fence=number, evidence=evidence)
        with database.transaction() as connection:
            for user in users:
                put_parts(connection, run.execution_id, {user: b'{"part":"%s"}' % user.encode()})


def tamper(database: Database, statements: LiteralString) -> None:
    with database.transaction() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")  # past references
        connection.execute(statements)


def said(database: Database, *, user: str | None = None) -> list[tuple[int, str]]:
    archive = PostgresArchive(database)
    links = archive.part_chain(user) if user else archive.run_chain("hodl-wave")
    return [(one.number, one.detail) for one in breaks(links, parts=user is not None)]


def test_links_are_what_the_documentation_says(database: Database) -> None:
    keep(database, runs(2), ["ada"])
    archive = PostgresArchive(database)

    first, second = archive.run_chain("hodl-wave")
    part, _ = archive.part_chain("ada")

    assert first.link == linked("0" * 64, sha256(b'{"run":0}').hexdigest())
    assert second.link == linked(first.link, sha256(b'{"run":1}').hexdigest())
    assert part.link == linked("0" * 64, sha256(b'{"part":"ada"}').hexdigest(), first.link)
    assert [(one.number, one.execution_id) for one in (first, second)] == [
        (1, "hodl-wave:2025-09-08T12:00Z"),
        (2, "hodl-wave:2025-09-08T12:01Z"),
    ]


def test_chains_are_their_own_and_hold(database: Database) -> None:
    keep(database, runs(5), ["ada", "bob"])
    keep(database, runs(3, "high-freq"))

    for user in (None, "ada", "bob"):
        assert said(database, user=user) == []
    archive = PostgresArchive(database)
    assert [one.number for one in archive.run_chain("high-freq")] == [1, 2, 3]
    assert archive.newest("hodl-wave", 2) == [
        "hodl-wave:2025-09-08T12:04Z",
        "hodl-wave:2025-09-08T12:03Z",
    ]
    assert archive.users("hodl-wave:2025-09-08T12:04Z") == ["ada", "bob"]


def test_a_receipt_is_found_with_its_place(database: Database) -> None:
    keep(database, runs(2), ["ada"])
    archive = PostgresArchive(database)

    run = archive.run("hodl-wave:2025-09-08T12:01Z")
    part = archive.part("hodl-wave:2025-09-08T12:01Z", "ada")

    assert run is not None
    assert part is not None
    assert (run.chain, run.number, run.body) == ("hodl-wave", 2, b'{"run":1}')
    assert (part.chain, part.number, part.body) == ("ada", 2, b'{"part":"ada"}')
    assert archive.run("hodl-wave:2025-09-08T12:09Z") is None
    assert archive.part("hodl-wave:2025-09-08T12:01Z", "bob") is None


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE receipts SET body = '{}' WHERE number = 3", [(3, "receipt 3 is not as it was")]),
        ("DELETE FROM receipts WHERE number = 3", [(4, "receipt 3 before it is missing")]),
        (
            "DELETE FROM receipts WHERE number IN (2, 3)",
            [(4, "receipt 2 to 3 before it is missing")],
        ),
        (
            "UPDATE receipts SET link = repeat('a', 64) WHERE number = 2",
            [(2, "receipt 2 is not as it was")],
        ),
        (  # one taken out, and the gap closed
            "DELETE FROM receipts WHERE number = 5;"
            " UPDATE receipts SET number = 5 WHERE number = 6",
            [(5, "receipt 5 is not as it was")],
        ),
        (  # two change places
            "UPDATE receipts SET number = CASE number WHEN 2 THEN 103 ELSE 102 END"
            " WHERE number IN (2, 3); UPDATE receipts SET number = number - 100"
            " WHERE number > 100",
            [(2, "receipt 2 is not as it was"), (3, "receipt 3 is not as it was")],
        ),
    ],
)
def test_what_was_done_to_a_chain_is_named(
    database: Database, statement: LiteralString, found: list[tuple[int, str]]
) -> None:
    keep(database, runs(6))
    tamper(database, statement)

    told = said(database)

    assert [
        (number, detail[: len(start)])
        for (number, detail), (_, start) in zip(told[: len(found)], found, strict=True)
    ] == found


def test_a_run_that_was_taken_away_is_missed_by_its_followers(database: Database) -> None:
    keep(database, runs(3), ["ada"])
    tamper(database, "DELETE FROM receipts WHERE number = 3")

    assert said(database) == [], "nothing follows the last one"
    assert [number for number, _ in said(database, user="ada")] == [3]


def test_what_several_runs_saw_is_kept_once_and_compressed(database: Database) -> None:
    keep(database, runs(6))
    archive = PostgresArchive(database)
    names = [sha256(b"seen %d" % number).hexdigest() for number in range(3)]

    assert archive.blobs([*names, "0" * 64]) == {
        name: b"seen %d" % number for number, name in enumerate(names)
    }
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM blobs").fetchone() == (3,)


def test_a_blob_that_is_no_blob_is_given_as_it_is(database: Database) -> None:
    keep(database, runs(1))
    tamper(database, "UPDATE blobs SET body = 'plain'")

    (body,) = PostgresArchive(database).blobs([sha256(b"seen 0").hexdigest()]).values()

    assert body == b"plain"


def test_a_long_chain_is_read_to_its_end(database: Database) -> None:
    run = judgement()
    PostgresExecutions(database).record(run, fence=1, evidence=Evidence())
    with database.transaction() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO receipts SELECT 'long', number, 'run ' || number, '', repeat('0', 64)"
            " FROM generate_series(1, 2500) AS number"
        )

    assert [one.number for one in PostgresArchive(database).run_chain("long")] == [*range(1, 2501)]
