"""Bedrock's Converse over real HTTP, by boto3: what is sent, what is read, how it can go wrong."""

import json
from typing import Any
from urllib.parse import unquote

import pytest

from automoney.llm.bedrock import Bedrock
from automoney.llm.provider import ModelFailed, Said, Tokens
from tests.builders import NOON
from tests.llm.builders import SCHEMA, question
from tests.llm.wire import (
    BEDROCK_MODEL,
    CONVERSE,
    KEY,
    SAID,
    _bedrock_client,
    aws_error,
    bedrock,
    converse,
)
from tests.sources.served import Answer, Served, as_json, spoken


def sent(served: Served) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in served.requests]


def failure(served: Served, *answers: Answer, timeout: float = 5) -> ModelFailed:
    served.give(CONVERSE, *answers)
    with pytest.raises(ModelFailed) as caught:
        bedrock(served, timeout=timeout).ask(question(), seconds=5)
    assert KEY not in spoken(caught.value)
    return caught.value


def test_a_question_goes_out_as_documented_and_the_tool_s_input_is_the_answer(
    served: Served,
) -> None:
    served.give(CONVERSE, converse())

    said = bedrock(served).ask(question("BTC at 111000."), seconds=5)

    assert said == Said(SAID, Tokens(410, 25))
    (asked,) = served.requests
    assert unquote(asked.path) == f"/model/{BEDROCK_MODEL}/converse"
    assert "/eu-central-1/bedrock/aws4_request" in asked.headers["authorization"]
    assert json.loads(asked.body) == {
        "system": [{"text": "You are an analyst."}],
        "messages": [{"role": "user", "content": [{"text": "BTC at 111000."}]}],
        "inferenceConfig": {"maxTokens": 500, "temperature": 0},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "answer",
                        "description": "Takes your answer.",
                        "inputSchema": {"json": SCHEMA},
                    }
                }
            ],
            "toolChoice": {"tool": {"name": "answer"}},
        },
    }


def test_a_question_in_words_has_no_tool(served: Served) -> None:
    served.give(CONVERSE, converse([{"text": "All is "}, {"text": "calm."}], stop="end_turn"))
    said = bedrock(served).ask(question(schema=None, system=""), seconds=5)
    assert said.text == "All is calm."
    assert sent(served)[0].keys() == {"messages", "inferenceConfig"}


def test_a_model_that_cannot_be_made_to_use_a_tool_is_told_in_words(served: Served) -> None:
    words = "This model doesn't support the toolConfig.toolChoice.{} field. Remove it and try again"
    refusals = [
        aws_error(400, "ValidationException", words.format("tool")),
        aws_error(400, "ValidationException", words.format("any")),
        aws_error(400, "ValidationException", "This model doesn't support tool use."),
    ]
    served.give(CONVERSE, *refusals, converse([{"text": SAID}], stop="end_turn"))
    model = bedrock(served)

    assert model.ask(question(), seconds=5).text == SAID

    configs = [request.get("toolConfig") for request in sent(served)]
    assert [config and config.get("toolChoice") for config in configs] == [
        {"tool": {"name": "answer"}},
        {"any": {}},
        None,
        None,
    ]
    assert [config is not None for config in configs] == [True, True, True, False]
    assert "JSON Schema" in sent(served)[-1]["system"][0]["text"]
    served.requests.clear()
    model.ask(question("another"), seconds=5)
    assert len(served.requests) == 1


def test_a_model_without_temperature_is_asked_without(served: Served) -> None:
    refused = aws_error(400, "ValidationException", "`temperature` is deprecated for this model.")
    served.give(CONVERSE, refused, converse())
    bedrock(served).ask(question(), seconds=5)
    assert [request["inferenceConfig"] for request in sent(served)] == [
        {"maxTokens": 500, "temperature": 0},
        {"maxTokens": 500},
    ]


