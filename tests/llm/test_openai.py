"""OpenAI's wire format over real HTTP: what is sent, what is read, and how it can go wrong."""

import json
from typing import Any

import pytest

from automoney.errors import InvalidInput
from automoney.llm.openai import OpenAi
from automoney.llm.provider import ModelFailed, Said, Tokens
from tests.builders import NOON
from tests.llm.builders import SCHEMA, question
from tests.llm.wire import CHAT, KEY, SAID, client, completion, openai, refusal
from tests.sources.served import Answer, Served, as_json, spoken


def sent(served: Served) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in served.requests]


def failure(served: Served, *answers: Answer, seconds: float = 5) -> ModelFailed:
    served.give(CHAT, *answers)
    with pytest.raises(ModelFailed) as caught:
        openai(served).ask(question(), seconds=seconds)
    assert KEY not in spoken(caught.value)
    return caught.value


def test_a_question_goes_out_as_documented_and_its_answer_comes_back(served: Served) -> None:
    served.give(CHAT, completion())

    said = openai(served).ask(question("BTC at 111000."), seconds=5)

    assert said == Said(SAID, Tokens(130, 18))
    (asked,) = served.requests
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {
        "model": "gpt-4.1-mini",
        "messages": [
            {"role": "system", "content": "You are an analyst."},
            {"role": "user", "content": "BTC at 111000."},
        ],
        "max_tokens": 500,
        "temperature": 0,
        "seed": 7,
        "stream": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    }


def test_the_same_question_is_the_same_bytes(served: Served) -> None:
    served.give(CHAT, completion())
    for _ in range(2):
        openai(served).ask(question(), seconds=5)
    first, second = served.requests
    assert first.body == second.body


def test_a_question_in_words_asks_for_no_form(served: Served) -> None:
    served.give(CHAT, completion("All is calm."))
    said = openai(served).ask(question(schema=None), seconds=5)
    assert said.text == "All is calm."
    assert "response_format" not in sent(served)[0]


def test_an_endpoint_without_a_key_gets_no_header(served: Served) -> None:
    served.give(CHAT, completion())
    openai(served, key="").ask(question(), seconds=5)
    assert "authorization" not in served.requests[0].headers


# The words of OpenAI, of DeepSeek as of today and as once, of vLLM, and of LM Studio.
@pytest.mark.parametrize(
    ("refusals", "forms"),
    [
        (
            [refusal(400, "Invalid schema for response_format 'answer': 'minimum' not permitted")],
            ["json_schema strict", "json_schema"],
        ),
        (
            [refusal(400, "This response_format type is unavailable now")] * 2,
            ["json_schema strict", "json_schema", "json_object"],
        ),
        (
            [
                Answer(
                    b"Failed to deserialize the JSON body into the target type: response_format:"
                    b" response_format.type `json_schema` is unavailable now",
                    422,
                    "text/plain",
                )
            ]
            * 2,
            ["json_schema strict", "json_schema", "json_object"],
        ),
        (
            [
                as_json(
                    {
                        "detail": [
                            {
                                "type": "extra_forbidden",
                                "loc": ["body", "response_format", "json_schema"],
                                "msg": "Extra inputs are not permitted",
                                "input": {"temperature": 0, "seed": 7},
                            }
                        ]
                    },
                    status=422,
                )
            ]
            * 2,
            ["json_schema strict", "json_schema", "json_object"],
        ),
        (
            [as_json({"error": "'response_format.type' must be 'json_schema' or 'text'"}, 400)] * 3,
            ["json_schema strict", "json_schema", "json_object", "none"],
        ),
    ],
)
def test_an_endpoint_that_knows_no_schema_is_told_it_in_words(
    served: Served, refusals: list[Answer], forms: list[str]
) -> None:
    served.give(CHAT, *refusals, completion())
    model = openai(served)

    assert model.ask(question(), seconds=5).text == SAID

    assert [form_of(request) for request in sent(served)] == forms
    prompt = sent(served)[-1]["messages"][0]["content"]
    assert prompt.startswith("You are an analyst.")
    in_words = forms[-1] in ("json_object", "none")
    assert ("JSON" in prompt) == in_words
    assert ('"required":["score","reasoning"]' in prompt) == in_words
    # It has learned: the next question goes out right at once.
    served.requests.clear()
    model.ask(question("another"), seconds=5)
    assert [form_of(request) for request in sent(served)] == forms[-1:]


