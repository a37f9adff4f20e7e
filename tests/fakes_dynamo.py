"""A DynamoDB that is strict where moto is not: conditional writes are atomic under threads.

Speaks the part of the low-level client that the stores use; anything else is an error here, as
are the values that DynamoDB refuses (empty sets, empty keys, unused placeholders).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, dict[str, Any]]

KEYS = {
    "leases": "name",
    "connections": "connection_id",
    "tickets": "ticket",
    "rates": "caller",
    "replies": "name",
}
INDEXES = {"by_user": "user_id"}

_RESERVED = {"name", "owner", "user", "ttl", "status", "at", "key", "values"}
_CLAUSE = re.compile(r"\b(SET|ADD|DELETE|REMOVE)\b")


class FakeDynamo:
    """Tables in memory.  `fail` makes every call fail like a throttled or absent DynamoDB."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Item]] = {table: {} for table in KEYS}
        self.calls: list[str] = []
        self.fail: Exception | None = None
        self._lock = Lock()

    @property
    def client(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self)

    # ---------------------------------------------------------------- the client's methods

    def get_item(
        self, *, TableName: str, Key: Item, ConsistentRead: bool = False
    ) -> dict[str, Any]:
        with self._called("GetItem"):
            item = self.tables[TableName].get(_key(TableName, Key))
            return {"Item": deepcopy(item)} if item else {}

    def put_item(self, *, TableName: str, Item: Item) -> dict[str, Any]:
        _check(Item)
        with self._called("PutItem"):
            self.tables[TableName][_key(TableName, Item)] = deepcopy(Item)
        return {}

    def delete_item(
        self,
        *,
        TableName: str,
        Key: Item,
        ConditionExpression: str | None = None,
        ReturnValues: str = "NONE",
    ) -> dict[str, Any]:
        with self._called("DeleteItem"):
            rows, key = self.tables[TableName], _key(TableName, Key)
            if ConditionExpression is not None:
                _require(ConditionExpression, rows.get(key, {}), {}, {})
            old = rows.pop(key, None)
        return {"Attributes": old} if old and ReturnValues == "ALL_OLD" else {}

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str | None = None,
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Mapping[str, Any] | None = None,
        ReturnValues: str = "NONE",
    ) -> dict[str, Any]:
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        _check(values)
        _all_used([*names, *values], f"{UpdateExpression} {ConditionExpression}")
        with self._called("UpdateItem"):
            rows, key = self.tables[TableName], _key(TableName, Key)
            item = deepcopy(rows.get(key, dict(Key)))
            if ConditionExpression is not None:
                _require(ConditionExpression, rows.get(key, {}), names, values)
            changed = _update(UpdateExpression, item, names, values)
            rows[key] = item
        if ReturnValues == "UPDATED_NEW":
            return {"Attributes": {name: item[name] for name in changed if name in item}}
        return {}

    def get_paginator(self, operation: str) -> "_Pages":
        reads: dict[str, Callable[..., list[Item]]] = {"query": self._query, "scan": self._scan}
        return _Pages(reads[operation])

    # ---------------------------------------------------------------- within

    def _query(
        self,
        *,
        TableName: str,
        IndexName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
    ) -> list[Item]:
        attribute, placeholder = KeyConditionExpression.split(" = ")
        assert INDEXES[IndexName] == attribute
        wanted = ExpressionAttributeValues[placeholder]
        return [item for item in self._scan(TableName=TableName) if item[attribute] == wanted]

    def _scan(self, *, TableName: str) -> list[Item]:
        with self._called("Scan"):
            return deepcopy(list(self.tables[TableName].values()))

    def _called(self, operation: str) -> Lock:
        self.calls.append(operation)
        if self.fail is not None:
            raise self.fail
        return self._lock


class _Pages:
    """Pages of two items each, the first one empty: a page may be, and more may follow."""

    def __init__(self, read: Callable[..., list[Item]]) -> None:
        self._read = read

    def paginate(self, **request: Any) -> Iterator[dict[str, list[Item]]]:
        items = self._read(**request)
        yield {"Items": []}
        for start in range(0, len(items), 2):
            yield {"Items": items[start : start + 2]}


def throttled(operation: str = "UpdateItem") -> ClientError:
    error = {"Code": "ProvisionedThroughputExceededException", "Message": "slow down"}
    return ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]


def _refused() -> ClientError:
    error = {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    return ClientError({"Error": error}, "UpdateItem")  # type: ignore[typeddict-item]


def _key(table: str, item: Mapping[str, Any]) -> str:
    value: str = item[KEYS[table]]["S"]
    assert value, "an empty key"
    return value


def _check(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        ((kind, content),) = value.items()
        assert kind in ("S", "N", "SS"), f"{name}: no {kind} here"
        assert content or kind == "S", f"{name}: an empty {kind}"
        assert kind != "N" or isinstance(content, str), f"{name}: numbers travel as text"
        assert kind != "SS" or len(content) == len(set(content)), f"{name}: twice the same"


def _all_used(placeholders: list[str], expressions: str) -> None:
    words = set(re.findall(r"[#:]?\w+", expressions))
    assert words >= set(placeholders), f"unused: {set(placeholders) - words}"


def _attribute(word: str, names: Mapping[str, str]) -> str:
    assert word not in _RESERVED, f"{word} is reserved: use a placeholder"
    return names[word] if word.startswith("#") else word


def _require(
    expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    """`a OR b` and `a AND b` without brackets; AND binds closer."""
    if not any(
        all(_holds(term, item, names, values) for term in part.split(" AND "))
        for part in expression.split(" OR ")
    ):
        raise _refused()


def _holds(term: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    if called := re.fullmatch(r"attribute_(not_)?exists\((#?\w+)\)", term.strip()):
        return (_attribute(called[2], names) in item) != bool(called[1])
    word, operator, placeholder = term.split()
    found, wanted = item.get(_attribute(word, names)), values[placeholder]
    if found is None or found.keys() != wanted.keys():
        return False  # DynamoDB: a comparison with nothing, or with another type, is false
    left, right = _number(found), _number(wanted)
    answers: dict[str, bool] = {"=": left == right, "<": left < right, "<=": left <= right}
    return answers[operator]


def _number(value: Mapping[str, Any]) -> Any:
    return Decimal(value["N"]) if "N" in value else value["S"]


def _update(
    expression: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]
) -> list[str]:
    """Change `item`; return the names of the attributes that were touched."""
    _, *parts = _CLAUSE.split(expression)
    touched = []
    for verb, actions in zip(parts[::2], parts[1::2], strict=True):
        for action in actions.split(","):
            words = action.replace("=", " ").split()
            name = _attribute(words[0], names)
            touched.append(name)
            if verb == "REMOVE":
                item.pop(name, None)
                continue
            value = values[words[1]]
            if verb == "SET":
                item[name] = deepcopy(value)
            elif "N" in value:
                assert verb == "ADD"
                before = Decimal(item.get(name, {"N": "0"})["N"])
                item[name] = {"N": str(before + Decimal(value["N"]))}
            else:
                held = set(item.get(name, {"SS": []})["SS"])
                left = held | set(value["SS"]) if verb == "ADD" else held - set(value["SS"])
                item[name] = {"SS": sorted(left)}
                if not left:
                    del item[name]
    return touched
