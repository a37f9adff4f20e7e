"""A client that resumes by number has every event once and in order, whatever cuts its sockets."""

import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from automoney import wiring
from automoney.messages import Event, Message, Numbered, state_message
from infra.local.gateway import Limits
from tests.builders import NOON
from tests.infra.gateway.product import Product, say
from tests.infra.gateway.served import later

KILLS = 200


class Outbox:
    """What was committed for ada; grows while she listens."""

    def __init__(self) -> None:
        self.events: list[Numbered] = []

    def commit(self, at: datetime = NOON) -> Numbered:
        message: Message = state_message(
            Event.STRATEGY_PAUSED, "hodl-wave", "ada", author="ada", reason="x", at=at
        )
        self.events.append(Numbered("ada", len(self.events) + 1, message))
        return self.events[-1]

    def since(self, seq: int) -> list[dict[str, Any]]:
        """As `GET /api/events?since=` answers."""
        return [one.envelope() for one in self.events[seq:]]


class Client:
    """Does what docs/websocket.md says: drop what is known, ask for what is lacking."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.had: list[int] = []

    def resume(self) -> None:
        for one in self._outbox.since(self.last):
            self.take(one)

    @property
    def last(self) -> int:
        return self.had[-1] if self.had else 0

    def take(self, message: dict[str, Any]) -> None:
        seq = message.get("seq")
        if seq is None or seq <= self.last:
            return
        if seq > self.last + 1:
            self.resume()
        else:
            self.had.append(seq)

    def hear(self, socket: Any, seconds: float) -> bool:
        """Take one message; False once the socket has ended."""
        try:
            self.take(json.loads(socket.recv(seconds)))
        except TimeoutError:
            return True
        except ConnectionClosed:
            return False
        return True


def open_and_resume(product: Product, client: Client, ending: ExitStack) -> Any:
    socket = ending.enter_context(product.gateway.open(product.bearer("ada")))
    socket.send('{"action":"subscribe"}')
    while "subscribed" not in (text := socket.recv(5)):
        client.take(json.loads(text))
    client.resume()  # after the subscription, so that nothing falls in between
    return socket


def test_200_kills_lose_nothing_and_double_nothing(product: Product) -> None:
    dice = random.Random(6)
    outbox = Outbox()
    client = Client(outbox)
    with ExitStack() as ending:
        for _ in range(KILLS):
            socket = open_and_resume(product, client, ending)
            for _ in range(dice.randrange(3)):
                one = outbox.commit()
                product.broadcast(one)
                if dice.random() < 0.3:
                    product.broadcast(one)  # the queue delivers again
            if dice.random() < 0.5:
                client.hear(socket, 0.2)
            outbox.commit()  # committed while the socket dies; never pushed
            ids = [live.connection_id for live in product.connected("ada")]
            how: Callable[[], Any] = dice.choice(
                (
                    socket.close,
                    lambda socket=socket: socket.socket.shutdown(2),
                    lambda ids=ids: list(map(product.sockets.close, ids)),
                )
            )
            with suppress(Exception):
                how()
            later(lambda: product.connected("ada") == [])
        open_and_resume(product, client, ending)
    assert client.had == list(range(1, len(outbox.events) + 1))
    assert len(outbox.events) >= KILLS


@pytest.mark.parametrize(("reason", "idle", "total"), [("idle", 10, 120), ("total", 120, 10)])
def test_the_gateways_own_cuts_lose_nothing(
    product: Product, reason: str, idle: int, total: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten idle minutes and two hours, at a thousandth and less of the time."""
    scaled = Limits(
        socket_idle=timedelta(seconds=idle / 40), socket_total=timedelta(seconds=total / 40)
    )
    monkeypatch.setattr(product.gateway.hub, "limits", scaled)
    outbox = Outbox()
    client = Client(outbox)
    with ExitStack() as ending:
        for _ in range(3):
            socket = open_and_resume(product, client, ending)
            product.broadcast(outbox.commit())
            alive = True
            while alive:
                if reason == "total":  # never idle, and cut all the same
                    with suppress(ConnectionClosed):
                        socket.send('{"action":"ping"}')
                alive = client.hear(socket, 0.05)
            assert socket.close_code == 1001
            outbox.commit()
        open_and_resume(product, client, ending)
    assert client.had == list(range(1, len(outbox.events) + 1)) == [1, 2, 3, 4, 5, 6]


# ---------------------------------------------------------------- three connections, raced


def test_50_connects_at_once_leave_three_rows_and_three_sockets(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "clock", lambda: datetime.now(UTC))
    bearer = product.bearer("ada")
    barrier = threading.Barrier(50)
    with ExitStack() as ending, ThreadPoolExecutor(50) as pool:

        def connect(_: int) -> Any:
            barrier.wait(20)
            try:
                return ending.enter_context(product.gateway.open(bearer))
            except InvalidStatus as refused:  # overtaken by three before it was written down
                return refused.response.status_code

        opened = list(pool.map(connect, range(50)))
        sockets = [one for one in opened if not isinstance(one, int)]
        assert {one for one in opened if isinstance(one, int)} <= {429}
        later(lambda: len(product.gateway.hub) == 3, within=15)
        later(lambda: len(product.connected("ada")) == 3, within=15)
        told = list(pool.map(_farewell, sockets))
        assert sum(reason is None for reason in told) == 3
        assert {reason for reason in told if reason} == {"3 newer connections of yours are open"}
        assert len(sockets) + opened.count(429) == 50


def _farewell(socket: Any) -> str | None:
    """Why it was closed; None for one that is open and answers."""
    socket.send('{"action":"ping"}') if socket.close_code is None else None
    try:
        message = json.loads(socket.recv(5))
    except ConnectionClosed:
        return "closed without a word"
    if message["event"] == "pong":
        return None
    assert message["event"] == "connection:closed"
    return str(message["data"]["reason"])


def test_a_heartbeat_costs_no_function(product: Product) -> None:
    with product.gateway.open(product.bearer("ada")) as socket:
        say(socket, action="subscribe")
        before = len(product.gateway.functions.calls)
        for _ in range(50):
            assert say(socket, action="ping") == {"event": "pong"}
        assert len(product.gateway.functions.calls) == before