def form_of(request: dict[str, Any]) -> str:
    given = request.get("response_format")
    if given is None:
        return "none"
    strict = given.get("json_schema", {}).get("strict")
    return f"{given['type']} strict" if strict else str(given["type"])


@pytest.mark.parametrize(
    ("words", "gone", "instead"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
            " 'max_completion_tokens' instead.",
            "max_tokens",
            ("max_completion_tokens", 500),
        ),
        (
            "Unsupported value: 'temperature' does not support 0 with this model.",
            "temperature",
            None,
        ),
        ("Unrecognized request argument supplied: seed", "seed", None),
    ],
)
def test_what_a_model_does_not_take_is_left_out(
    served: Served, words: str, gone: str, instead: tuple[str, int] | None
) -> None:
    served.give(CHAT, refusal(400, words), completion())
    openai(served).ask(question(), seconds=5)
    first, second = sent(served)
    expected = {name: value for name, value in first.items() if name != gone}
    assert second == expected | (dict([instead]) if instead else {})


def test_a_refusal_of_something_else_is_not_asked_again(served: Served) -> None:
    error = failure(served, refusal(400, "This model's maximum context length is 8192 tokens"))
    assert error.reason == "answered 400: This model's maximum context length is 8192 tokens"
    assert (len(served.requests), error.billed, error.alive) == (1, False, False)


def test_an_endpoint_that_refuses_everything_is_asked_a_few_times_only(served: Served) -> None:
    words = "temperature, seed, response_format and max_completion_tokens are all wrong"
    error = failure(served, refusal(400, words))
    assert error.status == 400
    assert len(served.requests) == 7
    # Nothing was learned from it.
    served.requests.clear()
    served.give(CHAT, completion())
    openai(served).ask(question(), seconds=5)
    assert form_of(sent(served)[0]) == "json_schema strict"


@pytest.mark.parametrize(
    ("given", "reason", "status"),
    [
        (refusal(401, f"Incorrect API key: {KEY[:8]}**89=="), "AUTOMONEY_OPENAI_KEY", 401),
        (refusal(403, "no"), "answered 403: AUTOMONEY_OPENAI_KEY does not let us in", 403),
        (refusal(404, "no such model"), "AUTOMONEY_OPENAI_MODEL", 404),
        (refusal(429, "Rate limit reached"), "answered 429: Rate limit reached", 429),
        (refusal(500, f"oops {KEY}"), r"answered 500: oops \*\*\*", 500),
        (Answer(b"<h1>Bad gateway</h1>", 502, "text/html"), "answered 502$", 502),
        (Answer(b"", 301, headers={"Location": "https://elsewhere"}), "answered 301$", 301),
    ],
)
def test_a_status_that_is_no_answer_costs_nothing(
    served: Served, given: Answer, reason: str, status: int
) -> None:
    error = failure(served, given)
    assert error.status == status
    assert not error.billed
    assert not error.alive
    with pytest.raises(ModelFailed, match=reason):
        raise error


def test_a_failure_says_how_long_to_stay_away(served: Served) -> None:
    given = refusal(429, "slow down", headers={"Retry-After": "17"})
    assert failure(served, given).retry_after == 17
    assert failure(served, refusal(429, "slow down")).retry_after is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Answer(b"<h1>Hello</h1>", content_type="text/html"), "answered with text/html where"),
        (Answer(b'{"choices": [', content_type="application/json"), "sent broken JSON of 13 bytes"),
        (Answer(b"[" * 100_000), "sent broken JSON of 100000 bytes"),
        (as_json([]), "sent JSON that is a list, not an object"),
        (Answer(b"x" * (5 * 2**20)), "sent more than 4 MB"),
        (completion(usage=None, choices=[]), "answered without any choice"),
        (completion(usage=None, choices=[{"index": 0}]), "answered without a message"),
    ],
)
def test_what_is_no_completion_may_have_cost_something(
    served: Served, given: Answer, reason: str
) -> None:
    error = failure(served, given)
    assert reason in error.reason
    assert (error.billed, error.tokens, error.alive) == (True, None, False)


