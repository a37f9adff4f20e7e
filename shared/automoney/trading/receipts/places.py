"""Where in a receipt something differs: the byte, and the JSON path that leads to it.  Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

_SHOWN = 60  # bytes of either side
_LONGEST = 24_000  # bytes of a receipt in which every printable character is tried
_PRINTABLE = bytes(range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Place:
    """`offset` counts bytes from 0; `expected` and `found` begin at the value it lies in."""

    offset: int
    path: str
    expected: str
    found: str


def first_difference(expected: bytes, found: bytes) -> Place | None:
    """The first byte that differs, None if there is none."""
    if expected == found:
        return None
    shorter = min(len(expected), len(found))
    offset = next((at for at in range(shorter) if expected[at] != found[at]), shorter)
    # As far as there the two are alike, so either leads to the place.
    path, start = path_at(expected, offset)
    return Place(offset, path, _shown(expected, start), _shown(found, start))


def place_at(body: bytes, offset: int) -> Place:
    """The place of a byte beyond which nothing is known."""
    path, start = path_at(body, offset)
    return Place(offset, path, "", _shown(body, start))


def changed_byte(body: bytes, fits: Callable[[bytes], bool]) -> Place | None:
    """The one byte that, put back, makes the body's SHA-256 `fits` again; None if no single one.

    A bit that tipped over is looked for first, then any character in place of another.
    """
    for tried in (_tipped, _replaced):
        found = _put_back(body, tried, fits)
        if found is not None:
            offset, byte = found
            right = body[:offset] + bytes([byte]) + body[offset + 1 :]
            path, start = path_at(right, offset)
            return Place(offset, path, _shown(right, start), _shown(body, start))
        if len(body) > _LONGEST:
            break
    return None


def path_at(body: bytes, offset: int) -> tuple[str, int]:
    """The path of the value (or key) that the byte at `offset` is part of, and where it begins.

    The body need be JSON only up to there: `$.views[0].mark.price`, 1234.
    """
    steps: list[str | int] = []
    start = at = 0
    while at <= min(offset, len(body) - 1):
        sign = body[at : at + 1]
        if sign == b'"':
            end = _closing(body, at)
            text = body[at + 1 : end].decode(errors="replace")
            start = at
            if steps and isinstance(steps[-1], str) and body[end + 1 : end + 2] == b":":
                steps[-1] = text
            at = end
        elif sign in (b"{", b"["):
            start = at
            if at < offset:
                steps.append("" if sign == b"{" else 0)
        elif sign in (b"}", b"]"):
            start = at
            if steps and at < offset:
                steps.pop()
        elif sign == b",":
            start = at
            if steps and isinstance(steps[-1], int):
                steps[-1] += 1
        elif sign == b":" or body[at - 1 : at] in (b":", b",", b"["):
            start = at
        at += 1
    told = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in steps if one != "")
    return f"${told}", start


def _closing(body: bytes, opening: int) -> int:
    at = opening + 1
    while at < len(body) and body[at : at + 1] != b'"':
        at += 2 if body[at : at + 1] == b"\\" else 1
    return at


def _shown(body: bytes, start: int) -> str:
    return body[start : start + _SHOWN].decode(errors="replace")


def _put_back(
    body: bytes, tried: Callable[[int], bytes], fits: Callable[[bytes], bool]
) -> tuple[int, int] | None:
    before = sha256()
    for offset, byte in enumerate(body):
        rest = body[offset + 1 :]
        for other in tried(byte):
            whole = before.copy()
            whole.update(bytes([other]))
            whole.update(rest)
            if fits(whole.digest()):
                return offset, other
        before.update(bytes([byte]))
    return None


def _tipped(byte: int) -> bytes:
    return bytes(byte ^ (1 << bit) for bit in range(8))


def _replaced(byte: int) -> bytes:
    return _PRINTABLE
