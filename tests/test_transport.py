"""The transport against a real server: what goes wrong, how often it tries, what it never says."""

import gzip
import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import SourceUnavailable
from automoney.sources.table import Limit
from automoney.transport import Transport
from tests.sources.served import (
    NOW,
    Answer,
    Naps,
    Purse,
    Served,
    StoredBreaker,
    as_json,
    run,
    spoken,
)

KEY = "abcdef0123456789abcdef0123456789"
GOOD = as_json({"ok": True})
SHORT = timedelta(seconds=0.1)


@pytest.fixture(scope="module")
def _server() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture
def served(_server: Served) -> Served:
    _server.forget()
    return _server


def fetch(served: Served, **options: Any) -> Any:
    return run(lambda transport: transport.get_json("src", f"{served.url}/x", {}), **options)


def refusal(served: Served, **options: Any) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        fetch(served, **options)
    assert caught.value.source == "src"
    return caught.value


def test_numbers_keep_every_digit(served: Served) -> None:
    served.give("/x", Answer(b"[0.10000000000000000555, 1e-9, 12345678901234567890, -7, 3.0]"))
    assert fetch(served) == [
        Decimal("0.10000000000000000555"),
        Decimal("1e-9"),
        12345678901234567890,
        -7,
        Decimal("3.0"),
    ]


def test_params_and_headers_arrive_and_calls_and_bytes_are_counted(served: Served) -> None:
    served.give("/x", GOOD)

    async def twice(transport: Transport) -> tuple[int, int]:
        for _ in range(2):
            await transport.get_json(
                "src",
                f"{served.url}/x",
                {"symbols": '["A","B"]', "plus": "1+1 &x"},
                headers={"X-Api-Key": KEY},
            )
        return transport.calls, transport.bytes

    assert run(twice) == (2, 2 * len(GOOD.body))
    first, second = served.requests
    assert first.params == {"symbols": '["A","B"]', "plus": "1+1 &x"}
    assert first.headers["x-api-key"] == KEY
    assert first.port == second.port, "the second call goes over the first one's connection"


def test_it_builds_its_own_client_and_takes_no_proxy_from_the_environment(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    served.give("/x", GOOD)

    async def ask(_: Transport) -> Any:
        async with Transport(
            breaker=StoredBreaker(), clock=lambda: NOW, timeout=timedelta(seconds=5)
        ) as transport:
            return await transport.get_json("src", f"{served.url}/x", {})

    assert run(ask) == {"ok": True}


def test_a_silent_source_is_asked_three_times_two_seconds_apart(served: Served) -> None:
    served.give("/x", Answer(GOOD.body, delay=5))
    naps = Naps()
    error = refusal(served, timeout=SHORT, naps=naps)
    assert (len(served.requests), naps.taken) == (3, [2.0, 2.0])
    assert "within 0.1 s" in error.reason
    assert error.status is None


def test_a_dripping_answer_is_cut_off_though_bytes_keep_coming(served: Served) -> None:
    served.give("/x", Answer(b"[" + b"1," * 500 + b"1]", drip=0.02))
    refusal(served, timeout=SHORT)
    assert len(served.requests) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(GOOD.body, delay=5), id="silent"),
        pytest.param(Answer(GOOD.body, cut=True), id="hung up halfway"),
        pytest.param(as_json({}, status=503), id="overloaded"),
    ],
)
def test_a_passing_fault_is_got_over(served: Served, fault: Answer) -> None:
    served.give("/x", fault, GOOD)
    assert fetch(served, timeout=SHORT) == {"ok": True}
    assert len(served.requests) == 2


def test_an_answer_that_breaks_off_is_asked_for_three_times(served: Served) -> None:
    served.give("/x", Answer(GOOD.body, cut=True))
    assert "connection failed 3 times" in refusal(served).reason
    assert len(served.requests) == 3


def test_nobody_listening(served: Served) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    naps = Naps()
    with pytest.raises(SourceUnavailable, match="connection failed 3 times"):
        run(lambda t: t.get_json("src", f"http://127.0.0.1:{port}/", {}), naps=naps)
    assert naps.taken == [2.0, 2.0]