@pytest.mark.parametrize(
    ("status", "code", "words", "reason"),
    [
        (403, "AccessDeniedException", "You don't have access", "AUTOMONEY_BEDROCK_MODEL"),
        (403, "ExpiredTokenException", KEY, "may not use eu.amazon.nova-lite-v1:0"),
        (404, "ResourceNotFoundException", "no", "answered 404: there is no eu.amazon"),
        (400, "ValidationException", "bad", "answered 400 (ValidationException): bad"),
        (408, "ModelTimeoutException", "slow", "answered 408 (ModelTimeoutException): slow"),
        (424, "ModelErrorException", "odd", "answered 424 (ModelErrorException): odd"),
        (429, "ThrottlingException", "wait", "answered 429 (ThrottlingException): wait"),
        (500, "InternalServerException", "oops", "answered 500 (InternalServerException): oops"),
        (503, "ServiceUnavailableException", "later", "answered 503 (ServiceUnav"),
    ],
)
def test_a_status_that_is_no_answer_costs_nothing_and_is_not_tried_again(
    served: Served, status: int, code: str, words: str, reason: str
) -> None:
    error = failure(served, aws_error(status, code, words))
    assert reason in error.reason
    assert (error.status, error.billed, error.alive) == (status, False, False)
    assert len(served.requests) == 1


def test_a_throttle_says_how_long_to_stay_away(served: Served) -> None:
    given = aws_error(429, "ThrottlingException", "wait", **{"Retry-After": "9"})
    assert failure(served, given).retry_after == 9


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (converse(stop="max_tokens"), "cut its answer off at the limit of tokens"),
        (converse(stop="content_filtered"), "held its answer back (content filter)"),
        (converse(stop="guardrail_intervened"), "held its answer back (content filter)"),
        (converse([]), "gave an empty answer"),
        (converse([{"text": " "}]), "gave an empty answer"),
    ],
)
def test_an_answer_that_is_none_is_paid_for_by_its_tokens(
    served: Served, given: Answer, reason: str
) -> None:
    error = failure(served, given)
    assert error.reason == reason
    assert (error.alive, error.billed, error.tokens) == (True, True, Tokens(410, 25))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Answer(b"{"), "answered without a message"),  # botocore drops what it cannot read
        (Answer(b"[]"), "sent JSON of another shape"),
        (Answer(b'{"output": 7}'), "sent JSON of another shape"),
        (Answer(b"<h1>Hi</h1>", content_type="text/html"), "answered without a message"),
        (as_json({}), "answered without a message"),
        (converse(output={"message": {"role": "assistant"}}), "answered without a message"),
        (Answer(b"{}" * 500, cut=True), "answered without a message"),
        (Answer(b"{}" * 200, delay=2), "no whole answer in time"),
    ],
)
def test_what_is_no_answer_may_have_cost_something(
    served: Served, given: Answer, reason: str
) -> None:
    error = failure(served, given, timeout=0.4)
    assert reason in error.reason
    assert (error.billed, error.alive) == (True, False)


def test_a_number_of_tokens_that_cannot_be_makes_no_answer(served: Served) -> None:
    error = failure(served, converse(usage={"inputTokens": -1, "outputTokens": 3}))
    assert error.reason == "says that it took '-1' tokens"
    assert (error.billed, error.alive) == (True, True)


def test_not_a_number_is_no_answer(served: Served) -> None:
    tool = b'{"toolUse":{"toolUseId":"t","name":"answer","input":{"score":NaN}}}'
    body = b'{"output":{"message":{"role":"assistant","content":[' + tool + b"]}}}"
    error = failure(served, Answer(body))
    assert error.reason == "answered with what is no JSON (ValueError)"
    assert error.alive


def test_a_model_that_does_not_count_says_so(served: Served) -> None:
    served.give(CONVERSE, converse(usage=None))
    assert bedrock(served).ask(question(), seconds=5).tokens is None


def test_who_is_not_there_costs_nothing() -> None:
    nobody = Bedrock(_bedrock_client("http://127.0.0.1:9", 1), BEDROCK_MODEL, lambda: NOON)
    with pytest.raises(ModelFailed, match="bedrock: cannot be reached") as caught:
        nobody.ask(question(), seconds=2)
    assert not caught.value.billed
