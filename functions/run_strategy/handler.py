"""Run the strategy that the event names, for its slot; or take the look that it asks for."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.observability import logger
from automoney.workflows import strategy_events
from automoney.workflows.pausing import OFF

wiring.preload("automoney.agents.panel")  # LangGraph's second, spent before the first event


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = strategy_events.answer(event, wiring.strategy_runner())
    # One that ships off is asked every few minutes and leaves nothing to relay.
    return {**answer, "relayed": 0 if answer.get("reason") == OFF else wiring.relay()}
