"""A user's account begins anew: his books are closed and opened in one transaction."""

from datetime import datetime
from decimal import Decimal

from psycopg import Connection

from automoney.stores.bookings import AccountsRead, book
from automoney.stores.database import Row

BEGAN_ANEW = "his account began anew after it"
"""Why a part of a run from before is left alone."""

# Nobody trades for him meanwhile, and who did before is seen.
_LOCK = "SELECT 1 FROM users WHERE user_id = %s FOR UPDATE"
_NEWEST = """
SELECT entry_no, greatest(at, %s) FROM entries WHERE user_id = %s ORDER BY entry_no DESC LIMIT 1
"""


def start_over(
    connection: Connection[Row], user_id: str, at: datetime, paper_money: Decimal
) -> bool:
    """As `ports.Books.start_over` has it; False if there is no such user."""
    if connection.execute(_LOCK, (user_id,)).fetchone() is None:
        return False
    account, _ = AccountsRead(connection, [user_id]).found()(user_id)
    newest = connection.execute(_NEWEST, (at, user_id)).fetchone()
    last_entry, moment = newest or (0, at)
    book(connection, [(user_id, last_entry, account.start_over(paper_money, moment))])
    connection.execute("DELETE FROM holdings WHERE user_id = %s", (user_id,))
    connection.execute("UPDATE users SET started_at = %s WHERE user_id = %s", (moment, user_id))
    return True
