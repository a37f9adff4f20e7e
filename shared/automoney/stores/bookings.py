"""Ledger, balances and holdings as rows: read as an account, and written entry by entry.

All of these work inside somebody else's transaction, which has locked the users' rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from psycopg import Connection, Cursor

from automoney.stores.database import Row, columns
from automoney.trading.account import Account
from automoney.trading.bookkeeping import DEPOSITS, FEES, Holding, assets_account
from automoney.trading.ledger import Entry, Posting
from automoney.trading.portfolio import QUOTE

# One step into each user's partition: of a list of users Postgres would look into all of them.
_BALANCES = """
SELECT wanted.user_id, theirs.* FROM unnest(%s::text[]) AS wanted (user_id) CROSS JOIN LATERAL (
    SELECT account, currency, units FROM balances WHERE balances.user_id = wanted.user_id OFFSET 0
) AS theirs
"""
_HOLDINGS = """
SELECT wanted.user_id, theirs.*,
       (SELECT max(slot_at) FROM trades
        WHERE trades.user_id = wanted.user_id AND trades.asset = theirs.asset
            AND trades.slot_at > coalesce(wanted.started_at, '-infinity'))
FROM users AS wanted CROSS JOIN LATERAL (
    SELECT asset, quantity, cost, realised FROM holdings
    WHERE holdings.user_id = wanted.user_id ORDER BY asset OFFSET 0
) AS theirs
WHERE wanted.user_id = ANY(%s)
"""
# The ledger as it was: everything before the first entry that is dated later.
_LEDGER = """
SELECT entry_no, at, memo, account, units, currency
FROM postings JOIN entries USING (user_id, entry_no)
WHERE user_id = %s AND entry_no < coalesce(
    (SELECT entry_no FROM entries WHERE user_id = %s AND at > %s ORDER BY entry_no LIMIT 1),
    9223372036854775807
)
ORDER BY entry_no, line
"""
_HOLD = """
INSERT INTO holdings (user_id, asset, quantity, cost, realised)
SELECT * FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[])
ON CONFLICT (user_id, asset) DO UPDATE
SET quantity = EXCLUDED.quantity, cost = EXCLUDED.cost, realised = EXCLUDED.realised
"""
_ENTRIES = """
INSERT INTO entries (user_id, entry_no, at, memo)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[])
"""
_POSTINGS = """
INSERT INTO postings (user_id, entry_no, line, account, units, currency)
SELECT * FROM unnest(
    %s::text[], %s::bigint[], %s::smallint[], %s::text[], %s::numeric[], %s::text[])
"""
_BALANCES_CHANGE = """
INSERT INTO balances AS b (user_id, account, currency, units)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[])
ON CONFLICT (user_id, account, currency) DO UPDATE SET units = b.units + EXCLUDED.units
"""


class AccountsRead:
    """Users' accounts that have been asked for; in a pipeline nobody has waited for them yet."""

    def __init__(self, connection: Connection[Row], users: list[str]) -> None:
        self._balances: Cursor[Row] = connection.execute(_BALANCES, (users,))
        self._holdings: Cursor[Row] = connection.execute(_HOLDINGS, (users,))

    def found(self) -> Callable[[str], tuple[Account, Mapping[str, datetime]]]:
        """What gives of a user the account, and per asset the slot of its last trade."""
        units: defaultdict[str, dict[Row, Decimal]] = defaultdict(dict)
        for user_id, account, currency, amount in self._balances.fetchall():
            units[user_id][account, currency] = amount
        held: defaultdict[str, list[Row]] = defaultdict(list)
        for user_id, *holding in self._holdings.fetchall():
            held[user_id].append(tuple(holding))
        return lambda user_id: _account(units[user_id], held[user_id])


def _account(
    units: Mapping[Row, Decimal], held: Sequence[Row]
) -> tuple[Account, Mapping[str, datetime]]:
    none = Decimal(0)
    account = Account(
        cash=units.get((assets_account(QUOTE), QUOTE), none),
        deposits=-units.get((DEPOSITS, QUOTE), none),
        fees=units.get((FEES, QUOTE), none),
        holdings={row[0]: Holding(*row[:4]) for row in held},
    )
    return account, {row[0]: row[4] for row in held if row[4] is not None}


def ledger(connection: Connection[Row], user_id: str, as_of: datetime) -> Iterator[Entry]:
    """What was booked before anything dated later than `as_of`, in the order of booking."""
    rows = connection.execute(_LEDGER, (user_id, user_id, as_of)).fetchall()
    for (_, at, memo), lines in groupby(rows, key=lambda row: row[:3]):
        yield Entry(at, memo, tuple(Posting(*line[3:]) for line in lines))


def hold(connection: Connection[Row], holdings: Iterable[tuple[str, Holding]]) -> None:
    """Keep users' holdings, of which there is at least one, as they are now."""
    rows = [(user, one.asset, one.quantity, one.cost, one.realised) for user, one in holdings]
    connection.execute(_HOLD, columns(rows))


def book(connection: Connection[Row], entries: Iterable[tuple[str, int, Sequence[Entry]]]) -> None:
    """Append to users' ledgers and balances: user, his last entry's number, and his new entries.

    There is at least one entry.
    """
    change: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    rows: list[Row] = []
    lines: list[Row] = []
    for user_id, after, theirs in entries:
        for number, entry in enumerate(theirs, after + 1):
            rows.append((user_id, number, entry.at, entry.memo))
            for line, posting in enumerate(entry.postings):
                account, currency = posting.account, posting.currency
                lines.append((user_id, number, line, account, posting.units, currency))
                change[user_id, account, currency] += posting.units
    connection.execute(_ENTRIES, columns(rows))
    connection.execute(_POSTINGS, columns(lines))
    connection.execute(_BALANCES_CHANGE, columns((*key, units) for key, units in change.items()))
