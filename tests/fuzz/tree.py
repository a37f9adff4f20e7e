"""JSON as a tree that can also say what JSON cannot: bare tokens as they are, keys given twice."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import Any

type Node = Any  # dict, list, str, int, bool, None or Raw
type Key = str | int


class Raw(str):
    """A token that is written as it is: `0.10`, `1e999999999`, `NaN`, `+1`."""

    __slots__ = ()


class Twin(str):
    """A key that is written like another one in the same object."""

    __slots__ = ()

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def parsed(text: str | bytes) -> Node:
    """Valid JSON as a tree that is written again digit by digit."""
    return json.loads(text, parse_float=Raw)


def written(node: Node) -> str:
    """The tree as text, without blanks."""
    if isinstance(node, Raw):
        return str.__str__(node)
    if isinstance(node, str):
        return encode_basestring_ascii(node)
    if isinstance(node, list):
        return f"[{','.join(map(written, node))}]"
    if isinstance(node, dict):
        pairs = (f"{encode_basestring_ascii(key)}:{written(value)}" for key, value in node.items())
        return f"{{{','.join(pairs)}}}"
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)


class Role(StrEnum):
    """What a field holds, which decides what is absurd there."""

    PRICE = "price"
    AMOUNT = "amount"  # volumes, coins, statistics
    TIME = "time"
    NAME = "name"
    OTHER = "other"  # sent along, and of no use to us


@dataclass(frozen=True)
class Shape:
    """Where the rows of a body are, what their fields hold, and how it writes a time.

    `path` leads from the root to the rows: a list, or an object with a row per key.  `fields` go
    by position or by name.  `unit` is what the times count (None where they are written out), and
    `step` the usual distance of two rows.
    """

    path: tuple[str, ...]
    fields: dict[Key, Role]
    unit: timedelta | None
    step: timedelta
    to_text: Callable[[Node], str] = field(default=written)

    def container(self, root: Node) -> Node:
        """What holds the rows; None if mutations have taken it away."""
        for name in self.path:
            if not isinstance(root, dict) or name not in root:
                return None
            root = root[name]
        return root if isinstance(root, list | dict) else None

    def rows(self, root: Node) -> list[Node]:
        """The rows that are still lists or objects."""
        found = self.container(root)
        rows = found.values() if isinstance(found, dict) else found or ()
        return [row for row in rows if isinstance(row, list | dict)]

    def of(self, row: Node, *roles: Role) -> Iterator[Key]:
        """The keys in `row` of the fields that hold one of `roles`."""
        for key, role in self.fields.items():
            if role in roles and has(row, key):
                yield key


def has(row: Node, key: Key) -> bool:
    """Whether the row, if it is one still, has that field."""
    if isinstance(row, dict):
        return key in row
    return isinstance(row, list) and isinstance(key, int) and key < len(row)
