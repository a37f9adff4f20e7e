"""A socket opens: register it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.channels.handshake import accepted
from automoney.observability import logger
from automoney.workflows.converse import TooManyConnections, connect


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    opening = event["requestContext"]
    connection_id, user_id = opening["connectionId"], opening["authorizer"]["userId"]
    connections, sockets = wiring.connections(), wiring.sockets()
    now = wiring.clock()
    try:
        connect(connection_id, user_id, connections=connections, sockets=sockets, now=now)
    except TooManyConnections:
        return {"statusCode": 429}
    return accepted(event)
