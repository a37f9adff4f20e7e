"""How long an answer says to stay away, by header, by date, or in words: tables."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from automoney.answers import Answer, retry_after

NOW = datetime(2025, 9, 21, 12, tzinfo=UTC)
MILLIS = 1758456000000  # NOW


def answer(
    headers: dict[str, str], body: object = None, content_type: str = "application/json"
) -> Answer:
    sent = {**headers, "Content-Type": content_type}
    as_bytes = [(name.encode(), value.encode()) for name, value in sent.items()]
    return Answer(429, httpx.Headers(as_bytes), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        pytest.param({}, None, None, id="says nothing"),
        pytest.param({"Retry-After": "9" * 400}, None, 259_200, id="absurd"),
        pytest.param({"Retry-After": "Mon, 99 Foo 99999999999999 25:61:61 +9999"}, None, None),
        pytest.param({"Retry-After": "Sun, 21 Sep 99999 12:00:00 GMT"}, None, None),
        pytest.param({"Retry-After": "٧"}, None, None, id="digits of another script"),
        # Glassnode tells seconds; others put a time there, in s or ms, which must not be a wait.
        pytest.param({"x-rate-limit-reset": "42"}, None, 42, id="glassnode"),
        pytest.param({"x-rate-limit-reset": "42", "Retry-After": "7"}, None, 7, id="the standard"),
        pytest.param({"x-rate-limit-reset": "1758456060"}, None, None, id="a time in s"),
        pytest.param({"x-rate-limit-reset": "1758456060000"}, None, None, id="a time in ms"),
        pytest.param({"x-rate-limit-reset": "-1"}, None, None, id="negative"),
        pytest.param({}, {"code": -1003, "data": {"retryAfter": MILLIS + 5000}}, 5, id="data"),
        pytest.param({}, {"code": -1003, "data": {"retryAfter": MILLIS - 5000}}, 0, id="gone by"),
        pytest.param({}, {"code": -1003, "data": {"retryAfter": 10**30}}, None, id="nonsense"),
        pytest.param({}, {"code": -1003, "data": {"retryAfter": "soon"}}, None, id="words"),
        pytest.param({}, {"data": [1]}, None, id="other data"),
        pytest.param({}, {"msg": f"IP banned until {MILLIS + 90_000}."}, 90, id="in words"),
        pytest.param({}, {"msg": f"IP banned until {MILLIS + 9_000_000_000}."}, 259_200),
        pytest.param({}, {"msg": "banned until tomorrow"}, None, id="no time in the words"),
        pytest.param({}, {"msg": 7}, None, id="no words"),
        pytest.param({}, [1], None, id="a list"),
        pytest.param(
            {"Date": "Sun, 21 Sep 2025 12:01:00 GMT"},
            {"msg": f"IP banned until {MILLIS + 90_000}."},
            30,
            id="by the source's own clock",
        ),
    ],
)
def test_how_long_to_stay_away(headers: dict[str, str], body: object, wait: float | None) -> None:
    assert retry_after(answer(headers, body), NOW) == wait


def test_a_page_says_nothing_whatever_it_says() -> None:
    page = answer({}, {"msg": f"IP banned until {MILLIS + 90_000}."}, content_type="text/html")
    assert retry_after(page, NOW) is None
