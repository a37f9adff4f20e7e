"""Every five minutes: close what is idle, by the wall clock and not by the slot."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from automoney import wiring
from automoney.encoding import plain
from automoney.observability import logger
from automoney.workflows.prune import prune


@logger.inject_lambda_context(correlation_id_path="id", clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    pruned: dict[str, Any] = plain(
        prune(connections=wiring.connections(), sockets=wiring.sockets(), now=wiring.clock())
    )
    return pruned
