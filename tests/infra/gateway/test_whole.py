"""The real ws_* handlers behind the gateway, pushing through its own management port."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from automoney.encoding import utc_text
from automoney.messages import Event
from functions.ws_prune.handler import handler as prune
from tests.functions.lambda_context import CONTEXT
from tests.infra.gateway.product import Product, product, say
from tests.infra.gateway.served import later
from tests.infra.gateway.test_websocket import closed

__all__ = ["product"]


def test_a_program_subscribes_and_hears_what_is_committed(product: Product) -> None:
    with product.gateway.open(product.bearer("ada")) as client:
        assert product.push("ada", 1) == []  # not subscribed yet: nothing comes
        reply = say(client, action="subscribe", event="trade:executed")
        assert reply == {
            "event": "subscribed",
            "data": {"event": "trade:executed", "strategyId": None},
        }
        product.push("ada", 3, 2)
        product.push("ada", 4, event=Event.DECISION_MADE)
        product.push("bob", 5)
        assert say(client, action="ping") == {
            "event": "trade:executed",
            "seq": 2,
            "at": utc_text(product.now),
            "data": {"strategyId": "hodl-wave"},
        }
        assert json.loads(client.recv(3))["seq"] == 3
        assert json.loads(client.recv(3)) == {"event": "pong"}
        assert say(client, action="shout")["event"] == "error"


def test_a_page_comes_in_with_a_ticket_once_and_from_its_own_origin(product: Product) -> None:
    ticket = product.tickets.issue("ada", now=product.now)
    url = f"{product.gateway.ws_url}?ticket={ticket}"
    for origin in (None, "http://evil.example"):
        with (
            pytest.raises(InvalidStatus) as refused,
            product.gateway.open({}, url=url, origin=origin),
        ):
            pytest.fail("let in")
        assert refused.value.response.status_code == 401
    with product.gateway.open({}, url=url, origin=product.gateway.url) as client:
        assert say(client, action="subscribe")["event"] == "subscribed"
    with (
        pytest.raises(InvalidStatus),
        product.gateway.open({}, url=url, origin=product.gateway.url),
    ):
        pytest.fail("let in twice")


def test_the_fourth_socket_closes_the_first(product: Product) -> None:
    open_one = product.gateway.open
    bearer = product.bearer("ada")
    with open_one(bearer) as first:
        product.now += timedelta(seconds=1)
        with open_one(bearer), open_one(bearer), open_one(bearer):
            told = json.loads(first.recv(3))
            assert told["event"] == "connection:closed"
            assert closed(first) == 1000
            later(lambda: len(product.connected("ada")) == 3)


def test_a_socket_that_was_cut_costs_no_redelivery(product: Product) -> None:
    with product.gateway.open(product.bearer("ada")) as client:
        say(client, action="subscribe")
        (one,) = product.connected("ada")
        product.gateway.functions.named["ws_disconnect"] = lambda _: None  # the goodbye is lost
        client.socket.shutdown(2)
        later(lambda: len(product.gateway.hub) == 0)
        assert product.connections.get(one.connection_id) is not None
        assert product.push("ada", 1) == []
        assert product.connections.get(one.connection_id) is None


def test_prune_closes_what_is_idle_by_its_own_measure(product: Product) -> None:
    with product.gateway.open(product.bearer("ada")) as client:
        say(client, action="subscribe")
        product.now += timedelta(minutes=4)
        assert prune({"id": "x"}, CONTEXT) == {"closed": 0, "gone": 0, "unknown": 0}
        product.now += timedelta(minutes=1, seconds=5)
        assert prune({"id": "x"}, CONTEXT) == {"closed": 1, "gone": 0, "unknown": 0}
        assert json.loads(client.recv(3))["event"] == "connection:closed"
        assert closed(client) == 1000


def test_handlers_that_push_while_the_loop_is_busy_do_not_block_each_other(
    product: Product,
) -> None:
    """Each reply is posted from a worker thread to the very loop that waits for that worker."""
    from websockets.asyncio.client import connect as connect_async

    async def one(user: str) -> int:
        options: dict[str, Any] = {"additional_headers": product.bearer(user), "proxy": None}
        async with connect_async(product.gateway.ws_url, **options) as client:
            for _ in range(10):
                await client.send('{"action":"subscribe"}')
            replies = [json.loads(await client.recv()) for _ in range(10)]
        return sum(reply["event"] == "subscribed" for reply in replies)

    async def all_of_them() -> list[int]:
        async with asyncio.timeout(15):
            return await asyncio.gather(*(one(f"user-{number}") for number in range(20)))

    assert asyncio.run(all_of_them()) == [10] * 20