def test_a_server_error_is_tried_once_more(served: Served) -> None:
    served.give("/x", as_json({"msg": "Internal error"}, status=500))
    naps = Naps()
    error = refusal(served, naps=naps)
    assert (error.status, len(served.requests), naps.taken) == (500, 2, [2.0])
    assert error.reason == "answered 500: Internal error"


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 410, 451])
def test_what_will_not_change_is_not_tried_again(served: Served, status: int) -> None:
    served.give("/x", Answer(b"", status=status, headers={"Location": f"{served.url}/elsewhere"}))
    naps = Naps()
    error = refusal(served, naps=naps)
    assert (error.status, len(served.requests), naps.taken) == (status, 1, [])


@pytest.mark.parametrize("status", [418, 429])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Retry-After": "7"}, 7, id="seconds"),
        pytest.param({}, 60, id="does not say"),
        pytest.param({"Retry-After": "soon"}, 60, id="garbage"),
        pytest.param({"Retry-After": "-5"}, 60, id="negative"),
        pytest.param({"Retry-After": "99999999999999"}, 259_200, id="absurd"),
        pytest.param({"Retry-After": "Sun, 21 Sep 2025 12:02:00 GMT"}, 120, id="date"),
        pytest.param({"Retry-After": "Sun, 21 Sep 2025 11:00:00 GMT"}, 0, id="date gone by"),
        pytest.param(
            {
                "Retry-After": "Thu, 29 Sep 2022 16:18:14 GMT",
                "Date": "Thu, 29 Sep 2022 16:17:14 GMT",
            },
            60,
            id="date by the source's own clock",
        ),
    ],
)
def test_asked_to_wait_it_trips_the_breaker_and_does_not_try_again(
    served: Served, status: int, headers: dict[str, str], wait: float
) -> None:
    served.give("/x", as_json({"code": -1003, "msg": "Too much"}, status=status, headers=headers))
    breaker, naps = StoredBreaker(), Naps()
    error = refusal(served, breaker=breaker, naps=naps)
    assert (error.status, error.retry_after) == (status, wait)
    assert breaker.until == {"src": NOW + timedelta(seconds=wait)}
    assert (len(served.requests), naps.taken) == (1, [])
    assert "code -1003, Too much" in error.reason


def test_while_the_breaker_is_open_nothing_is_sent(served: Served) -> None:
    served.give("/x", GOOD)
    breaker = StoredBreaker({"src": NOW + timedelta(seconds=30)})
    error = refusal(served, breaker=breaker)
    assert error.retry_after == 30
    assert "until 2025-09-21T12:00:30Z" in error.reason
    assert served.requests == []

    assert fetch(served, breaker=breaker, now=NOW + timedelta(seconds=30)) == {"ok": True}


def test_the_breaker_of_another_source_does_not_matter(served: Served) -> None:
    served.give("/x", GOOD)
    assert fetch(served, breaker=StoredBreaker({"other": datetime.max.replace(tzinfo=UTC)}))


LIMITS = {"src": (Limit(2, timedelta(minutes=1)), Limit(50, timedelta(days=1)))}


def test_every_try_is_taken_from_the_budget_and_at_its_end_nothing_leaves(served: Served) -> None:
    served.give("/x", as_json({}, status=503))
    purse, naps = Purse({"src": 3}), Naps()
    options: dict[str, Any] = {"budget": purse, "limits": LIMITS}
    assert refusal(served, naps=naps, **options).status == 503
    assert len(served.requests) == len(purse.taken) == 2, "a retry is a call too"

    error = refusal(served, naps=naps, **options)
    assert (len(served.requests), naps.taken) == (3, [2.0, 2.0])
    assert (error.status, error.retry_after) == (None, 86_400)
    assert error.reason == (
        "its budget of 2 calls in 60 s and 50 calls in 86400 s is used up for another 86400 s"
    )

    refusal(served, naps=naps, **options)
    assert (len(served.requests), naps.taken) == (3, [2.0, 2.0]), "not sent, and not waited for"


def test_a_source_without_limits_costs_no_look_at_the_budget(served: Served) -> None:
    served.give("/x", GOOD)
    purse = Purse({})
    limits = {"other": LIMITS["src"]}
    assert fetch(served, budget=purse, limits=limits) == {"ok": True}
    assert purse.taken == []


def test_what_the_breaker_stops_costs_no_budget(served: Served) -> None:
    purse = Purse({"src": 1})
    breaker = StoredBreaker({"src": NOW + timedelta(seconds=30)})
    refusal(served, breaker=breaker, budget=purse, limits=LIMITS)
    assert purse.taken == []


def test_limits_without_a_budget_are_a_mistake(served: Served) -> None:
    with pytest.raises(ValueError, match="would not be kept"):
        fetch(served, limits=LIMITS)


