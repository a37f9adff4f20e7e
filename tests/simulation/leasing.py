"""The table of leases as DynamoDB keeps it, and an observer that knows who holds what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError, EndpointConnectionError

from tests.simulation.world import Process, Violation, World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Row = dict[str, Any]


def _refused() -> Exception:
    """A new one each time: an exception keeps the stacks of all who raised it."""
    return ClientError(
        {"Error": {"Code": "ConditionalCheckFailedException", "Message": "refused"}},
        "UpdateItem",
    )


def _unreachable(what: str) -> Exception:
    return EndpointConnectionError(endpoint_url=what)


@dataclass(slots=True)
class _Grant:
    """What the observer saw of the last holder of a name; times in ms, by the holders' clocks."""

    fence: int
    until: int
    holder: Process | None
    freed: bool = False


@dataclass(slots=True)
class LeaseTable:
    """The part of DynamoDB's client that leases speak to; a write is one step, condition included.

    It understands `=`, `<=`, `attribute_not_exists`, OR over AND, and SET, ADD, REMOVE.
    """

    world: World
    rows: dict[str, Row] = field(default_factory=dict)
    grants: dict[str, _Grant] = field(default_factory=dict)

    @property
    def client(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self)

    def update_item(
        self,
        *,
        TableName: str,
        Key: Mapping[str, Mapping[str, str]],
        UpdateExpression: str,
        ConditionExpression: str,
        ExpressionAttributeNames: Mapping[str, str],
        ExpressionAttributeValues: Mapping[str, Mapping[str, str]],
        ReturnValues: str = "NONE",
    ) -> dict[str, Any]:
        what = "lease: take" if ReturnValues != "NONE" else "lease: free"
        self.world.point(what, _unreachable)
        name, names = Key["name"]["S"], ExpressionAttributeNames
        values = {key: _value(one) for key, one in ExpressionAttributeValues.items()}
        row = self.rows.get(name, {})
        if not _holds(ConditionExpression, row, names, values):
            raise _refused()
        row = self.rows[name] = _changed(UpdateExpression, row, names, values)
        self._observe(name, row, values)
        self.world.point(f"{what}n" if ReturnValues != "NONE" else f"{what}d", _unreachable)
        return {"Attributes": {"fence": {"N": str(row.get("fence", 0))}}}

    def delete_item(self, *, TableName: str, Key: Mapping[str, Mapping[str, str]]) -> None:
        """Only a planted bug calls this."""
        self.rows.pop(Key["name"]["S"], None)

    def _observe(self, name: str, row: Row, values: Mapping[str, Any]) -> None:
        """One holder at a time, each with a higher fence than all before him."""
        last, now = self.grants.get(name), values.get(":now")
        if now is None:
            if last is not None and last.holder is self.world.current:
                last.freed = True
            return
        if last is not None:
            if row["fence"] <= last.fence:
                raise Violation(f"{name}: fence {row['fence']} after {last.fence}")
            if not last.freed and last.until > now:
                raise Violation(f"{name}: taken while fence {last.fence} holds it")
        self.grants[name] = _Grant(row["fence"], row["expires"], self.world.current)


def _value(value: Mapping[str, str]) -> Any:
    return int(value["N"]) if "N" in value else value["S"]


@lru_cache(maxsize=64)
def _terms(expression: str) -> list[list[list[str]]]:
    return [
        [term.replace("(", " ").replace(")", " ").split() for term in part.split(" AND ")]
        for part in expression.split(" OR ")
    ]


def _holds(expression: str, row: Row, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    return any(all(_term(term, row, names, values) for term in part) for part in _terms(expression))


def _term(term: list[str], row: Row, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    if term[0] == "attribute_not_exists":
        return names[term[1]] not in row
    found, wanted = row.get(names[term[0]]), values[term[2]]
    if found is None:
        return False
    same: bool = found == wanted
    less: bool = term[1] == "<=" and found < wanted
    return same or less


@lru_cache(maxsize=64)
def _clauses(expression: str) -> list[tuple[str, list[str]]]:
    clauses: list[tuple[str, list[str]]] = []
    for word in expression.replace(",", " ").replace("=", " ").split():
        if word in ("SET", "ADD", "REMOVE"):
            clauses.append((word, []))
        else:
            clauses[-1][1].append(word)
    return clauses


def _changed(expression: str, row: Row, names: Mapping[str, str], values: Mapping[str, Any]) -> Row:
    changed = dict(row)
    for verb, words in _clauses(expression):
        if verb == "REMOVE":
            for word in words:
                changed.pop(names[word], None)
            continue
        for name, value in zip(words[::2], words[1::2], strict=True):
            added = changed.get(names[name], 0) if verb == "ADD" else None
            changed[names[name]] = values[value] if added is None else added + values[value]
    return changed
