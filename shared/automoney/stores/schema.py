"""Numbered SQL files, each applied once, with a recorded history."""

import hashlib
from importlib.resources import files

from automoney.errors import AutomoneyError
from automoney.stores.database import Database

_LOCK = 6_021_023  # any constant: two migrations at once wait for each other


class HistoryDiffers(AutomoneyError):
    """A migration that was applied earlier reads differently now."""


def migrate(database: Database) -> list[str]:
    """Apply what is missing, in order and in one transaction each; return the names applied."""
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
            for name, text in _scripts():
                digest = hashlib.sha256(text).hexdigest()
                if name not in history:
                    with connection.transaction():
                        connection.execute(text)
                        connection.execute(
                            "INSERT INTO migrations (name, sha256) VALUES (%s, %s)", (name, digest)
                        )
                    applied.append(name)
                elif history[name] != digest:
                    raise HistoryDiffers(f"migration {name} was changed after it had been applied")
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return applied


def _scripts() -> list[tuple[str, bytes]]:
    folder = files("automoney.stores") / "migrations"
    found = [(item.name, item.read_bytes()) for item in folder.iterdir()]
    return sorted((name, text) for name, text in found if name.endswith(".sql"))