@pytest.mark.parametrize("number", [-1, 1.5, True, "12"])
def test_a_number_of_tokens_that_cannot_be_makes_no_answer(served: Served, number: object) -> None:
    error = failure(served, completion(usage={"prompt_tokens": number, "completion_tokens": 2}))
    assert error.reason == f"says that it took {str(number)!r} tokens"
    assert (error.billed, error.tokens, error.alive) == (True, None, True)


def test_an_error_that_comes_with_success_is_one(served: Served) -> None:
    error = failure(served, as_json({"error": {"message": "upstream is down", "code": 502}}))
    assert error.reason == "answered 200 with an error: code 502, upstream is down"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (completion('{"score":', finish="length"), "cut its answer off at the limit of tokens"),
        (completion("", finish="content_filter"), "held its answer back (content filter)"),
        (
            completion(
                choices=[
                    {"message": {"content": None, "refusal": "I can't."}, "finish_reason": "stop"}
                ]
            ),
            "refused to answer",
        ),
        (completion("  \n"), "gave an empty answer"),
        (completion(None), "gave an empty answer"),
        (completion(choices=[{"message": {"content": 7}}]), "gave an empty answer"),
    ],
)
def test_an_answer_that_is_none_is_paid_for_by_its_tokens(
    served: Served, given: Answer, reason: str
) -> None:
    error = failure(served, given)
    assert error.reason == reason
    assert (error.alive, error.billed, error.tokens) == (True, True, Tokens(130, 18))


def test_parts_are_put_together_and_what_no_database_takes_is_replaced(served: Served) -> None:
    parts = [
        {"type": "text", "text": "a\ud800"},
        {"type": "image"},
        {"type": "text", "text": "\0b"},
    ]
    served.give(CHAT, completion(choices=[{"message": {"content": parts}}]))
    assert openai(served).ask(question(), seconds=5).text == "a??b"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 5}, [1, 2], "many"])
def test_an_endpoint_that_does_not_count_says_so(served: Served, usage: object) -> None:
    served.give(CHAT, completion(usage=usage))
    assert openai(served).ask(question(), seconds=5).tokens is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Answer(b"{}", delay=3), "no whole answer within 0.3 s"),
        (Answer(b" " * 200, drip=0.05), "no whole answer within 0.3 s"),
        (Answer(b"{}" * 500, cut=True), "broke the connection off (RemoteProtocolError)"),
        (
            Answer(b"no gzip", headers={"Content-Encoding": "gzip"}),
            "sent a body that does not unpack",
        ),
    ],
)
def test_what_breaks_off_may_have_cost_something(
    served: Served, given: Answer, reason: str
) -> None:
    error = failure(served, given, seconds=0.3)
    assert error.reason == reason
    assert (error.billed, error.alive, error.status) == (True, False, None)


def test_who_is_not_there_costs_nothing() -> None:
    nobody = OpenAi(client(), "http://127.0.0.1:9/v1", "llama3.1", lambda: NOON, KEY)
    with pytest.raises(ModelFailed, match="openai: cannot be reached") as caught:
        nobody.ask(question(), seconds=2)
    assert not caught.value.billed
    assert KEY not in spoken(caught.value)


@pytest.mark.parametrize("key", ["sk-\n", "sk-\N{SNOWMAN}"])
def test_a_key_that_no_header_carries_is_refused_and_not_shown(served: Served, key: str) -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_OPENAI_KEY") as caught:
        openai(served, key=key)
    assert "sk-" not in spoken(caught.value)


def test_the_key_stays_out_of_the_text_form(served: Served) -> None:
    assert KEY not in repr(openai(served))
