"""A socket said something: do it and answer on the socket itself."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.observability import logger
from automoney.workflows.converse import message


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    message(
        event["requestContext"]["connectionId"],
        event.get("body") or "",
        connections=wiring.connections(),
        sockets=wiring.sockets(),
    )
    return {"statusCode": 200}
