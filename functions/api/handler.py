"""A request to the REST API: answer it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.api.lambda_entry import answer
from automoney.observability import logger


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return answer(wiring.rest_api(), event, context)
