"""One who floods the API is turned away, and runs of strategies do not notice.

On the local runtime's Lambdas, with their own workers for each function, as AWS has them.
"""

import asyncio
import json
import time
from collections import Counter
from typing import Any

import pytest

from automoney.api.app import create_app
from automoney.api.lambda_entry import answer
from automoney.manifest import function_named
from infra.local.lambdas import Lambdas
from tests.api.fakes_api import World
from tests.api.test_lambda_entry import event
from tests.workflows.strategy_rooms import Room, scores

REQUESTS, LIMIT = 400, 60


@pytest.fixture
def world() -> World:
    world = World()
    world.limit = LIMIT
    return world


def test_a_flood_by_one_user_holds_up_no_run_and_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, room = create_app(world.services()), Room(scores(10, 20, 50))

    def api(sent: Any, context: Any) -> Any:
        time.sleep(0.005)  # what a store takes to answer
        return answer(app, sent, context)

    monkeypatch.setattr("functions.api.handler.handler", api)
    monkeypatch.setattr("functions.run_strategy.handler.handler", lambda *_: room.run())
    functions = [function_named("api"), function_named("run_strategy")]
    lambdas = Lambdas(functions, region="eu-central-1")
    ended: list[str] = []

    async def noted(name: str, sent: Any) -> Any:
        found = await lambdas.invoke(name, sent)
        ended.append(name)
        return found

    async def flood() -> tuple[list[Any], Any]:
        asked = [
            asyncio.create_task(noted("api", event("/api/portfolio"))) for _ in range(REQUESTS)
        ]
        await asyncio.sleep(0.02)  # the flood comes first
        run = await noted("run_strategy", {})
        return [await one for one in asked], run

    try:
        answers, run = asyncio.run(flood())
        other = event("/api/portfolio", headers={"authorization": "Bearer token-of-bob"})
        assert asyncio.run(lambdas.invoke("api", other))["statusCode"] == 200
    finally:
        lambdas.close()

    assert run == "judged"
    assert ended.index("run_strategy") < REQUESTS / 2, "the run waited for the flood"
    statuses = Counter(one["statusCode"] for one in answers)
    assert statuses == {200: LIMIT, 429: REQUESTS - LIMIT}
    refused = next(one for one in answers if one["statusCode"] == 429)
    assert int(refused["headers"]["retry-after"]) > 0
    assert json.loads(refused["body"])["limit"] == LIMIT
