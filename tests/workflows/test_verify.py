"""Receipts made again: whole ones hold, and no byte of one can be changed without being named."""

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from automoney.errors import BudgetSpent, ModelsUnavailable, Unknown
from automoney.market.snapshot import Snapshot
from automoney.ports.models import Question, Spender
from automoney.trading.account import Account
from automoney.trading.judgement import Score
from automoney.trading.receipts.bodies import RunReceipt, receipt_from
from automoney.trading.receipts.chains import breaks
from automoney.trading.receipts.places import changed_byte
from automoney.workflows.receipts import KeptReceipts
from automoney.workflows.verify import Fault, Verdict, verify
from automoney.workflows.witness import Witness
from tests.agents.recorded import snapshots
from tests.fakes_models import FakeModels, Saying
from tests.fakes_receipts import FakeArchive, Ledger, OneByOne

START = datetime(2025, 8, 1, tzinfo=UTC)
RUNS = 6
MACRO = frozenset({"fed_funds", "m2", "us10y", "us2y", "cpi", "dollar_index", "fear_greed"})


@pytest.fixture(scope="module")
def seen(market_data: Path) -> list[dict[str, Snapshot]]:
    """What six runs a week apart saw; the third without any macro series."""
    both = zip(
        snapshots(market_data, "BTC", start=START),
        snapshots(market_data, "ETH", start=START),
        strict=True,
    )
    runs = [{"BTC": btc, "ETH": eth} for btc, eth in islice(both, RUNS)]
    runs[2] = {asset: without(snapshot, MACRO) for asset, snapshot in runs[2].items()}
    return runs


def without(snapshot: Snapshot, names: frozenset[str]) -> Snapshot:
    kept = {name: one for name, one in snapshot.series.items() if name not in names}
    return replace(snapshot, series=kept)


def accounts() -> dict[str, Account]:
    none = Decimal(0)
    return {
        "ada": Account(Decimal("100000.00"), Decimal(100_000), none, {}),
        "bob": Account(Decimal(2_500), Decimal(2_500), none, {}),
    }


@pytest.fixture(scope="module")
def kept(seen: list[dict[str, Snapshot]]) -> FakeArchive:
    """Those six runs, judged by the rules, and the parts of two users."""
    ledger = Ledger(accounts=accounts())
    for one in seen:
        ledger.run(one)
    return ledger.archive


@pytest.fixture
def archive(kept: FakeArchive) -> FakeArchive:
    """A copy that may be tampered with."""
    return FakeArchive(
        {name: list(chain) for name, chain in kept.runs.items()},
        {name: list(chain) for name, chain in kept.parts.items()},
        dict(kept.kept),
        {name: list(users) for name, users in kept.executed.items()},
    )


def names(archive: FakeArchive) -> list[str]:
    return [one.execution_id for one in archive.runs["hodl-wave"]]


def checked(archive: FakeArchive, name: str) -> Verdict:
    return verify(name, archive=archive, panel_of=OneByOne)


def test_every_run_and_part_holds(archive: FakeArchive) -> None:
    for name in names(archive):
        verdict = checked(archive, name)

        assert verdict.ok, verdict.findings
        assert [one.what for one in verdict.receipts] == [
            f"the receipt of {name}",
            f"ada's receipt of {name}",
            f"bob's receipt of {name}",
        ]
        assert verdict.links == 3 * RUNS
        assert verdict.blobs > 20
        assert verdict.readings > 3_000 or name == names(archive)[2]


def test_a_score_that_was_used_again_is_used_again(archive: FakeArchive) -> None:
    third = archive.run(names(archive)[2])
    assert third is not None
    assert b'"judged_at":"2025-08-08T00:00:00Z"' in third.body  # the week before

    assert checked(archive, names(archive)[2]).ok


