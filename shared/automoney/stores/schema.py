"""Numbered SQL files, each applied once, with a recorded history."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from automoney.errors import AutomoneyError
from automoney.stores.database import Database

_LOCK = 6_021_023  # any constant: two migrations at once wait for each other


class HistoryDiffers(AutomoneyError):
    """A migration that was applied earlier reads differently now."""


@dataclass(frozen=True, slots=True)
class Script:
    """One numbered file of SQL, as its bytes."""

    name: str
    text: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


def scripts() -> list[Script]:
    """All there are, the oldest first."""
    folder = files("automoney.stores") / "migrations"
    found = [Script(item.name, item.read_bytes()) for item in folder.iterdir()]
    return sorted((one for one in found if one.name.endswith(".sql")), key=lambda one: one.name)


def migrate(database: Database, wanted: Sequence[Script] | None = None) -> list[str]:
    """Apply what is missing of the `wanted` scripts, or of all; return the names applied.

    In order, in one transaction each; a second migration at the same time waits for the first.
    Raises HistoryDiffers.
    """
    applied: list[str] = []
    with database.connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY,"
                " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            history: dict[str, str] = dict(
                connection.execute("SELECT name, sha256 FROM migrations").fetchall()
            )
            for script in scripts() if wanted is None else wanted:
                if script.name not in history:
                    with connection.transaction():
                        connection.execute(script.text)
                        connection.execute(
                            "INSERT INTO migrations (name, sha256) VALUES (%s, %s)",
                            (script.name, script.sha256),
                        )
                    applied.append(script.name)
                elif history[script.name] != script.sha256:
                    raise HistoryDiffers(
                        f"migration {script.name} was changed after it had been applied"
                    )
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return applied
