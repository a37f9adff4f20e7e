import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.infra.gateway.served import Gateway
from tests.infra.gateway.test_websocket import closed


def test_closing_tells_every_socket_and_runs_every_goodbye(page_dir: Path) -> None:
    gateway = Gateway(page_dir)
    management = gateway.management()

    def goodbye(event: object) -> None:
        with pytest.raises(management.exceptions.GoneException):  # the port still answers
            management.post_to_connection(ConnectionId="x=", Data=b"x")

    gateway.functions.named["ws_disconnect"] = goodbye
    codes: list[int] = []
    with ExitStack() as stack:
        clients = [stack.enter_context(gateway.open()) for _ in range(20)]
        readers = [
            threading.Thread(target=lambda one=client: codes.append(closed(one)))
            for client in clients
        ]
        for reader in readers:
            reader.start()
        gateway.stop()
        for reader in readers:
            reader.join(5)
    assert codes == [1001] * 20
    assert len(gateway.functions.events("ws_disconnect")) == 20


def test_while_it_closes_nobody_new_gets_in(page_dir: Path) -> None:
    gateway = Gateway(page_dir)
    try:
        gateway.call(gateway.hub.close_all())
        with pytest.raises(InvalidStatus) as refused, gateway.open():
            pytest.fail("let in")
        assert refused.value.response.status_code == 503
    finally:
        gateway.stop()
