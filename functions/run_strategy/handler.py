"""Run the strategy that the event names, for the slot of the event."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.encoding import parse_utc
from automoney.observability import logger
from automoney.schedule import Slot
from automoney.trading.strategies import strategy_named

wiring.preload("automoney.agents.panel")  # LangGraph's second, spent before the first event


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    detail, time = event["detail"], parse_utc(event["time"])
    strategy = strategy_named(detail["strategy"])
    slot = Slot(parse_utc(detail["slot"])) if "slot" in detail else strategy.schedule.slot_at(time)
    answer = wiring.strategy_runner().take_turn(strategy, slot)
    return {**answer, "relayed": wiring.relay()}
