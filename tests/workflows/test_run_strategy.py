"""A run does by rule what the description says for each kind of failure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from automoney.errors import BudgetSpent, LeaseHeld, SourceUnavailable
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score, execution_id
from automoney.trading.strategies import HODL_WAVE
from tests.builders import NOON, score
from tests.fakes import FakePanel
from tests.workflows.strategy_rooms import NAME, NEXT, SLOT, Room, scores


def test_three_good_scores_weigh_40_40_20_and_every_follower_gets_his_order() -> None:
    room = Room(scores(10, 20, 50))

    answer = room.take()

    assert (answer["outcome"], answer["handed"]) == ("judged", 2)
    assert room.view().conviction == Decimal("22")
    assert room.orders.handed == [(NAME, ["ada", "bob"])]
    assert room.panel.asked == [NAME]  # what models cost goes on the run's account


def test_a_stale_onchain_view_gives_way_to_its_last_good_one_at_50_20_30() -> None:
    judged = {**scores(10, 0, 50), "onchain": score("onchain", -90, degraded=True)}
    room = Room(judged, last={"onchain": score("onchain", 20, NOON - timedelta(hours=4))})

    assert room.run() == "judged"
    assert room.view().conviction == Decimal("24")  # 0.5 * 10 + 0.2 * 20 + 0.3 * 50
    used = room.view().scores["onchain"]
    assert (used.value, used.degraded, used.judged_at) == (20, True, NOON - timedelta(hours=4))


def test_an_agent_that_never_had_a_view_counts_as_neutral_and_degraded() -> None:
    room = Room({**scores(10, 0, 50), "onchain": None})

    assert room.run() == "judged"
    assert room.view().conviction == Decimal("20")  # 0.5 * 10 + 0.2 * 0 + 0.3 * 50
    assert room.view().degraded


@pytest.mark.parametrize(
    ("room", "status", "reason"),
    [
        pytest.param(
            Room(scores(1, 1, 1), lacking="no price of BTC"), "aborted", "no price", id="no data"
        ),
        pytest.param(
            Room(dict.fromkeys(("macro", "onchain", "technical"))),
            "aborted",
            "no agent",
            id="no agent at all",
        ),
        pytest.param(
            Room(scores(1, 1, 1), late=timedelta(seconds=601)), "skipped", "10:01", id="misfire"
        ),
        pytest.param(
            Room(scores(1, 1, 1), failing=BudgetSpent("day 2025-09-08", "1", "0.99")),
            "aborted",
            "the budget of day 2025-09-08 is spent: 0.99 of 1 dollars",
            id="budget",
        ),
    ],
)
def test_what_cannot_be_judged_is_recorded_told_and_left_to_the_next_slot(
    room: Room, status: str, reason: str
) -> None:
    assert room.run() == status
    assert (room.kept().status, room.kept().judgement) == (status, None)
    assert reason in (room.kept().reason or "")
    assert len(room.alerts.warned) == 1
    assert room.orders.handed == []

    room.lacking = room.market.lacking = room.panel.error = None
    room.panel.scores, room.late = scores(1, 1, 1), timedelta(seconds=2)
    assert room.take(NEXT)["outcome"] == "judged"


def test_a_second_delivery_hands_out_the_first_judgement_again() -> None:
    room = Room(scores(10, 20, 50))
    room.run()
    room.serve("ada")
    room.orders.handed.clear()
    room.panel.scores = scores(-99, -99, -99)
    steps = room.kept().steps

    assert room.run() == "known"
    assert room.view().conviction == Decimal("22")
    assert room.orders.handed == [(NAME, ["bob"])]
    assert room.kept().steps == steps


def test_a_strategy_none_of_whose_assets_is_collected_aborts() -> None:
    room = Room(scores(10, 20, 50))
    room.runner = replace(room.runner, assets=("SOL",))

    assert room.run() == "aborted"
    assert room.kept().reason == "it trades BTC, ETH, but only SOL is collected here"


def test_a_slot_whose_lease_is_held_is_tried_again_until_it_has_a_judgement() -> None:
    room = Room(scores(10, 20, 50))
    room.leases.held.add("strategy:hodl-wave")
    with pytest.raises(LeaseHeld):
        room.run()
    assert (room.tables.runs, room.alerts.warned) == ({}, [])

    room.leases.held.clear()
    room.run()
    room.leases.held.add("strategy:hodl-wave")
    assert room.run() == "busy"


def test_a_run_that_was_cut_short_is_finished_by_the_next_even_if_that_aborts() -> None:
    room = Room(scores(10, 20, 50))
    room.run()
    room.serve("ada")
    room.orders.handed.clear()
    room.market.lacking = "no price"

    assert room.take(NEXT)["outcome"] == "aborted"
    assert room.orders.handed == [(NAME, ["bob"])]


def test_a_run_that_died_before_its_judgement_is_known_and_told_at_the_next() -> None:
    room = Room(scores(10, 20, 50))
    room.executions.begin("hodl-wave", SLOT, fence=0)  # and then the process was killed
    assert room.kept().status == "begun"

    assert room.take(NEXT)["outcome"] == "judged"
    assert (room.kept().status, room.kept().reason) == (
        "aborted",
        "it began and never came to an end",
    )
    assert room.alerts.warned == [f"HODL-Wave was cut short: {NAME}"]


def test_a_slot_that_comes_after_a_later_one_was_judged_is_skipped() -> None:
    room = Room(scores(10, 20, 50))
    room.take(NEXT)

    answer = room.take()

    assert answer["outcome"] == "skipped"
    assert answer["reason"] == "the later slot of 2025-09-08 16:00 has been judged already"
    assert NAME not in [name for name, _ in room.orders.handed]


def test_what_nobody_foresaw_is_recorded_with_its_reason_and_raised_for_a_retry() -> None:
    room = Room(scores(10, 20, 50))
    for error, reason in (
        (KeyError("an inner detail"), "KeyError: the log says more"),
        (SourceUnavailable("leases", "timed out"), "SourceUnavailable: leases: timed out"),
    ):
        room.market.breaking = error
        with pytest.raises(type(error)):
            room.run()
        assert (room.kept().status, room.kept().reason) == ("aborted", reason)

    room.market.breaking = None
    assert room.run() == "judged"
    assert room.kept().status == "judged"


def test_each_step_can_be_seen_afterwards() -> None:
    judged = {**scores(10, 0, 50), "onchain": None}
    room = Room(judged, last={"onchain": score("onchain", 20, NOON - timedelta(hours=4))})
    room.run()

    steps = {step.name: step for step in room.kept().steps}
    assert list(steps) == [
        *("preconditions", "context", "data", "agents", "decision", "signal"),
        *("result", "hand-out", "clean-up"),
    ]
    assert steps["agents"].milliseconds > 0
    said = {name: step.detail for name, step in steps.items()}
    assert said["preconditions"].startswith(
        "prices 60 s old (limit 15 min, required); candles 12.0 h old (limit 2.0 d, required);"
    )
    assert (
        "; agents macro, onchain, technical ready (rules); last run done" in said["preconditions"]
    )
    assert said["context"] == f"{NAME}, a turn, fence 1"
    assert f"kept as {room.kept().evidence.snapshots['BTC']}" in said["data"]
    assert said["agents"] == "BTC: macro +10.00, onchain failed, technical +50.00"
    assert said["decision"] == "BTC +24.00 at 50/20/30, degraded: onchain's of 2025-09-08 08:00"
    assert said["signal"] == "BTC BUY (buy from +20, sell from -20)"
    assert said["hand-out"] == "2 followers queued"


def test_the_step_that_failed_says_why() -> None:
    room = Room(scores(10, 20, 50), lacking="no price of BTC")
    room.run()

    steps = [(step.name, step.detail) for step in room.kept().steps]
    assert steps == [
        ("preconditions", "DataMissing: no price of BTC"),
        ("result", "aborted: no price of BTC"),
        ("hand-out", "0 followers queued"),
        ("clean-up", "lease freed"),
    ]


def test_a_run_of_more_than_twenty_seconds_is_worth_a_warning() -> None:
    quick, slow = Room(scores(1, 1, 1)), Room(scores(1, 1, 1), each=3.0)
    quick.run()
    slow.run()

    assert quick.alerts.warned == []
    (said,) = slow.alerts.warned
    assert said.startswith("HODL-Wave took ")
    assert "agents 3000 ms" in said


def test_the_newest_run_of_another_strategy_is_nobody_elses() -> None:
    room = Room(scores(10, 20, 50))
    other = replace(HODL_WAVE, id="other", name="Other")
    room.take(NEXT, other)

    assert room.run() == "judged"
    assert room.kept(execution_id("other", NEXT.at)).status == "judged"


def test_where_models_are_waited_for_all_assets_are_judged_at_once() -> None:
    room = Room(scores(10, 20, 50))
    meeting = Barrier(2, timeout=5)  # one asset after the other, none would get past it

    class Waiting(FakePanel):
        def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
            meeting.wait()
            return super().judge(snapshot, execution_id)

    panel = Waiting(room.scores)
    room.runner = replace(room.runner, assets=("BTC", "ETH"), panel=panel, models="openai, rules")

    assert room.run() == "judged"
    assert panel.asked == [NAME, NAME]
    assert "(openai, rules)" in room.kept().steps[0].detail
