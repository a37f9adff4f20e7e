"""Execute the orders of the batches in the event; failed batches are retried alone."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.observability import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed = wiring.run(wiring.order_executor().execute_batches(event["Records"]))
    wiring.relay()
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
