"""Schemathesis over the API's own description: good requests and bad ones, none of which it finds
an answer to that the description does not know.

Left out is one check: that whatever fits the schema is accepted.  A cursor that nobody was given,
or an amount below the least, is refused with 422, and no schema says which those are.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from automoney.api.app import create_app
from tests.api.fakes_api import World

ADA = {"Authorization": "Bearer token-of-ada"}
_SETTINGS = settings(
    max_examples=20,
    derandomize=True,  # a fixed seed: what is found is found each time
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _operations() -> list[Any]:
    world = World()
    world.judge()
    app = create_app(world.services())
    # A parameter that no route knows is passed over, as is the custom.
    config = SchemathesisConfig.from_dict({"generation": {"allow-extra-parameters": False}})
    path = "/api/openapi.json"
    schema = schemathesis.openapi.from_asgi(path, app, config=config, headers=ADA)
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in _operations()
    for mode in (GOOD, BAD)
    # Whoever asks for that sends nothing, not even a token, so nothing of it can be wrong.
    if (operation.label, mode) != ("GET /api/health", BAD)
]


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_nothing_is_found(operation: Any, mode: GenerationMode) -> None:
    @_SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(headers=ADA, excluded_checks=[positive_data_acceptance])

    check()
