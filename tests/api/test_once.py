"""Idempotency-Key: one effect and one answer, however often and however fast a POST is sent."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.api.lambda_entry import answer
from tests.api.fakes_api import World
from tests.api.test_lambda_entry import event
from tests.api.test_routes import get
from tests.fakes_dynamo import throttled

PATH = "/api/portfolio/start-over"
KEY = {"Idempotency-Key": "3f1c2a52-0a1f-4a5e-9d0e-0a7a5b1c9d10"}


@pytest.fixture
def world() -> World:
    world = World()
    world.books.accounts = {"ada": Decimal(42), "bob": Decimal(42)}
    return world


def start(client: TestClient, money: str = "1000", **headers: str) -> Any:
    return client.post(PATH, json={"paperMoney": money}, headers={**KEY, **headers})


def test_sent_again_it_has_no_second_effect_and_the_same_answer(
    client: TestClient, world: World
) -> None:
    first = start(client)
    world.books.accounts["ada"] = Decimal(7)
    again = start(client)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert world.books.accounts["ada"] == 7


def test_a_202_keeps_its_status_and_where_it_will_be_found(client: TestClient) -> None:
    first = client.post("/api/strategies/hodl-wave/run", headers=KEY)
    again = client.post("/api/strategies/hodl-wave/run", headers=KEY)

    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]


def test_another_request_under_the_same_key_is_refused_by_name(
    client: TestClient, world: World
) -> None:
    start(client)
    body, path = start(client, "2000"), client.post("/api/kill-switch", json={}, headers=KEY)

    for refused in (body, path):
        assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
    assert world.books.accounts["ada"] == 1000


def test_a_key_is_its_senders_own(client: TestClient, world: World) -> None:
    start(client)
    other = start(client, "2000", Authorization="Bearer token-of-bob")

    assert other.status_code == 200
    assert world.books.accounts == {"ada": Decimal(1000), "bob": Decimal(2000)}


def test_after_a_day_the_key_is_free(client: TestClient, world: World) -> None:
    start(client)
    world.wall += timedelta(hours=23, minutes=59)
    assert start(client).headers["idempotent-replayed"] == "true"
    world.wall += timedelta(minutes=1)
    assert start(client, "2000").status_code == 200
    assert world.books.accounts["ada"] == 2000


def test_what_was_refused_or_failed_uses_up_no_key(client: TestClient, world: World) -> None:
    assert start(client, "1").status_code == 422
    world.looks.broken = RuntimeError("the queue is away")
    assert client.post("/api/strategies/hodl-wave/run", headers=KEY).status_code == 500
    world.looks.broken = None
    assert client.post("/api/strategies/hodl-wave/run", headers=KEY).status_code == 202


def test_of_twenty_at_once_one_is_carried_out(world: World) -> None:
    """As on several Lambdas: each thread with its own loop, over one table."""
    app, gate = create_app(world.services()), Barrier(20)
    done: list[Decimal] = []
    kept = world.books.start_over

    def slow(user_id: str, *, at: Any, paper_money: Decimal) -> bool:
        done.append(paper_money)
        return kept(user_id, at=at, paper_money=paper_money)

    world.books.start_over = slow  # type: ignore[method-assign]
    sent = event(
        PATH,
        "POST",
        body=json.dumps({"paperMoney": "1000"}),
        headers={**KEY, "content-type": "application/json", "content-length": "22"},
    )

    def send(_: int) -> dict[str, Any]:
        gate.wait()
        return answer(app, sent, None)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))

    assert done == [Decimal(1000)]
    assert {one["statusCode"] for one in answers} <= {200, 409}
    good = [one for one in answers if one["statusCode"] == 200]
    assert len({one["body"] for one in good}) == 1
    assert sum("idempotent-replayed" not in one["headers"] for one in good) == 1
    assert answer(app, sent, None)["headers"]["idempotent-replayed"] == "true"


def test_while_it_is_under_way_the_same_is_told_to_wait(client: TestClient, world: World) -> None:
    during: list[Any] = []
    kept, app = world.books.start_over, create_app(world.services())

    def slow(user_id: str, *, at: Any, paper_money: Decimal) -> bool:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, as another Lambda has
            during.append(thread.submit(answer, app, _sent(), None).result())
        return kept(user_id, at=at, paper_money=paper_money)

    world.books.start_over = slow  # type: ignore[method-assign]
    first = answer(app, _sent(), None)
    (second,) = during

    assert (first["statusCode"], second["statusCode"]) == (200, 409)
    assert second["headers"]["retry-after"] == "1"
    assert world.books.accounts["ada"] == 1000


def _sent() -> dict[str, Any]:
    body = json.dumps({"paperMoney": "1000"})
    headers = {**KEY, "content-type": "application/json", "content-length": str(len(body))}
    return event(PATH, "POST", body=body, headers=headers)


def test_who_died_with_the_key_blocks_it_for_a_minute(client: TestClient, world: World) -> None:
    replies = world.services().replies
    name, fingerprint = _row(client, world)
    world.dynamo.tables["replies"].clear()
    assert replies.begin(name, fingerprint, owner="dead", now=world.wall) is None

    assert start(client).status_code == 409
    world.wall += timedelta(seconds=60)
    assert start(client).status_code == 200


def _row(client: TestClient, world: World) -> tuple[str, str]:
    start(client)
    ((name, row),) = world.dynamo.tables["replies"].items()
    fingerprint: str = row["fingerprint"]["S"]
    return name, fingerprint


def test_without_the_table_nothing_is_done(client: TestClient, world: World) -> None:
    world.dynamo.fail = throttled()

    refused = start(client)

    assert refused.status_code == 503
    assert world.books.accounts["ada"] == 42
    plain = client.post(PATH, json={"paperMoney": "1000"})
    assert plain.status_code == 200  # whoever sends no key needs no table


def test_no_key_and_no_answer_is_kept_in_the_clear_name(client: TestClient, world: World) -> None:
    start(client)
    ((name, row),) = world.dynamo.tables["replies"].items()

    assert KEY["Idempotency-Key"] not in str(row)
    assert "ada" not in name
    assert int(row["expires"]["N"]) == int((world.wall + timedelta(hours=24)).timestamp())


@pytest.mark.parametrize("key", ["", "with blank", "x" * 201, "é"])
def test_a_key_that_is_none_is_refused_by_name(client: TestClient, world: World, key: str) -> None:
    refused = client.post(
        PATH, json={"paperMoney": "1000"}, headers={b"Idempotency-Key": key.encode()}
    )

    assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
    assert world.books.accounts["ada"] == 42


def test_without_a_token_a_key_opens_nothing(client: TestClient, world: World) -> None:
    start(client)
    for token in ("", "Bearer expired-ada", "Basic YWRh"):
        assert start(client, Authorization=token).status_code == 401


def test_replays_count_against_the_limit(world: World) -> None:
    world.limit = 3
    client = TestClient(
        create_app(world.services()), headers={"Authorization": "Bearer token-of-ada"}
    )
    assert [start(client).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_the_description_tells_of_it_on_every_post_that_changes_something(
    client: TestClient,
) -> None:
    paths = get(client, "/api/openapi.json")["paths"]
    without = {
        path
        for path, methods in paths.items()
        if "post" in methods
        and "Idempotency-Key" not in [one["name"] for one in methods["post"].get("parameters", [])]
    }
    assert without == {"/api/ws-tickets"}  # a ticket is a secret, good once: it is never kept
