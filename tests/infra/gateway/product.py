"""The real ws_* handlers behind the gateway, and a clock that a test moves."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automoney import wiring
from automoney.identity import Verifier
from automoney.messages import Event, Message, Numbered
from automoney.ports import Connection
from automoney.settings import Settings
from automoney.stores.connections import DynamoConnections
from automoney.stores.tickets import DynamoTickets
from functions.ws_authorize.handler import handler as authorize
from functions.ws_broadcast.handler import handler as broadcast
from functions.ws_connect.handler import handler as connect
from functions.ws_disconnect.handler import handler as disconnect
from functions.ws_message.handler import handler as message
from infra.local import tokens
from infra.local.gateway import FunctionError
from tests.fakes_dynamo import FakeDynamo
from tests.functions.lambda_context import CONTEXT
from tests.infra.gateway.served import Gateway, later


class Product:
    """What is wired behind the gateway, and a clock that a test moves."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        dynamo = FakeDynamo()
        self.gateway = gateway
        self.folder = folder
        self.now = datetime.now(UTC)
        self.connections = DynamoConnections(dynamo.client, "connections")
        self.tickets = DynamoTickets(dynamo.client, "tickets")
        self.sockets = gateway.sockets()
        self.settings = Settings(allowed_origins=(gateway.url,))
        self.verifier = Verifier(tokens.ISSUER, tokens.AUDIENCE, tokens.key_set(folder))

    def bearer(self, user: str) -> dict[str, str]:
        token = tokens.mint(self.folder, user, ["user"], now=self.now, ttl=timedelta(hours=1))
        return {"Authorization": f"Bearer {token}"}

    def connected(self, user: str) -> list[Connection]:
        return self.connections.of_user(user)

    def push(self, user: str, *seqs: int, event: Event = Event.TRADE_EXECUTED) -> list[str]:
        """Run ws_broadcast as SQS would, for one message; return the ids that failed."""
        one = Message(event, "hodl-wave", self.now, {"strategyId": "hodl-wave"})
        return self.broadcast(*(Numbered(user, seq, one) for seq in seqs))

    def broadcast(self, *messages: Numbered) -> list[str]:
        entries = [{"userId": one.user_id, "event": one.envelope()} for one in messages]
        record = {"messageId": "m", "body": json.dumps({"messages": entries})}
        answer = broadcast({"Records": [record]}, CONTEXT)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def product(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    product = Product(gateway, tmp_path)
    for name in ("connections", "tickets", "sockets", "settings", "verifier"):
        monkeypatch.setattr(wiring, name, lambda name=name: getattr(product, name))
    monkeypatch.setattr(wiring, "clock", lambda: product.now)
    handlers = {
        "ws_authorize": authorize,
        "ws_connect": connect,
        "ws_message": message,
        "ws_disconnect": disconnect,
    }

    def answering(handler: Any) -> Any:
        def function(event: dict[str, Any]) -> Any:
            try:
                return handler(event, CONTEXT)
            except Exception as error:
                raise FunctionError("x", f"{type(error).__name__}: {error}") from error

        return function

    gateway.functions.named |= {name: answering(one) for name, one in handlers.items()}
    yield product
    later(lambda: len(gateway.hub) == 0)
    later(lambda: product.connections.all() == [])  # every goodbye was recorded


def say(client: Any, **words: Any) -> dict[str, Any]:
    client.send(json.dumps(words))
    reply: dict[str, Any] = json.loads(client.recv(3))
    return reply
