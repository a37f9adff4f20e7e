"""A run does by rule what the description says for each kind of failure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from automoney.errors import DataMissing
from automoney.market.snapshot import Indicators, Snapshot
from automoney.schedule import Slot
from automoney.trading.judgement import Score, execution_id
from automoney.trading.strategies import HODL_WAVE
from automoney.workflows.run_strategy import StrategyRunner
from tests.builders import NOON, candle, mark, score
from tests.fakes import FakeAlerts, FakeExecutions, FakeLeases, FakeOrders, FakePanel, NoCache

SLOT = Slot(NOON)
NAME = execution_id("hodl-wave", NOON)


@dataclass
class Shown:
    """A market that shows one snapshot, or lacks something."""

    lacking: str | None = None

    def snapshots(self, assets: tuple[str, ...], as_of: datetime) -> Mapping[str, Snapshot]:
        if self.lacking:
            raise DataMissing(self.lacking)
        week = candle(NOON - timedelta(days=1))
        return {asset: Snapshot(asset, as_of, mark(asset), week, Indicators()) for asset in assets}


class Room:
    """A runner and everyone it talks to."""

    def __init__(
        self,
        scores: Mapping[str, Score | None],
        *,
        lacking: str | None = None,
        late: timedelta = timedelta(seconds=37),
        last: dict[str, Score] | None = None,
    ) -> None:
        self.leases, self.alerts, self.orders = FakeLeases(), FakeAlerts(), FakeOrders()
        self.executions = FakeExecutions(["ada", "bob"], last or {})
        self.runner = StrategyRunner(
            assets=("BTC",),
            leases=self.leases,
            market=Shown(lacking),  # type: ignore[arg-type]  # the reading side of it
            panel=FakePanel(scores),
            executions=self.executions,
            orders=self.orders,
            cache=NoCache(),
            alerts=self.alerts,
            market_clock=lambda: NOON + late,
        )

    def run(self) -> str:
        outcome: str = self.runner.take_turn(HODL_WAVE, SLOT)["outcome"]
        return outcome

    def conviction(self) -> Decimal:
        return self.executions.kept[NAME].views["BTC"].conviction


def scores(macro: float, onchain: float, technical: float) -> dict[str, Score | None]:
    return {
        "macro": score("macro", macro),
        "onchain": score("onchain", onchain),
        "technical": score("technical", technical),
    }


def test_three_good_scores_weigh_40_40_20_and_every_follower_gets_his_order() -> None:
    room = Room(scores(10, 20, 50))

    assert room.run() == "judged"
    assert room.conviction() == Decimal("22")
    assert room.orders.handed == [(NAME, ["ada", "bob"])]


def test_a_stale_onchain_view_gives_way_to_its_last_good_one_at_50_20_30() -> None:
    judged = {**scores(10, 0, 50), "onchain": score("onchain", -90, degraded=True)}
    room = Room(judged, last={"onchain": score("onchain", 20, NOON - timedelta(hours=4))})

    assert room.run() == "judged"
    assert room.conviction() == Decimal("24")  # 0.5 * 10 + 0.2 * 20 + 0.3 * 50
    used = room.executions.kept[NAME].views["BTC"].scores["onchain"]
    assert (used.value, used.degraded, used.judged_at) == (20, True, NOON - timedelta(hours=4))


def test_an_agent_that_never_had_a_view_counts_as_neutral_and_degraded() -> None:
    room = Room({**scores(10, 0, 50), "onchain": None})

    assert room.run() == "judged"
    assert room.conviction() == Decimal("20")  # 0.5 * 10 + 0.2 * 0 + 0.3 * 50
    assert room.executions.kept[NAME].views["BTC"].degraded


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
    ],
)
def test_what_cannot_be_judged_is_recorded_told_and_left_to_the_next_slot(
    room: Room, status: str, reason: str
) -> None:
    assert room.run() == status
    assert room.executions.kept == {}
    assert room.executions.failures[NAME][0] == status
    assert reason in room.executions.failures[NAME][1]
    assert len(room.alerts.warned) == 1
    assert room.orders.handed == []


def test_a_second_delivery_hands_out_the_first_judgement_again() -> None:
    room = Room(scores(10, 20, 50))
    room.run()
    room.executions.pending[NAME] = ["bob"]  # ada has been served meanwhile
    room.orders.handed.clear()
    room.runner = replace(room.runner, panel=FakePanel(scores(-99, -99, -99)))

    assert room.run() == "known"
    assert room.conviction() == Decimal("22")
    assert room.orders.handed == [(NAME, ["bob"])]


def test_a_strategy_none_of_whose_assets_is_collected_aborts() -> None:
    room = Room(scores(10, 20, 50))
    room.runner = replace(room.runner, assets=("SOL",))

    assert room.run() == "aborted"
    assert room.executions.failures[NAME][1] == "it trades BTC, ETH, but only SOL is collected here"


def test_a_held_lease_is_left_alone() -> None:
    room = Room(scores(10, 20, 50))
    room.leases.held.add("strategy:hodl-wave")

    assert room.run() == "busy"
    assert (room.executions.kept, room.alerts.warned) == ({}, [])


def test_a_run_that_was_cut_short_is_finished_by_the_next_even_if_that_aborts() -> None:
    room = Room(scores(10, 20, 50))
    room.run()
    room.executions.pending[NAME] = ["bob"]
    room.orders.handed.clear()
    lacking = Shown("no price")
    room.runner = replace(
        room.runner,
        market=lacking,  # type: ignore[arg-type]  # the reading side of it
        market_clock=lambda: NOON + timedelta(hours=4),
    )

    answer = room.runner.take_turn(HODL_WAVE, Slot(NOON + timedelta(hours=4)))

    assert answer["outcome"] == "aborted"
    assert room.orders.handed == [(NAME, ["bob"])]
