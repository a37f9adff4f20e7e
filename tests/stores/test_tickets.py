from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from automoney.errors import Unauthorized
from automoney.stores.tickets import DynamoTickets
from tests.fakes_dynamo import FakeDynamo
from tests.stores.dynamo import dynamo_of

NOON = datetime(2025, 11, 5, 12, 0, 0, 700_000, tzinfo=UTC)


@pytest.fixture(params=["fake", "moto"])
def tickets(request: pytest.FixtureRequest) -> DynamoTickets:
    dynamo = dynamo_of(request.param, request)
    return DynamoTickets(dynamo.client, dynamo.tickets)


def test_a_ticket_is_good_once(tickets: DynamoTickets) -> None:
    mine, other = tickets.issue("ada", now=NOON), tickets.issue("bob", now=NOON)
    assert mine != other
    assert tickets.redeem(mine, now=NOON + timedelta(seconds=1)) == "ada"
    with pytest.raises(Unauthorized, match="used before"):
        tickets.redeem(mine, now=NOON + timedelta(seconds=1))
    assert tickets.redeem(other, now=NOON + timedelta(seconds=29.999)) == "bob"


def test_a_ticket_is_good_for_thirty_seconds_and_then_gone(tickets: DynamoTickets) -> None:
    ticket = tickets.issue("ada", now=NOON)
    with pytest.raises(Unauthorized, match="expired"):
        tickets.redeem(ticket, now=NOON + timedelta(seconds=30))
    with pytest.raises(Unauthorized, match="unknown"):
        tickets.redeem(ticket, now=NOON)


@pytest.mark.parametrize("ticket", ["", "invented", "x" * 10_000, "ticket\0", "☃"])
def test_an_invented_ticket_is_refused_without_quoting_it(
    tickets: DynamoTickets, ticket: str
) -> None:
    with pytest.raises(Unauthorized) as refused:
        tickets.redeem(ticket, now=NOON)
    assert not ticket or ticket not in str(refused.value)


def test_of_many_who_try_at_once_one_gets_in() -> None:
    tickets = DynamoTickets(FakeDynamo().client, "tickets")
    ticket = tickets.issue("ada", now=NOON)

    def attempt(_: int) -> int:
        try:
            return int(tickets.redeem(ticket, now=NOON) == "ada")
        except Unauthorized:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(50))) == 1


def test_who_reads_the_table_cannot_use_what_is_there() -> None:
    fake = FakeDynamo()
    ticket = DynamoTickets(fake.client, "tickets").issue("ada", now=NOON)
    assert len(ticket) >= 43  # 32 random bytes
    assert ticket not in str(fake.tables)
    ((_, row),) = fake.tables["tickets"].items()
    assert int(row["expires"]["N"]) >= (NOON + timedelta(seconds=30)).timestamp()
