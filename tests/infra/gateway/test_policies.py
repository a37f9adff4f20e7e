from typing import Any

import pytest

from infra.local.gateway.sockets import allows

ARN = "arn:aws:execute-api:local:000000000000:localsock1/local/$connect"


def statement(
    effect: str = "Allow", resource: Any = ARN, action: Any = "execute-api:Invoke"
) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([statement()], True),
        ([statement(resource=["arn:other", "*"], action="execute-api:*")], True),
        ([], False),
        ([statement("Deny")], False),
        ([statement(), statement("Deny", "*")], False),
        ([statement(), statement("Deny", "arn:other")], True),
        ([statement(resource="arn:other")], False),
        ([statement(action="s3:GetObject")], False),
        ([{"Effect": "Allow"}], False),
    ],
)
def test_an_allow_and_no_deny_lets_in(statements: list[Any], expected: bool) -> None:
    assert allows({"policyDocument": {"Statement": statements}}, ARN) is expected


def test_no_policy_is_no() -> None:
    assert not allows({}, ARN)
