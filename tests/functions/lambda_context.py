"""What a handler is told about its invocation."""

from dataclasses import dataclass

from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass
class _Context:
    function_name: str = "automoney-test"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:automoney-test"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"


CONTEXT: LambdaContext = _Context()  # type: ignore[assignment]  # as much of it as is looked at
