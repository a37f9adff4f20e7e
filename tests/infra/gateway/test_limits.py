"""Sockets that are idle or old, with limits short enough to wait for."""

import time
from datetime import timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from infra.local.gateway import Limits
from tests.infra.gateway.served import Gateway

IDLE, TOTAL = 0.4, 1.2


@pytest.fixture(scope="module")
def limits() -> Limits:
    return Limits(socket_idle=timedelta(seconds=IDLE), socket_total=timedelta(seconds=TOTAL))


def last_id(gateway: Gateway) -> str:
    opened: str = gateway.functions.events("ws_connect")[-1]["requestContext"]["connectionId"]
    return opened


def ended_after(gateway: Gateway, every: float | None, *, pushed: bool = False) -> float:
    """Seconds until the gateway closes a socket that sends (or is sent) something `every`."""
    management = gateway.management()
    began = time.monotonic()
    with gateway.open() as client, pytest.raises(ConnectionClosed) as ended:
        while True:
            if every is not None and pushed:
                management.post_to_connection(ConnectionId=last_id(gateway), Data=b"x")
            elif every is not None:
                client.send('{"action":"ping"}')
            try:
                while True:
                    client.recv(every or 3)
            except TimeoutError:
                continue
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1001, "Going away")
    return time.monotonic() - began


def test_an_idle_socket_is_cut(gateway: Gateway) -> None:
    assert IDLE <= ended_after(gateway, every=None) < TOTAL


@pytest.mark.parametrize("pushed", [False, True])
def test_an_active_one_lives_on_until_its_time_is_over(gateway: Gateway, pushed: bool) -> None:
    assert TOTAL * 0.95 <= ended_after(gateway, every=IDLE / 4, pushed=pushed) < TOTAL * 2
