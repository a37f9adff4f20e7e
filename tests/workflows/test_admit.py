import json
from datetime import UTC, datetime, timedelta

import pytest

from automoney.errors import Unauthorized
from automoney.identity import Identity, Verifier
from automoney.stores.tickets import DynamoTickets
from automoney.workflows.admit import admit
from infra.local.tokens import issue, new_key
from tests.fakes_dynamo import FakeDynamo

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
PEM, KEYS = new_key()
TOKEN = issue(
    PEM,
    json.loads(KEYS)["keys"][0]["kid"],
    issuer="us",
    audience="automoney",
    user_id="ada",
    roles=["ops", "user"],
    now=NOON,
    ttl=timedelta(hours=1),
)
OURS, FOREIGN = "https://app.example.com", "https://evil.example"
ADA = Identity("ada", frozenset({"ops", "user"}))
BOB = Identity("bob", frozenset({"user"}))


@pytest.fixture
def tickets() -> DynamoTickets:
    return DynamoTickets(FakeDynamo().client, "tickets")


def attempt(
    tickets: DynamoTickets,
    *,
    authorization: str | None = None,
    ticket: str | None = None,
    origin: str | None = None,
) -> Identity:
    return admit(
        Verifier("us", "automoney", KEYS),
        tickets,
        authorization=authorization,
        ticket=ticket,
        origin=origin,
        allowed_origins=(OURS,),
        now=NOON,
    )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("origin", [None, OURS])
def test_a_token_lets_a_program_in_with_all_its_roles(
    tickets: DynamoTickets, scheme: str, origin: str | None
) -> None:
    assert attempt(tickets, authorization=f"{scheme} {TOKEN}", origin=origin) == ADA


def test_a_ticket_lets_a_browser_in_once_and_as_a_plain_user(tickets: DynamoTickets) -> None:
    ticket = tickets.issue("bob", now=NOON)
    assert attempt(tickets, ticket=ticket, origin=OURS) == BOB
    with pytest.raises(Unauthorized, match="used before"):
        attempt(tickets, ticket=ticket, origin=OURS)


@pytest.mark.parametrize("origin", [None, FOREIGN, "null", f"{OURS}.evil.example", OURS.upper()])
def test_a_ticket_is_not_even_used_up_from_another_page(
    tickets: DynamoTickets, origin: str | None
) -> None:
    ticket = tickets.issue("bob", now=NOON)
    with pytest.raises(Unauthorized, match=r"origin|Origin"):
        attempt(tickets, ticket=ticket, origin=origin)
    assert attempt(tickets, ticket=ticket, origin=OURS) == BOB


@pytest.mark.parametrize(
    ("authorization", "origin", "reason"),
    [
        pytest.param(None, None, "neither", id="nothing"),
        pytest.param(None, OURS, "neither", id="only an origin"),
        pytest.param(f"Bearer {TOKEN}", FOREIGN, "origin is not allowed", id="a foreign page"),
        pytest.param(f"Basic {TOKEN}", None, "no bearer token", id="another scheme"),
        pytest.param("Bearer", None, "no bearer token", id="no token"),
        pytest.param("Bearer x.y.z", None, "malformed", id="no real token"),
    ],
)
def test_others_stay_out(
    tickets: DynamoTickets, authorization: str | None, origin: str | None, reason: str
) -> None:
    with pytest.raises(Unauthorized, match=reason):
        attempt(tickets, authorization=authorization, origin=origin)


def test_a_bad_token_is_not_made_good_by_a_ticket(tickets: DynamoTickets) -> None:
    with pytest.raises(Unauthorized):
        attempt(
            tickets,
            authorization="Bearer x.y.z",
            ticket=tickets.issue("bob", now=NOON),
            origin=OURS,
        )
