"""Drop what is no longer kept, as of the slot of the event."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import schedule, wiring
from automoney.encoding import parse_utc
from automoney.observability import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    slot = schedule.PURGE.slot_at(parse_utc(event["time"]))
    return wiring.purge().run(slot, wall=wiring.clock())
