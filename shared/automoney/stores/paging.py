"""Cursors: where in a list, newest first, the next page goes on, as a text without meaning."""

import base64
import json
from datetime import datetime

from automoney.encoding import parse_utc, utc_text
from automoney.errors import InvalidInput

END = ("9999-12-31T00:00:00Z", "", 0)
"""Before the first row."""


def cursor_of(at: datetime, name: str, position: int) -> str:
    """What stands for a row by its time, its name and its place under that name."""
    text = json.dumps([utc_text(at), name, position])
    return base64.urlsafe_b64encode(text.encode()).decode()


def position_of(cursor: str | None) -> tuple[datetime, str, int]:
    """The row that the last page ended with: what comes in above it does not move it.

    Raises InvalidInput, naming `cursor`, for one that never was ours.
    """
    try:
        at, name, position = (
            json.loads(base64.urlsafe_b64decode(cursor)) if cursor is not None else END
        )
        found = parse_utc(at), str(name), int(position)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise no_cursor(cursor) from None
    except InvalidInput:
        raise no_cursor(cursor) from None
    # What no column can hold, Postgres would not only not find but refuse.
    if not (found[1].isascii() and "\0" not in found[1] and abs(found[2]) < 2**15):
        raise no_cursor(cursor)
    return found


def no_cursor(cursor: str | None) -> InvalidInput:
    return InvalidInput("cursor", cursor, "the `nextCursor` of an earlier page")
