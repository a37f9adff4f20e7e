"""A socket closed: forget it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.observability import logger
from automoney.workflows.converse import disconnect


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    disconnect(event["requestContext"]["connectionId"], connections=wiring.connections())
    return {"statusCode": 200}
