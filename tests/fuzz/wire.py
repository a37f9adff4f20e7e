"""What can go wrong around a body: its bytes, its encoding, the status, the headers, the line."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

JSON: Final = "application/json; charset=utf-8"
TEXT: Final = "application/csv"


@dataclass(frozen=True, slots=True)
class Sent:
    """One answer as it goes out; `broken` is how the line fails instead, or after it."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)
    broken: str | None = None

    def headed(self, name: str, value: str) -> "Sent":
        """With that header in place of any of its name."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*kept, (name, value)))


# ---------------------------------------------------------------- bytes


def truncated(rng: Random, sent: Sent) -> Sent:
    return replace(sent, body=sent.body[: rng.randrange(len(sent.body) + 1)])


def garbage(rng: Random, sent: Sent) -> Sent:
    """Some bytes are others, or there are more of them."""
    body = bytearray(sent.body)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        place = rng.randint(0, len(body))
        if rng.random() < 0.5 and place < len(body):
            body[place] = rng.randrange(256)
        else:
            body[place:place] = rng.randbytes(rng.choice((1, 1, 4)))
    return replace(sent, body=bytes(body))


def digit(rng: Random, sent: Sent) -> Sent:
    """One digit is another: nobody can tell, save by what is not possible."""
    places = [place for place, byte in enumerate(sent.body) if 48 <= byte <= 57]
    if not places:
        return sent
    body = bytearray(sent.body)
    body[rng.choice(places)] = rng.choice(b"0123456789")
    return replace(sent, body=bytes(body))


def padded(rng: Random, sent: Sent) -> Sent:
    """Something before or after it."""
    more = rng.choice((b" ", b"\n\r\n\t", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"]", b",", b"{}"))
    before = rng.random() < 0.5
    return replace(sent, body=more + sent.body if before else sent.body + more)


def encoded(rng: Random, sent: Sent) -> Sent:
    text = sent.body.decode("latin-1") + rng.choice(("", "", "é"))
    coding = rng.choice(("latin-1", "utf-16", "utf-16-be", "utf-32", "utf-8-sig", "utf-7"))
    return replace(sent, body=text.encode(coding))


def twice(rng: Random, sent: Sent) -> Sent:
    return replace(sent, body=sent.body + rng.choice((b"", b"\n")) + sent.body)


def other_body(rng: Random, sent: Sent) -> Sent:
    return replace(sent, body=rng.choice(_BODIES))


_BODIES = (
    *(b"", b" ", b"null", b"0", b'""', b"[]", b"{}", b"true", b"NaN", b"[[]]", b"[null]", b"OK"),
    *(b"<html><body>Just a moment...</body></html>", b"\x00" * 64, b"[" * 100_000),
    *(b'{"code":-1121,"msg":"Invalid symbol."}', b'{"error":"Invalid API key"}', b"9" * 5_000),
    *(b'{"status":{"error_code":429,"error_message":"slow down"}}', b'{"data":null}', b"[{}]"),
    b'{"a":' * 9_999,
)

# ---------------------------------------------------------------- status, headers, line


def status(rng: Random, sent: Sent) -> Sent:
    """Another status; where it asks for a pause, with sense or without."""
    number = rng.choice((201, 204, 301, 400, 401, 403, 404, 418, 429, 429, 451, 500, 502, 503, 999))
    answer = replace(sent, status=number)
    return pause(rng, answer) if number in (418, 429, 503) else answer


def pause(rng: Random, sent: Sent) -> Sent:
    name = rng.choice(("retry-after", "retry-after", "x-rate-limit-reset", "date"))
    return sent.headed(name, rng.choice(_PAUSES))


_PAUSES = (
    *("60", "0", "-5", "", "soon", "1e9", "9" * 30, "nan", "inf", "60.5", " 7 ", "\u0663", "0x10"),
    *("Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 32 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 0000 07:28"),
    *("Mon, 01 Jan 10000 00:00:00 GMT", "Wed, 21 Oct 2015 07:28:00 +9999", "1758456000"),
)


def content_type(rng: Random, sent: Sent) -> Sent:
    kinds = ("text/html", "", "text/plain", "application/problem+json", "json", ";;;", "image/png")
    return sent.headed("content-type", rng.choice((*kinds, JSON.upper(), TEXT, "\u00fc/json")))


def compressed(rng: Random, sent: Sent) -> Sent:
    """Packed as it says, or not."""
    packed = rng.choice((sent.body, zlib.compress(sent.body), zlib.compress(sent.body)[:-5]))
    return replace(sent, body=packed).headed(
        "content-encoding", rng.choice(("deflate", "gzip", "identity", "x-unknown"))
    )


def broken(rng: Random, sent: Sent) -> Sent:
    return replace(sent, broken=rng.choice(("timeout", "connect", "read", "protocol", "midway")))


WIRE: tuple[tuple[Callable[[Random, Sent], Sent], int], ...] = (
    *((truncated, 4), (garbage, 5), (digit, 12), (padded, 3), (encoded, 2), (twice, 1)),
    *((other_body, 2), (status, 3), (pause, 1), (content_type, 3), (compressed, 2), (broken, 2)),
)
