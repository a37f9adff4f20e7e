"""Committed events arrive from the queue: push them."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.observability import logger
from automoney.workflows.broadcast import broadcast


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    failed = broadcast(
        {record["messageId"]: record["body"] for record in event["Records"]},
        connections=wiring.connections(),
        sockets=wiring.sockets(),
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
