"""A lease outlives no slot's last try, and no holder outlives his lease."""

from datetime import timedelta

from automoney.manifest import FUNCTIONS, Table
from automoney.wiring.aws import LEASE_TERM

# Lambda tries an asynchronous invocation again after one minute, and then after two more.
LAST_TRY = timedelta(minutes=1) + timedelta(minutes=2)


def test_a_lease_ends_after_its_holder_and_before_the_last_try() -> None:
    holders = [row for row in FUNCTIONS if Table.LEASES in row.tables]

    assert holders
    for row in holders:
        assert timedelta(seconds=row.timeout) < LEASE_TERM < LAST_TRY
