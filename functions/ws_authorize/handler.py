"""API Gateway asks before `$connect`: may this socket open, and whose is it?"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.channels.handshake import answering_401, credentials, policy
from automoney.observability import logger
from automoney.workflows.admit import admit


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    allowed, now = wiring.settings().allowed_origins, wiring.clock()
    verifier, tickets = wiring.verifier(), wiring.tickets()
    with answering_401():
        who = admit(verifier, tickets, **credentials(event), allowed_origins=allowed, now=now)
    return policy(who, event["methodArn"])
