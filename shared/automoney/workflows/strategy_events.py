"""What invokes `run_strategy`: a due slot by EventBridge, or a look that somebody queued."""

import json
from collections.abc import Mapping
from typing import Any

from automoney.encoding import parse_utc
from automoney.schedule import Slot
from automoney.trading.strategies import strategy_named
from automoney.workflows.run_strategy import StrategyRunner


def answer(event: Mapping[str, Any], runner: StrategyRunner) -> dict[str, Any]:
    """Take the turn or the look that the event asks for.

    Looks come one an invocation: what is raised brings that message again.  Raises Unknown for a
    strategy that does not exist, and what the runner raises.
    """
    if "Records" in event:
        (record,) = event["Records"]
        ask = json.loads(record["body"])
        at = parse_utc(ask["at"], "at")
        return runner.take_look(strategy_named(ask["strategy"]), at, asked_by=ask["askedBy"])
    detail = event["detail"]
    strategy = strategy_named(detail["strategy"])
    if "slot" in detail:
        return runner.take_turn(strategy, Slot(parse_utc(detail["slot"], "slot")))
    return runner.take_turn(strategy, strategy.schedule.slot_at(parse_utc(event["time"])))