def test_budget_and_breaker_may_go_by_another_clock_than_the_sources(served: Served) -> None:
    """As in a replay of the past against a source that counts by the wall."""
    served.give("/x", as_json({}, status=429, headers={"Retry-After": "7"}))
    breaker, purse = StoredBreaker(), Purse({"src@wall": 9})
    wall = NOW + timedelta(days=365)
    options: dict[str, Any] = {"breaker": breaker, "wall": lambda: wall}
    refusal(served, budget=purse, limits=LIMITS, **options)
    assert purse.taken == [("src@wall", wall)]
    assert breaker.until == {"src@wall": wall + timedelta(seconds=7)}
    assert refusal(served, **options).retry_after == 7
    assert len(served.requests) == 1

    served.give("/x", GOOD)
    assert fetch(served, breaker=breaker), "a ban that ends in a year of the replay is not its own"


@pytest.mark.parametrize("status", [418, 429])
def test_a_ban_without_retry_after_lasts_until_the_body_says(served: Served, status: int) -> None:
    until = NOW + timedelta(minutes=5)
    millis = round(until.timestamp() * 1000)
    words = f"Way too much request weight used; IP banned until {millis}. Please wait."
    breaker = StoredBreaker()
    served.give("/x", as_json({"code": -1003, "msg": words}, status=status))
    assert refusal(served, breaker=breaker).retry_after == 300
    assert breaker.until == {"src": until}


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"type": "forbidden", "message": "Not yours."}},
        {"error": "coin not found"},
        {"error_code": 400, "error_message": "Bad Request."},
        {"code": -1121, "msg": "Invalid symbol."},
        {"status": {"error_code": 429, "error_message": "Too many."}},
    ],
)
def test_an_error_object_with_a_status_of_success_is_an_error(served: Served, body: object) -> None:
    served.give("/x", as_json(body))
    error = refusal(served)
    assert error.reason.startswith("answered 200 with an error: ")
    assert (error.status, len(served.requests)) == (200, 1)


@pytest.mark.parametrize(
    "body", [{"error": None}, {"metadata": {"error": None}}, {"status": "ok"}, {"code": 1}, []]
)
def test_what_merely_looks_like_an_error_is_not_one(served: Served, body: object) -> None:
    served.give("/x", as_json(body))
    assert fetch(served) == body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "broken JSON of 0 bytes", id="empty"),
        pytest.param(b'{"price": "1', "broken JSON", id="cut off"),
        pytest.param(b'{"price": NaN}', "broken JSON", id="NaN"),
        pytest.param(b"[-Infinity]", "broken JSON", id="Infinity"),
        pytest.param(b"<html></html>", "broken JSON", id="a page that calls itself JSON"),
        pytest.param(b"\xff\xfe\xfa", "broken JSON", id="not text"),
        pytest.param(b"[" * 100_000, "broken JSON", id="absurdly nested"),
        pytest.param(b"[1e99999999999999999999]", "broken JSON", id="absurd exponent"),
        pytest.param(b"9" * 5000, "broken JSON", id="absurd digits"),
    ],
)
def test_broken_json(served: Served, body: bytes, words: str) -> None:
    served.give("/x", Answer(body))
    error = refusal(served)
    assert words in error.reason
    assert (error.status, len(served.requests)) == (200, 1)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", ""])
def test_json_must_say_that_it_is_json(served: Served, kind: str) -> None:
    served.give("/x", Answer(b"{}", content_type=kind))
    assert "where JSON was due" in refusal(served).reason


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON;x", "application/x+json"])
def test_json_by_any_of_its_names(served: Served, kind: str) -> None:
    served.give("/x", Answer(b"{}", content_type=kind))
    assert fetch(served) == {}


def test_text(served: Served) -> None:
    def text(answer: Answer) -> str:
        served.give("/x", answer)
        return run(lambda transport: transport.get_text("src", f"{served.url}/x", {}))

    assert text(Answer("a,b\n1,½\n".encode(), content_type="application/csv")) == "a,b\n1,½\n"
    with pytest.raises(SourceUnavailable, match="text/html where plain text"):
        text(Answer(b"<html>", content_type="text/html"))
    with pytest.raises(SourceUnavailable, match="not UTF-8"):
        text(Answer(b"\xff", content_type="text/csv"))


