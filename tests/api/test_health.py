"""How the system says it is doing, to anyone who asks."""

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from automoney.ports import CacheUse, Tally
from tests.api.fakes_api import NOON, World


def health(client: TestClient) -> dict[str, Any]:
    response = client.get("/api/health")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_it_needs_no_token_and_tells_the_age_and_success_of_each_source(
    client: TestClient, world: World
) -> None:
    world.collections.newest = {
        "collect_prices": {"source": "binance", "slot_at": NOON, "outcome": "ok", "error": None}
    }
    world.collections.tallies = {"collect_prices": Tally(288, 287)}
    world.cache.used = {
        "groups": CacheUse(hits=10, misses=2, rebuilds=1),
        "latest": CacheUse(hits=86, misses=2, rebuilds=1, failures=3),
    }
    del client.headers["Authorization"]

    answer = health(client)

    kinds = answer["cache"].pop("kinds")
    assert answer == {
        "status": "ok",
        "world": "recorded",
        "marketTime": "2025-11-05T12:01:30Z",
        "database": "ok",
        "cache": {
            "status": "ok",
            "hits": 96,
            "misses": 4,
            "rebuilds": 2,
            "failures": 3,
            "hitRate": 0.96,
        },
        "sources": {
            "collect_prices": {
                "source": "binance",
                "outcome": "ok",
                "at": "2025-11-05T12:00:00Z",
                "ageSeconds": 90,
                "failedInARow": 0,
                "okAgeSeconds": 90,
                "success24h": 0.9965,
            }
        },
    }
    assert kinds["latest"] == {
        "hits": 86,
        "misses": 2,
        "rebuilds": 1,
        "failures": 3,
        "hitRate": 0.9773,
    }


def test_it_is_degraded_without_the_cache_and_says_which(client: TestClient, world: World) -> None:
    world.cache.used = None

    answer = health(client)

    assert (answer["status"], answer["database"]) == ("degraded", "ok")
    assert answer["cache"]["status"] == "unreachable"
    assert answer["cache"]["hitRate"] is None


def test_a_source_that_fails_tells_for_how_long_and_never_why(
    client: TestClient, world: World
) -> None:
    world.collections.newest = {
        "collect_macro": {"source": "fred", "slot_at": NOON, "outcome": "failed", "error": "key=s"},
        "collect_onchain": {"source": "x", "slot_at": NOON, "outcome": "failed", "error": "key=s"},
    }
    world.collections.in_a_row = {"collect_macro": 2, "collect_onchain": 40}
    world.collections.ok = {"collect_macro": NOON - timedelta(days=2)}

    answer = health(client)

    assert answer["status"] == "degraded"
    assert "key=s" not in str(answer)
    macro, onchain = (answer["sources"][f"collect_{group}"] for group in ("macro", "onchain"))
    assert (macro["failedInARow"], macro["okAgeSeconds"]) == (2, 2 * 86_400 + 90)
    assert (onchain["failedInARow"], onchain["okAgeSeconds"]) == (40, None)
    assert macro["success24h"] is None  # nothing was tried that day


def test_without_the_database_there_is_still_an_answer(client: TestClient, world: World) -> None:
    world.database_answers, world.collections.broken = False, True

    answer = health(client)

    assert (answer["status"], answer["database"], answer["sources"]) == (
        "degraded",
        "unreachable",
        {},
    )
