"""Where something differs: the byte and the path, for any JSON."""

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.trading.receipts.places import changed_byte, first_difference, path_at

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_KEYS = st.text(st.characters(exclude_characters=".[]", exclude_categories=["Cs"]), min_size=1)
documents = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=4,
)


def canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass")


def leaves(value: Any, path: str = "$") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [one for name in value for one in leaves(value[name], f"{path}.{name}")]
    if isinstance(value, list) and value:
        return [one for at, inner in enumerate(value) for one in leaves(inner, f"{path}[{at}]")]
    return [(path, value)]


@settings(deadline=None)
@given(documents)
def test_the_path_of_every_value_is_found_where_the_value_is(value: dict[str, Any]) -> None:
    body = canonical(value)
    for path, leaf in leaves(value):
        text = canonical(leaf)
        starts = [
            at
            for at in range(len(body))
            if body.startswith(text, at) and path_at(body, at)[0].replace('\\"', '"') == path
        ]
        if json.dumps(path[2:], ensure_ascii=False)[1:-1] == path[2:]:  # keys without escapes
            assert starts, path


@pytest.mark.parametrize(
    ("found", "offset", "path"),
    [
        (b'{"a":1,"b":[{"c":"x"},{"c":"z"}]}', 28, "$.b[1].c"),
        (b'{"a":2,"b":[{"c":"x"},{"c":"y"}]}', 5, "$.a"),
        (b'{"a":1,"d":[{"c":"x"},{"c":"y"}]}', 8, "$.b"),
        (b'{"a":1,"b":[{"c":"x"}]}', 21, "$.b[1]"),
        (b'{"a":1,"b":[{"c":"x"},{"c":"y"}]}}', 33, "$"),
        (b'{"a":1,"b"', 10, "$.b"),
    ],
)
def test_the_first_difference_is_told_with_its_path(found: bytes, offset: int, path: str) -> None:
    place = first_difference(b'{"a":1,"b":[{"c":"x"},{"c":"y"}]}', found)

    assert place is not None
    assert (place.offset, place.path) == (offset, path)


def test_no_difference_has_no_place() -> None:
    assert first_difference(b"{}", b"{}") is None


@given(st.binary(min_size=1, max_size=60), st.data())
def test_the_byte_that_tipped_over_is_found(body: bytes, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(body) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = body[:offset] + bytes([body[offset] ^ (1 << bit)]) + body[offset + 1 :]

    place = changed_byte(changed, sha256(body).digest().__eq__)

    assert place is not None
    assert place.offset == offset


def test_a_character_in_place_of_another_is_found_and_shown() -> None:
    body = b'{"price":"50000.1","side":"BUY"}'

    place = changed_byte(body.replace(b"50", b"90"), sha256(body).digest().__eq__)

    assert place is not None
    assert (place.offset, place.path) == (10, "$.price")
    assert place.expected.startswith('"50000.1"')
    assert place.found.startswith('"90000.1"')


def test_two_bytes_are_not_put_back() -> None:
    assert changed_byte(b'{"a":99}', sha256(b'{"a":10}').digest().__eq__) is None
