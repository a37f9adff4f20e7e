"""What an outside API's answer says besides data: what went wrong, how long to stay away.  Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

_LONGEST_WAIT = 3 * 86_400.0  # seconds: Binance's longest ban; more is a broken header
_LONGEST_RESET = 3_600  # seconds: others put a date into Glassnode's header, which is no wait
_LONGEST_COMPLAINT = 200  # characters of the source's own words in a reason
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BANNED_UNTIL = re.compile(r"until (\d{13})\b", re.ASCII)
_WORDS = ("msg", "error_message", "message", "error", "status")  # where APIs say what is wrong


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; the names of `headers` count without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """`application/json`, without its options; empty if none was sent."""
        return printable(self.headers.get("content-type", "").partition(";")[0].strip().lower())


def parse(body: bytes) -> Any:
    """JSON in which a number with a fraction or an exponent is an exact Decimal.

    Raises ValueError, or for absurd exponents ArithmeticError, for absurd nesting RecursionError.
    """
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)


def is_error(said: object) -> bool:
    """Whether JSON that came with a status of success is an error object all the same."""
    if not isinstance(said, dict):
        return False
    status = said.get("status")
    return (
        bool(said.get("error") or said.get("error_message"))
        or ("code" in said and "msg" in said)
        or (isinstance(status, dict) and "error_code" in status)
    )


def complaint(answer: Answer, secrets: Iterable[str]) -> str:
    """`: ` and what the source itself says went wrong, or nothing; without any of `secrets`.

    Binance says `msg` (and a `code`), FRED `error_message`, Glassnode `error`, CoinGecko either
    `error` or `status.error_message`, Coin Metrics `error.message`.
    """
    words: list[str] = []
    said = _object(answer)
    while isinstance(said, dict):
        if isinstance(code := said.get("code"), int):
            words.append(f"code {code}")
        said = next((said[name] for name in _WORDS if said.get(name)), None)
    if isinstance(said, str):
        words.append(" ".join(said.split()))
    text = ", ".join(words)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return f": {printable(text)}" if text else ""


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to stay away, by the first that says it; None if nothing does.

    `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), Glassnode's `x-rate-limit-reset` in
    seconds, or the time in ms that Binance's errors tell in `data.retryAfter` or in words.  A date
    counts from the answer's own Date, so that the wait is right even where a clock is not.
    """
    sent = _http_date(answer.headers.get("date", "")) or now
    text = answer.headers.get("retry-after", "").strip()
    if _is_digits(text):
        return min(float(text), _LONGEST_WAIT)
    until = _http_date(text)
    if until is None:
        reset = answer.headers.get("x-rate-limit-reset", "").strip()
        if _is_digits(reset) and len(reset) < 5 and int(reset) <= _LONGEST_RESET:
            return float(reset)
        until = _told_in_body(answer)
    if until is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), _LONGEST_WAIT)


def _told_in_body(answer: Answer) -> datetime | None:
    said = _object(answer)
    if not isinstance(said, dict):
        return None
    data = said.get("data")
    millis = data.get("retryAfter") if isinstance(data, dict) else None
    if not isinstance(millis, int):
        found = _BANNED_UNTIL.search(str(said.get("msg", "")))
        millis = int(found[1]) if found else None
    if millis is None or not 0 < millis < 10**13:
        return None
    return _EPOCH + timedelta(milliseconds=millis)


def _object(answer: Answer) -> object:
    """The body of an error as JSON; None if it is something else."""
    if not answer.content_type.endswith("json"):
        return None
    try:
        return parse(answer.body)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def printable(text: str) -> str:
    """Without what no log, terminal or database takes: control characters, lone surrogates."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:_LONGEST_COMPLAINT])


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
