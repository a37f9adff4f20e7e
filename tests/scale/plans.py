"""What Postgres really did for each statement: auto_explain tells the session that ran it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.errors import Diagnostic
from psycopg_pool import ConnectionPool

from automoney.stores.database import Database, Row

_EXPLAIN = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_timing = off",
    "SET auto_explain.log_format = json",
    "SET auto_explain.log_level = notice",
)
_WHOLE_TABLE = {"Seq Scan", "Sample Scan"}
_BY_INDEX = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement as it was planned and run."""

    statement: str
    root: Mapping[str, Any]

    def told(self) -> str:
        """For the reader of a failed test."""
        return f"{self.statement}\n{json.dumps(self.root, indent=1)}"

    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Every node, those that were never executed too."""
        left = [self.root]
        while left:
            node = left.pop()
            left += node.get("Plans", ())
            yield node

    def whole_tables(self) -> set[str]:
        """Tables and partitions that are read from end to end."""
        return {node["Relation Name"] for node in self.nodes() if node["Node Type"] in _WHOLE_TABLE}

    def whole_indexes(self) -> set[str]:
        """Indexes that are read from end to end, for want of a condition on their columns."""
        return {
            node["Index Name"]
            for node in self.nodes()
            if node["Node Type"] in _BY_INDEX and "Index Cond" not in node
        }

    def touched(self) -> set[str]:
        """Tables and partitions that were looked into while it ran."""
        return {
            node["Relation Name"]
            for node in self.nodes()
            if "Relation Name" in node and "Scan" in node["Node Type"] and node["Actual Loops"]
        }


@dataclass(frozen=True, slots=True)
class Explained:
    """A database whose every statement leaves its plan in `plans`."""

    database: Database
    plans: list[Plan] = field(default_factory=list)

    @classmethod
    def open(cls, url: str, *settings: str) -> "Explained":
        """Connect as `Database.open` does; `settings` are statements that sway the planner."""
        plans: list[Plan] = []

        def hear(told: Diagnostic) -> None:
            _, told_plan, text = (told.message_primary or "").partition("plan:\n")
            if told_plan:
                found = json.loads(text)
                plans.append(Plan(found["Query Text"], found["Plan"]))

        def configure(connection: Connection[Row]) -> None:
            for statement in (*_EXPLAIN, "SET timezone = 'UTC'", *settings):
                connection.execute(statement)
            connection.add_notice_handler(hear)

        pool: ConnectionPool[Connection[Row]] = ConnectionPool(
            url,
            min_size=1,
            max_size=2,
            timeout=10,
            open=True,
            configure=configure,
            kwargs={"autocommit": True},
        )
        return cls(Database(pool), plans)
