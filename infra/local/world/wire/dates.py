"""Dates and times in queries."""

from datetime import UTC, date, datetime


def read_moment(text: str) -> datetime | None:
    """An ISO 8601 date or time, UTC unless it says otherwise; None if it is neither."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def read_date(text: str) -> date | None:
    """A date like 2025-09-21; None if it is not one."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
