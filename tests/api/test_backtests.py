"""Published backtests: a list in pages, and each as a whole."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.examples_why import BACKTESTS, WHOLE
from infra.local.backtest.publishing import published
from tests.api.fakes_api import NOON, World
from tests.api.test_edge import shape
from tests.api.test_routes import get

RESULT: dict[str, Any] = {
    **{name: value for name, value in WHOLE.items() if name not in ("id", "madeAt")},
    "seconds": 3.2,
}


def test_what_is_published_is_listed_and_shown(client: TestClient, world: World) -> None:
    row = published(RESULT, now=NOON)
    world.backtests.kept = [row]

    listed = get(client, "/api/backtests")
    shown = get(client, f"/api/backtests/{row.backtest_id}")

    assert shape(listed) == shape(BACKTESTS)
    assert listed["backtests"][0]["figures"]["buyAndHold"]["trades"] == 2
    assert shown == {"id": row.backtest_id, "madeAt": "2025-11-05T12:00:00Z", **RESULT}


@pytest.mark.parametrize("name", ["0" * 32, "x", "..", "%00", "A" * 32])
def test_one_that_is_not_there_is_absent(client: TestClient, name: str) -> None:
    assert get(client, f"/api/backtests/{name}", 404)["type"] in (
        "urn:automoney:absent",
        "urn:automoney:no-such-route",
    )


def test_played_again_it_is_the_same_and_changed_it_is_another() -> None:
    first = published(RESULT, now=NOON)
    again = published({**RESULT, "seconds": 9.9}, now=NOON + timedelta(days=1))
    other = published({**RESULT, "decisions_sha256": "b" * 64}, now=NOON)

    assert first.backtest_id == again.backtest_id != other.backtest_id
