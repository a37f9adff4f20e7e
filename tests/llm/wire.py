"""What providers send, in their own wire formats, and clients that ask a server on loopback."""

from functools import cache
from typing import Any, cast
from urllib.parse import quote

import boto3
import httpx
from botocore.config import Config

from automoney.llm.bedrock import Bedrock, Converse
from automoney.llm.openai import OpenAi
from tests.builders import NOON
from tests.sources.served import Answer, Served, as_json

KEY = "sk-very+secret/KEY-0123456789=="
BEDROCK_MODEL = "eu.amazon.nova-lite-v1:0"
CHAT = "/v1/chat/completions"
CONVERSE = f"/model/{quote(BEDROCK_MODEL, safe='')}/converse"
SAID = '{"score":12,"reasoning":"calm"}'


@cache
def client() -> httpx.Client:
    """One for all tests: reading the certificate store takes longer than they do."""
    return httpx.Client(trust_env=False)


def openai(served: Served, *, key: str = KEY, model: str = "gpt-4.1-mini") -> OpenAi:
    return OpenAi(client(), f"{served.url}/v1", model, lambda: NOON, key)


def completion(text: str | None = SAID, *, finish: str = "stop", **changed: Any) -> Answer:
    """What chat completions answer; `changed` replaces whole members, None drops them."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_757_332_800,
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 130, "completion_tokens": 18, "total_tokens": 148},
        "system_fingerprint": "fp_1",
        **changed,
    }
    return as_json({name: value for name, value in body.items() if value is not None})


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error as OpenAI words them."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return as_json({"error": error}, status=status, **more)


@cache
def _bedrock_client(url: str, timeout: float) -> Converse:
    session = boto3.session.Session(
        aws_access_key_id="AKIATESTTESTTESTTEST",
        aws_secret_access_key=KEY,
        region_name="eu-central-1",
    )
    config = Config(
        connect_timeout=1, read_timeout=timeout, retries={"total_max_attempts": 1}, proxies={}
    )
    made = session.client("bedrock-runtime", endpoint_url=url, config=config)
    return cast("Converse", made)


def bedrock(served: Served, *, timeout: float = 5) -> Bedrock:
    return Bedrock(_bedrock_client(served.url, timeout), BEDROCK_MODEL, lambda: NOON, (KEY,))


def converse(
    content: list[dict[str, Any]] | None = None, *, stop: str = "tool_use", **changed: Any
) -> Answer:
    """What Converse answers; the default is the forced tool's use."""
    tool = {"toolUseId": "t1", "name": "answer", "input": {"score": 12, "reasoning": "calm"}}
    body = {
        "output": {
            "message": {
                "role": "assistant",
                "content": [{"toolUse": tool}] if content is None else content,
            }
        },
        "stopReason": stop,
        "usage": {"inputTokens": 410, "outputTokens": 25, "totalTokens": 435},
        "metrics": {"latencyMs": 512},
        **changed,
    }
    return as_json({name: value for name, value in body.items() if value is not None})


def aws_error(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error as Bedrock words them."""
    return as_json(
        {"message": message}, status=status, headers={"x-amzn-ErrorType": code, **headers}
    )
