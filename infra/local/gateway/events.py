"""The events that API Gateway sends to functions, in AWS's documented shapes.

Source: AWS, "Working with AWS Lambda proxy integrations for HTTP APIs" (payload format 2.0) and
"API Gateway WebSocket API mapping template reference".
"""

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

ACCOUNT = "000000000000"
STAGE = "local"
HTTP_API = "localhttp1"
WEBSOCKET_API = "localsock1"

_TEXT = ("text/", "application/json", "application/javascript", "application/xml")


def http_event(scope: Mapping[str, Any], body: bytes, *, now: datetime) -> dict[str, Any]:
    """An HTTP request as payload format 2.0: names in lower case, repeated values joined by `,`."""
    headers = _joined((name.decode(), value.decode("latin-1")) for name, value in scope["headers"])
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    host = headers.get("host", "")
    source_ip = _source_ip(scope)
    headers |= {
        "x-forwarded-for": source_ip,
        "x-forwarded-port": host.rpartition(":")[2] if host.rpartition(":")[2].isdigit() else "80",
        "x-forwarded-proto": scope["scheme"],
    }
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": HTTP_API,
            "domainName": host,
            "domainPrefix": host.split(".")[0].split(":")[0],
            "http": {
                "method": scope["method"],
                "path": scope["path"],
                "protocol": f"HTTP/{scope['http_version']}",
                "sourceIp": source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": new_request_id(),
            "routeKey": "$default",
            "stage": "$default",
            "time": _clf(now),
            "timeEpoch": _milliseconds(now),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if body:
        event |= _body(body, headers.get("content-type", ""))
    return event


@dataclass(frozen=True, slots=True)
class SocketEvents:
    """The events of one WebSocket connection."""

    connection_id: str
    scope: Mapping[str, Any]
    opened_at: datetime

    @property
    def method_arn(self) -> str:
        return f"arn:aws:execute-api:{STAGE}:{ACCOUNT}:{WEBSOCKET_API}/{STAGE}/$connect"

    @property
    def source_ip(self) -> str:
        return _source_ip(self.scope)

    @property
    def user_agent(self) -> str:
        return self._headers().get("User-Agent", [""])[0]

    def authorize(self, *, now: datetime) -> dict[str, Any]:
        return {
            "type": "REQUEST",
            "methodArn": self.method_arn,
            **self._handshake(),
            "stageVariables": {},
            "requestContext": self._context("$connect", "CONNECT", now),
        }

    def connect(self, authorizer: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
        context = self._context("$connect", "CONNECT", now)
        return {
            **self._handshake(),
            "requestContext": {**context, "authorizer": dict(authorizer)},
            "isBase64Encoded": False,
        }

    def message(self, authorizer: Mapping[str, Any], body: str, *, now: datetime) -> dict[str, Any]:
        context = self._context("$default", "MESSAGE", now)
        return {
            "requestContext": {
                **context,
                "authorizer": dict(authorizer),
                "messageId": new_request_id(),
            },
            "body": body,
            "isBase64Encoded": False,
        }

    def disconnect(
        self, authorizer: Mapping[str, Any], code: int, reason: str, *, now: datetime
    ) -> dict[str, Any]:
        context = self._context("$disconnect", "DISCONNECT", now)
        headers = {"Host": self._host(), "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        return {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "requestContext": {
                **context,
                "authorizer": dict(authorizer),
                "disconnectStatusCode": code,
                "disconnectReason": reason,
            },
            "isBase64Encoded": False,
        }

    def _handshake(self) -> dict[str, Any]:
        headers = self._headers()
        query: dict[str, list[str]] = {}
        text = self.scope["query_string"].decode("latin-1")
        for name, value in parse_qsl(text, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        return {
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()},
            "multiValueQueryStringParameters": query,
        }

    def _headers(self) -> dict[str, list[str]]:
        headers: dict[str, list[str]] = {}
        for name, value in self.scope["headers"]:
            cased = name.decode().title().replace("Websocket", "WebSocket")
            headers.setdefault(cased, []).append(value.decode("latin-1"))
        headers["X-Forwarded-For"] = [self.source_ip]
        return headers

    def _host(self) -> str:
        return self._headers().get("Host", [""])[0]

    def _context(self, route: str, kind: str, now: datetime) -> dict[str, Any]:
        request_id = new_request_id()
        return {
            "routeKey": route,
            "eventType": kind,
            "extendedRequestId": request_id,
            "requestTime": _clf(now),
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": _milliseconds(self.opened_at),
            "requestTimeEpoch": _milliseconds(now),
            "identity": {"userAgent": self.user_agent, "sourceIp": self.source_ip},
            "requestId": request_id,
            "domainName": self._host(),
            "connectionId": self.connection_id,
            "apiId": WEBSOCKET_API,
        }


def new_request_id() -> str:
    return secrets.token_urlsafe(11) + "="


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.startswith(_TEXT):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # not what it calls itself: goes as bytes, like everything that isn't text
    return {"body": b64encode(body).decode(), "isBase64Encoded": True}


def _source_ip(scope: Mapping[str, Any]) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _clf(moment: datetime) -> str:
    return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
