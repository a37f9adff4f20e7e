import json
from pathlib import Path
from typing import Any

import pytest

from automoney.channels.handshake import accepted, answering_401, credentials
from automoney.errors import SourceUnavailable, Unauthorized

EVENTS = Path(__file__).resolve().parents[1] / "events"


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return found


def test_credentials_are_read_from_headers_in_any_case_and_the_query() -> None:
    assert credentials(event("ws_authorize.json")) == {
        "authorization": "Bearer header.payload.signature",
        "ticket": None,
        "origin": None,
    }
    assert credentials(event("ws_authorize_ticket.json")) == {
        "authorization": None,
        "ticket": "one-time-ticket",
        "origin": "https://app.example.com",
    }
    bare = {"headers": {"AUTHORIZATION": "x", "oRIGIN": "y"}, "queryStringParameters": None}
    assert credentials(bare) == {"authorization": "x", "ticket": None, "origin": "y"}


def test_only_unauthorized_becomes_the_word_for_401() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"), answering_401():
        raise Unauthorized("the token has expired")
    with pytest.raises(SourceUnavailable), answering_401():
        raise SourceUnavailable("issuer's keys", "timeout")


@pytest.mark.parametrize(
    ("offered", "answer"),
    [
        (None, {"statusCode": 200}),
        ("", {"statusCode": 200}),
        ("json", {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "json"}}),
        ("v2, v1", {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "v2"}}),
    ],
)
def test_the_first_sub_protocol_that_was_offered_comes_back(
    offered: str | None, answer: dict[str, Any]
) -> None:
    headers = {} if offered is None else {"sec-websocket-protocol": offered}
    assert accepted({"headers": headers}) == answer
