"""Who waits for an advisory lock, so that a test can act while somebody does."""

from automoney.stores.database import Database


def waiting(database: Database) -> list[int]:
    """The process numbers of the sessions that do, in this database."""
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
    return [row[0] for row in rows]