def test_too_large_a_body_is_not_read_to_its_end(served: Served) -> None:
    packed = gzip.compress(b" " * (17 * 2**20) + b"1")
    served.give("/x", Answer(packed, headers={"Content-Encoding": "gzip"}))
    assert len(packed) < 100_000, "small on the wire, so that only the unpacked size can tell"
    assert refusal(served).reason == "sent more than 16 MB"
    assert len(served.requests) == 1


def test_a_body_that_does_not_unpack(served: Served) -> None:
    served.give("/x", Answer(b"not gzip", headers={"Content-Encoding": "gzip"}))
    assert refusal(served).reason == "sent a body that does not unpack"


@pytest.mark.parametrize("url", ["http://[broken", "ftp://127.0.0.1/x", "/only/a/path"])
def test_a_url_that_cannot_be_called(url: str) -> None:
    with pytest.raises(SourceUnavailable):
        run(lambda transport: transport.get_json("src", url, {}))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param({"code": 0, "msg": "restricted"}, "code 0, restricted", id="binance"),
        pytest.param({"error_code": 400, "error_message": "Bad  \n Request"}, "Bad Request"),
        pytest.param({"error": "Invalid API key"}, "Invalid API key", id="glassnode"),
        pytest.param({"status": {"error_code": 429, "error_message": "Limit"}}, "Limit"),
        pytest.param({"error": {"type": "bad_parameter", "message": "Bad"}}, "Bad"),
    ],
)
def test_the_sources_own_words_are_in_the_reason(served: Served, body: object, words: str) -> None:
    served.give("/x", as_json(body, status=400))
    assert refusal(served).reason == f"answered 400: {words}"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"x', b"{}", b'{"error": null}', b'{"msg": ["x"]}']
)
def test_an_error_without_words(served: Served, body: bytes) -> None:
    served.give("/x", Answer(body, status=400))
    assert refusal(served).reason == "answered 400"


def test_a_complaint_that_no_database_would_take_is_made_printable(served: Served) -> None:
    served.give("/x", as_json({"msg": "no\0 \ud800\x1b[31m way"}, status=400))
    assert refusal(served).reason == "answered 400: no? ??[31m way"


def test_a_long_complaint_is_cut(served: Served) -> None:
    served.give("/x", as_json({"msg": "x" * 5000}, status=400))
    assert len(refusal(served).reason) < 250


FAULTS = [
    pytest.param(as_json({"msg": "x" * 190 + KEY}, status=400), id="echoed where it would be cut"),
    pytest.param(as_json({"error": f"bad key {KEY}!"}), id="echoed with a status of success"),
    pytest.param(as_json({"msg": f"bad key {KEY}!", "error": KEY}, status=401), id="echoed"),
    pytest.param(as_json({"error": {"message": KEY}}, status=429), id="echoed with a wait"),
    pytest.param(as_json({"msg": json.dumps({"api_key": KEY})}, status=500), id="echoed twice"),
    pytest.param(Answer(b"", status=302, headers={"Location": "/?api_key=" + KEY}), id="sent on"),
    pytest.param(Answer(b"oops"), id="not JSON"),
    pytest.param(Answer(b"{}", content_type="text/html"), id="a page"),
    pytest.param(Answer(b"{}", delay=5), id="silent"),
    pytest.param(Answer(b"[1, 2]", cut=True), id="cut off"),
    pytest.param(Answer(b"x", headers={"Content-Encoding": "gzip"}), id="does not unpack"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_key_in_any_error_or_log(
    served: Served, caplog: pytest.LogCaptureFixture, fault: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")
    caplog.set_level(logging.DEBUG, logger="httpcore")
    served.give("/x", fault)
    with pytest.raises(SourceUnavailable) as caught:
        run(
            lambda transport: transport.get_json(
                "src", f"{served.url}/x", {"api_key": KEY}, headers={"X-Api-Key": KEY}
            ),
            timeout=SHORT,
        )
    assert served.requests[0].params["api_key"] == KEY
    assert caplog.records, "the client logs at this level, so the key had its chance"
    said = spoken(caught.value) + caplog.text
    assert KEY[:8] not in said


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\r\nX-Evil: 1", f"{KEY}é", f"{KEY}\0"])
def test_a_key_that_no_header_can_carry_is_not_quoted(served: Served, key: str) -> None:
    with pytest.raises(SourceUnavailable, match="no header can carry") as caught:
        run(
            lambda transport: transport.get_json(
                "src", f"{served.url}/x", {}, headers={"X-Api-Key": key}
            )
        )
    assert KEY not in spoken(caught.value)
    assert served.requests == []
