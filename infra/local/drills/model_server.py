"""Language models on loopback, in two providers' wire formats, that fail when they are told to.

POST /v1/chat/completions as OpenAI's API reference has it ("Create chat completion"), and
POST /model/ID/converse as Bedrock's ("Converse").  What they say is always the same mild opinion.
"""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

OPENAI, BEDROCK = "openai", "bedrock"
BEDROCK_MODEL = "amazon.nova-lite-v1:0"

_SCORE = 12
_WORDS = "Nothing out of the ordinary."


class ModelServer:
    """Serves for as long as its `with` block; `down` names the providers that answer 503.

    `asked` counts requests, refused ones included, by provider.
    """

    def __init__(self) -> None:
        self.down: frozenset[str] = frozenset()
        self.asked: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """Settings that have both providers asked here, OpenAI's first, and no rules after them.

        One that failed is left alone for a second in place of a minute: a drill is short.
        """
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {
            "AUTOMONEY_MODELS": f"{OPENAI},{BEDROCK}",
            "AUTOMONEY_OPENAI_URL": f"{url}/v1",
            "AUTOMONEY_BEDROCK_URL": url,
            "AUTOMONEY_BEDROCK_MODEL": BEDROCK_MODEL,
            "AUTOMONEY_MODEL_PAUSE": "1",
        }

    def answer(self, provider: str, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and body that a request gets."""
        self.asked[provider] += 1
        if provider in self.down:
            words = "The service is unavailable for now."
            return 503, {"error": {"message": words, "type": "server_error"}, "message": words}
        return 200, _completion(request) if provider == OPENAI else _converse(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _opinion(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A judge's answer that meets the schema it was asked by; None where none was sent."""
    if schema is None:
        return None
    name = schema["properties"]["factors"]["items"]["properties"]["name"]["enum"][0]
    factors = [{"name": name, "contribution": _SCORE}]
    return {"score": _SCORE, "confidence": 0.6, "reasoning": _WORDS, "factors": factors}


def _completion(request: Mapping[str, Any]) -> dict[str, Any]:
    schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
    opinion = _opinion(schema)
    message = {"role": "assistant", "content": json.dumps(opinion) if opinion else "ok"}
    return {
        "object": "chat.completion",
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 400, "completion_tokens": 40, "total_tokens": 440},
    }


def _converse(request: Mapping[str, Any]) -> dict[str, Any]:
    tools = request.get("toolConfig", {}).get("tools")
    opinion = _opinion(tools[0]["toolSpec"]["inputSchema"]["json"] if tools else None)
    use = {
        "toolUseId": "1",
        "name": tools[0]["toolSpec"]["name"] if tools else "",
        "input": opinion,
    }
    content = [{"toolUse": use}] if opinion else [{"text": "ok"}]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if opinion else "end_turn",
        "usage": {"inputTokens": 400, "outputTokens": 40, "totalTokens": 440},
        "metrics": {"latencyMs": 5},
    }


def _handler(models: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            provider = OPENAI if self.path.startswith("/v1/") else BEDROCK
            status, said = models.answer(provider, request)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what was asked is counted."""

    return Handler
