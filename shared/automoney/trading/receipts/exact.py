"""Values as bytes from which the very same values come back.  Pure.

The form is canonical JSON (sorted keys, no blanks, UTF-8) as `encoding.canonical` has it, but that
decimals keep every digit they were given: `0.10` stays `0.10`, or words made from it would differ.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from automoney.encoding import parse_decimal, parse_utc, utc_text
from automoney.errors import InvalidInput

_MICROSECOND = timedelta(microseconds=1)


def exact(value: Any) -> bytes:
    """The bytes of a domain value: dataclasses, mappings with text as keys, sequences, numbers.

    Raises ValueError for a float that is not finite, TypeError for what has no form.
    """
    return _EXACT.encode(value).encode()


def restore[T](kind: type[T], data: Any, path: str = "$") -> T:
    """The value of type `kind` that `exact` was given, from its parsed JSON.

    Sequences come back as tuples, mappings as dicts.  Raises InvalidInput, which names the JSON
    path below `path`, for anything that `exact` would not have written.
    """
    found: T = _restored(kind, data, path)
    return found


# ---------------------------------------------------------------- to bytes


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _names(type(value))}
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in a receipt")


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """What a dataclass is made from; what it works out for itself is left out."""
    return tuple(item.name for item in fields(kind) if item.init)


_EXACT = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain, sort_keys=True
)

# ---------------------------------------------------------------- and back


def _restored(kind: Any, data: Any, path: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        rest = [one for one in get_args(kind) if one is not NoneType]
        return None if data is None else _restored(rest[0], data, path)
    if origin is not None:
        return _gathered(origin, get_args(kind), data, path)
    if is_dataclass(kind):
        return _made(kind, data, path)
    if kind is Decimal:
        return parse_decimal(data, path)
    if kind is datetime:
        return parse_utc(data, path)
    if kind is timedelta:
        try:
            return _checked(int, data, path) * _MICROSECOND
        except OverflowError:
            raise InvalidInput(path, data, "microseconds of fewer than 10^9 days") from None
    if issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            expected = f"one of {', '.join(str(one.value) for one in kind)}"
            raise InvalidInput(path, data, expected) from None
    if kind is float:
        return _checked((float, int), data, path)
    return _checked(kind, data, path)


def _gathered(origin: Any, parts: tuple[Any, ...], data: Any, path: str) -> Any:
    if issubclass(origin, Mapping):
        found = _checked(dict, data, path)
        key, item = parts
        return {
            _restored(key, name, path): _restored(item, value, f"{path}.{name}")
            for name, value in found.items()
        }
    if issubclass(origin, Sequence | frozenset):
        found = _checked(list, data, path)
        made = (_restored(parts[0], one, f"{path}[{at}]") for at, one in enumerate(found))
        return frozenset(made) if issubclass(origin, frozenset) else tuple(made)
    raise TypeError(f"{origin} has no form in a receipt")


def _made(kind: Any, data: Any, path: str) -> Any:
    found = _checked(dict, data, path)
    names = _names(kind)
    if set(found) != set(names):
        raise InvalidInput(path, sorted(found), f"exactly {', '.join(sorted(names))}")
    hints = _hints(kind)
    return kind(**{name: _restored(hints[name], found[name], f"{path}.{name}") for name in names})


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _checked(kind: Any, data: Any, path: str) -> Any:
    """`data` if it is of that JSON type; a truth value is not a number."""
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise InvalidInput(path, data, f"a JSON value of type {wanted}")
    return data