def flips(body: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    """The body with one bit of one byte turned over, at `count` places."""
    chosen = random.Random(20250901)
    for offset in sorted(chosen.sample(range(len(body)), count)):
        byte = body[offset] ^ (1 << chosen.randrange(8))
        yield offset, body[:offset] + bytes([byte]) + body[offset + 1 :]


@pytest.mark.parametrize(("user", "count"), [("ada", 15), ("bob", 15), (None, 10)])
def test_a_byte_that_tips_over_is_named(archive: FakeArchive, user: str | None, count: int) -> None:
    name = names(archive)[3]
    filed = archive.part(name, user) if user else archive.run(name)
    assert filed is not None
    for offset, body in flips(filed.body, count):
        if user:
            archive.change_part(user, name, body)
        else:
            archive.change_run(name, body)

        verdict = verify(name, [user] if user else [], archive=archive, panel_of=OneByOne)

        changed = [one for one in verdict.findings if one.fault is Fault.CHANGED]
        assert [one.execution_id for one in changed] == [name]
        assert changed[0].place is not None
        assert changed[0].place.offset == offset


def test_every_byte_of_a_part_is_found_by_the_chain_alone(archive: FakeArchive) -> None:
    """Each byte in turn, and for some the place as well: the rest is the same search."""
    name = names(archive)[0]
    filed = archive.part(name, "bob")
    assert filed is not None
    digest = sha256(filed.body).digest()
    for offset, byte in enumerate(filed.body):
        body = filed.body[:offset] + bytes([byte ^ 4]) + filed.body[offset + 1 :]
        archive.change_part("bob", name, body)

        assert [one.number for one in breaks(archive.part_chain("bob"), parts=True)] == [1]
        if offset % 25 == 0:
            place = changed_byte(body, digest.__eq__)
            assert place is not None
            assert place.offset == offset


@pytest.mark.parametrize(
    ("before", "after", "path", "expected", "found"),
    [
        # what follows from other things: the first byte of it that differs
        (b'"signal":"BUY"', b'"signal":"SELL"', "$.part.decisions[0].signal", '"BUY"', '"SELL"'),
        (b'"user_id":"ada"', b'"user_id":"eve"', "$.user_id", '"ada"', '"eve"'),
        (b'"asset":"ETH","at"', b'"asset":"XRP","at"', None, "", ""),
        # an input: where it first shows in what follows from it
        (b'"cash":"100000.00"', b'"cash":"500000.00"', "$.part.after.cash", '"', '"'),
    ],
)
def test_a_change_of_several_bytes_is_placed_where_it_first_shows(
    archive: FakeArchive,
    before: bytes,
    after: bytes,
    path: str | None,
    expected: str,
    found: str,
) -> None:
    name = names(archive)[0]
    filed = archive.part(name, "ada")
    assert filed is not None
    assert before in filed.body
    archive.change_part("ada", name, filed.body.replace(before, after))

    verdict = verify(name, ["ada"], archive=archive, panel_of=OneByOne)

    faults = {one.fault: one for one in verdict.findings}
    assert Fault.CHANGED in faults
    assert Fault.DIFFERS in faults
    place = faults[Fault.DIFFERS].place
    if path is not None:
        assert place is not None
        assert place.path == path
        assert place.expected.startswith(expected)
        assert place.found.startswith(found)


def test_a_run_that_is_changed_consistently_is_caught_by_its_chain_and_its_followers(
    archive: FakeArchive, seen: list[dict[str, Snapshot]]
) -> None:
    """Somebody makes another run of it, and links it anew: every follower's chain objects."""
    forged = Ledger(accounts=accounts())
    forged.run({asset: without(one, frozenset({"mvrv"})) for asset, one in seen[0].items()})
    name = names(archive)[0]
    (new,) = forged.archive.runs["hodl-wave"]
    archive.kept.update(forged.archive.kept)
    archive.runs["hodl-wave"][0] = new

    verdict = checked(archive, name)

    changed = [one.what for one in verdict.findings if one.fault is Fault.CHANGED]
    assert changed == [
        "the receipts of hodl-wave, number 2",
        "ada's receipts, number 1",
        "bob's receipts, number 1",
    ]


@pytest.mark.parametrize("put", [b"{{", b"\xff\xff"])
def test_a_receipt_that_is_no_json_is_placed(archive: FakeArchive, put: bytes) -> None:
    name = names(archive)[1]
    filed = archive.part(name, "bob")
    assert filed is not None
    archive.change_part("bob", name, filed.body[:500] + put + filed.body[502:])

    verdict = verify(name, ["bob"], archive=archive, panel_of=OneByOne)

    (unreadable,) = (one for one in verdict.findings if one.fault is Fault.UNREADABLE)
    assert unreadable.place is not None
    assert 500 <= unreadable.place.offset <= 520


def test_a_part_that_was_taken_away_is_missed(archive: FakeArchive) -> None:
    name = names(archive)[-1]
    del archive.parts["bob"][-1]

    verdict = checked(archive, name)

    (finding,) = verdict.findings
    assert (finding.what, finding.fault) == (f"bob's receipt of {name}", Fault.MISSING)


def test_a_look_comes_out_the_same_and_has_no_parts(seen: list[dict[str, Snapshot]]) -> None:
    ledger = Ledger(accounts=accounts())
    name = ledger.run(seen[0], look=True).execution_id

    verdict = checked(ledger.archive, name)

    assert name == "hodl-wave:2025-08-01T00:00:00Z:look"
    assert verdict.ok, verdict.findings
    assert len(verdict.receipts) == 1


def test_blobs_are_hashed_and_missed(archive: FakeArchive) -> None:
    name = names(archive)[4]
    filed = archive.run(name)
    assert filed is not None
    snapshot = receipt_from(RunReceipt, filed.body).snapshots["ETH"]
    whole = archive.kept[snapshot]
    archive.kept[snapshot] = whole.replace(b"binance", b"bitstamp")

    changed = checked(archive, name)
    del archive.kept[snapshot]
    gone = checked(archive, name)

    assert [(one.what, one.fault) for one in changed.findings] == [
        (f"blob {snapshot}", Fault.CHANGED)
    ]
    assert [(one.what, one.fault) for one in gone.findings] == [(f"blob {snapshot}", Fault.MISSING)]


def test_other_judges_than_those_of_the_run_do_not_agree(archive: FakeArchive) -> None:
    """As after an upgrade that changes a rule: the chain holds, and the place is told."""

    class Gloomy:
        def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
            scores = OneByOne().judge(snapshot)
            return {name: one and replace(one, value=-50.0) for name, one in scores.items()}

    verdict = verify(names(archive)[0], [], archive=archive, panel_of=lambda _: Gloomy())

    (finding,) = verdict.findings
    assert finding.fault is Fault.DIFFERS
    assert finding.place is not None
    assert finding.place.path == "$.views[0].conviction"


def test_what_is_not_known_is_told_with_what_is(archive: FakeArchive) -> None:
    with pytest.raises(Unknown, match="2025-09-05T00:00Z"):
        checked(archive, "hodl-wave:2001-01-01T00:00Z")
    with pytest.raises(Unknown, match="ada, bob"):
        verify(names(archive)[0], ["eve"], archive=archive, panel_of=OneByOne)


# ---------------------------------------------------------------- models


def opinion(question: Question) -> str:
    name = json.loads(json.dumps(question.schema))["properties"]["factors"]["items"]["properties"][
        "name"
    ]["enum"][0]
    factors = [{"name": name, "contribution": 33.25}]
    return json.dumps(
        {"score": 33.25, "confidence": 0.7, "reasoning": "It looks fine.", "factors": factors}
    )


@pytest.mark.parametrize(
    ("sayings", "judge", "fell_back", "answers"),
    [
        ([opinion], "model", False, 6),
        (["no", opinion], "model", False, 7),
        (["no"], "rules", True, 12),
        ([ModelsUnavailable("openai: timed out")], "rules", True, 0),
        ([BudgetSpent("day 2025-08-01", Decimal("1.5"), Decimal("1.49"))], "rules", True, 0),
        ([opinion, opinion, ModelsUnavailable("gone")], None, None, 2),
    ],
)
def test_what_models_said_is_said_again(
    seen: list[dict[str, Snapshot]],
    sayings: list[Saying],
    judge: str | None,
    fell_back: bool | None,
    answers: int,
) -> None:
    witness = Witness(FakeModels(sayings))
    ledger = Ledger(receipts=KeptReceipts(witness), accounts=accounts(), models=witness)
    judgement = ledger.run(seen[0])
    if judge is not None:
        scores = [one for view in judgement.views.values() for one in view.scores.values()]
        assert scores[-1].judge == judge
        assert scores[-1].fell_back is fell_back

    verdict = verify(judgement.execution_id, archive=ledger.archive, panel_of=OneByOne)

    assert verdict.ok, verdict.findings
    assert verdict.answers == answers


def test_an_answer_that_was_changed_is_named(seen: list[dict[str, Snapshot]]) -> None:
    witness = Witness(FakeModels([opinion]))
    ledger = Ledger(receipts=KeptReceipts(witness), models=witness)
    name = ledger.run(seen[0]).execution_id
    kept = ledger.archive.kept
    (answer, *_) = (blob for blob, body in kept.items() if b"It looks fine." in body)
    kept[answer] = kept[answer].replace(b"fine", b"grim")

    verdict = verify(name, archive=ledger.archive, panel_of=OneByOne)

    assert [(one.what, one.fault) for one in verdict.findings] == [
        (f"blob {answer}", Fault.CHANGED)
    ]


def test_a_run_that_was_given_up_leaves_nothing_to_the_next(
    seen: list[dict[str, Snapshot]],
) -> None:
    witness = Witness(FakeModels([opinion]))
    question = Question("judge", "macro-1/frame-1", "system", "text", schema={"properties": {}})
    for number in range(40):
        with suppress(KeyError):  # no factors to name: the model is of no use here
            witness.ask(question, Spender(START, execution_id=f"given up {number}"))
    ledger = Ledger(receipts=KeptReceipts(witness), models=witness)

    name = ledger.run(seen[0]).execution_id

    assert verify(name, archive=ledger.archive, panel_of=OneByOne).answers == 6
