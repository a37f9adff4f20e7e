"""What a caller may ask in a minute, and what one who asks more is told."""

from datetime import timedelta

from fastapi.testclient import TestClient

from automoney.api.app import create_app
from tests.api.fakes_api import World


def client_of(world: World, token: str = "token-of-ada") -> TestClient:
    return TestClient(create_app(world.services()), headers={"Authorization": f"Bearer {token}"})


def test_the_sixty_first_request_of_a_minute_is_refused_with_the_wait(world: World) -> None:
    world.limit, world.limit_reduced = 60, 30
    client = client_of(world)
    assert {client.get("/api/events?limit=0").status_code for _ in range(60)} == {200}

    refused = client.get("/api/events?limit=0")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["limit"] == 60
    wait = int(refused.headers["retry-after"])
    assert f"try again in {wait} s" in refused.json()["detail"]
    assert client_of(world, "token-of-bob").get("/api/events?limit=0").status_code == 200

    world.wall += timedelta(seconds=wait)
    assert client_of(world).get("/api/events?limit=0").status_code == 200


def test_with_redis_gone_half_as_many(world: World) -> None:
    world.limit, world.limit_reduced = 60, 30
    world.rates.away = True
    client = client_of(world)
    answers = [client.get("/api/events?limit=0").status_code for _ in range(35)]
    assert answers == [200] * 30 + [429] * 5


def test_who_has_no_good_token_is_counted_by_address(world: World) -> None:
    world.limit = 3
    client = client_of(world, "stolen")
    assert [client.get("/api/trades").status_code for _ in range(5)] == [401] * 3 + [429] * 2
    assert client_of(world).get("/api/trades").status_code == 200


def test_health_is_for_everybody_and_not_counted(world: World) -> None:
    world.limit = 1
    client = client_of(world)
    assert {client.get("/api/health").status_code for _ in range(5)} == {200}


def test_tickets_count_too(world: World) -> None:
    world.limit = 2
    client = client_of(world)
    answers = [client.post("/api/ws-tickets").status_code for _ in range(3)]
    assert answers[2] == 429
    assert 429 not in answers[:2]
    assert len(world.tickets.issued) == 2
