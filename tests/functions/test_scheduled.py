"""Scheduled handlers cut the event's time to its slot; a batch tells which messages failed."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automoney import wiring
from automoney.manifest import FUNCTIONS
from automoney.schedule import Slot
from automoney.workflows.pausing import OFF
from tests.functions.lambda_context import CONTEXT

EVENTS = Path(__file__).resolve().parents[1] / "events"


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def handler(name: str) -> Any:
    return importlib.import_module(f"functions.{name}.handler").handler


@pytest.mark.parametrize(
    ("function", "fired", "slot"),
    [
        ("collect_prices", "2025-11-05T12:07:37Z", datetime(2025, 11, 5, 12, 5, tzinfo=UTC)),
        ("collect_onchain", "2025-11-05T12:00:37Z", datetime(2025, 11, 5, 12, tzinfo=UTC)),
        ("collect_macro", "2025-11-05T03:00:37Z", datetime(2025, 11, 5, 3, tzinfo=UTC)),
        ("collect_sentiment", "2025-11-05T12:59:59Z", datetime(2025, 11, 5, 12, tzinfo=UTC)),
    ],
)
def test_a_collector_runs_for_the_latest_due_time(
    monkeypatch: pytest.MonkeyPatch, function: str, fired: str, slot: datetime
) -> None:
    asked: list[tuple[str, Slot]] = []

    def collect(collector: str, at: Slot) -> dict[str, Any]:
        asked.append((collector, at))
        return {"outcome": "ok"}

    monkeypatch.setattr(wiring, "collect", collect)
    monkeypatch.setattr(wiring, "price_collector", lambda: "collect_prices")
    monkeypatch.setattr(wiring, "series_collector", lambda group: f"collect_{group}")

    answer = handler(function)({**event("eventbridge_cron"), "time": fired}, CONTEXT)

    assert answer == {"outcome": "ok"}
    assert asked == [(function, Slot(slot))]


class Runner:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Slot]] = []
        self.looked: list[tuple[str, datetime, str]] = []

    def take_turn(self, strategy: Any, slot: Slot) -> dict[str, Any]:
        self.asked.append((strategy.id, slot))
        return {"outcome": "judged"}

    def take_look(self, strategy: Any, at: datetime, *, asked_by: str) -> dict[str, Any]:
        self.looked.append((strategy.id, at, asked_by))
        return {"outcome": "judged"}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    runner = Runner()
    monkeypatch.setattr(wiring, "strategy_runner", lambda: runner)
    monkeypatch.setattr(wiring, "relay", lambda: 3)
    return runner


def test_a_strategy_runs_for_the_slot_and_relays_what_waits(runner: Runner) -> None:
    answer = handler("run_strategy")(event("run_strategy"), CONTEXT)

    assert answer == {"outcome": "judged", "relayed": 3}
    assert runner.asked == [("hodl-wave", Slot(datetime(2025, 11, 5, 12, tzinfo=UTC)))]


def test_one_that_ships_off_leaves_nothing_to_relay(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {"outcome": "paused", "reason": OFF, "handed": 0}
    monkeypatch.setattr(runner, "take_turn", lambda strategy, slot: off)

    assert handler("run_strategy")(event("run_strategy"), CONTEXT) == {**off, "relayed": 0}


def test_a_strategy_runs_for_the_slot_that_the_event_names(runner: Runner) -> None:
    fired = event("run_strategy")
    fired["detail"]["slot"] = "2025-11-05T13:37:09Z"

    handler("run_strategy")(fired, CONTEXT)

    assert runner.asked == [("hodl-wave", Slot(datetime(2025, 11, 5, 13, 37, 9, tzinfo=UTC)))]


def test_a_look_is_taken_for_whoever_queued_it(runner: Runner) -> None:
    answer = handler("run_strategy")(event("sqs_looks"), CONTEXT)

    assert answer == {"outcome": "judged", "relayed": 3}
    at = datetime(2025, 11, 5, 12, 3, 17, tzinfo=UTC)
    assert (runner.asked, runner.looked) == ([], [("hodl-wave", at, "ada")])


def test_an_unknown_strategy_is_answered_with_the_known_ones(runner: Runner) -> None:
    fired = event("run_strategy")
    fired["detail"]["strategy"] = "hodl-wav"

    with pytest.raises(Exception, match=r"'hodl-wav'; expected one of .*hodl-wave"):
        handler("run_strategy")(fired, CONTEXT)
    assert runner.asked == []


def test_failed_batches_are_named_so_that_they_alone_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Executor:
        async def execute_batches(self, records: list[dict[str, Any]]) -> list[str]:
            return [records[0]["messageId"]]

    relayed: list[bool] = []
    monkeypatch.setattr(wiring, "order_executor", Executor)
    monkeypatch.setattr(wiring, "relay", lambda: relayed.append(True))
    batch = event("sqs_orders")

    answer = handler("execute_orders")(batch, CONTEXT)

    first = batch["Records"][0]["messageId"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert relayed == [True]


def test_every_function_of_the_manifest_has_a_short_handler_and_no_other_exists() -> None:
    folder = Path(__file__).resolve().parents[2] / "functions"
    found = {path.parent.name: path for path in folder.glob("*/handler.py")}

    assert set(found) == {function.name for function in FUNCTIONS}
    for path in found.values():
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        assert len(lines) <= 20, path
        assert (path.parent / "__init__.py").exists()
