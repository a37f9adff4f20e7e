"""`docs/asyncapi.yaml`: the socket's messages for people and generators, from the code's schemas.

`python -m infra.local.asyncapi > docs/asyncapi.yaml` writes it anew; a test says when to.
"""

import sys
from typing import Any

import yaml  # type: ignore[import-untyped]  # without stubs

from automoney.messages.schemas import EVENTS, REPLIES, REQUESTS
from infra.local.asyncapi_examples import EXAMPLES

_ABOUT = """\
Plain WebSocket with one JSON object a text frame. What is pushed is numbered per user by `seq`,
from 1 without gaps: drop what you have, ask `GET /api/events?since=SEQ` for what you lack.
How to connect, and what closes a connection, is in websocket.md.
"""


def document() -> dict[str, Any]:
    """The whole of it, as AsyncAPI 3.0."""
    sent, received = [*EVENTS, *REPLIES], list(REQUESTS)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "AutoMoney's socket", "version": "1", "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:8080",
                "pathname": "/ws",
                "protocol": "ws",
                "description": "`./dev start`; a deployment's own is `url` of POST /api/ws-tickets",
                "security": [
                    {"$ref": f"#/components/securitySchemes/{name}"}
                    for name in ("bearer", "ticket")
                ],
            }
        },
        "channels": {
            "socket": {
                "address": "/",
                "messages": {
                    _key(name): {"$ref": f"#/components/messages/{_key(name)}"}
                    for name in (*sent, *received)
                },
            }
        },
        "operations": {
            "hear": _operation("send", sent, "What we send"),
            "say": _operation("receive", received, "What you may send"),
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "ticket": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": "ticket",
                    "description": "For browsers: good once, for 30 seconds",
                },
            },
            "messages": {
                _key(name): _message(name, schema)
                for name, schema in (EVENTS | REPLIES | REQUESTS).items()
            },
        },
    }


def _key(name: str) -> str:
    """AsyncAPI's keys have no colon."""
    return name.replace(":", ".")


def _operation(action: str, names: list[str], summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{_key(name)}"} for name in names],
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": schema.get("description", f"{name}: to hear of these or no longer"),
        "payload": schema,
        "examples": [{"payload": example} for example in EXAMPLES[name]],
    }


class _Plain(yaml.SafeDumper):  # type: ignore[misc]  # without stubs
    def ignore_aliases(self, data: object) -> bool:
        return True


def text() -> str:
    """The document as YAML."""
    made: str = yaml.dump(document(), Dumper=_Plain, sort_keys=False, width=100, allow_unicode=True)
    return made


if __name__ == "__main__":
    sys.stdout.write(text())
