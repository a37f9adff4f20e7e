from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automoney.errors import LeaseHeld, SourceUnavailable
from automoney.stores.leases import DynamoLeases
from tests.fakes_dynamo import FakeDynamo, throttled
from tests.stores.dynamo import Clock, Dynamo, dynamo_of

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
TERM = timedelta(minutes=15)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(params=["fake", "moto"])
def dynamo(request: pytest.FixtureRequest) -> Dynamo:
    return dynamo_of(request.param, request)


@pytest.fixture
def leases(dynamo: Dynamo, clock: Clock) -> DynamoLeases:
    return DynamoLeases(dynamo.client, dynamo.leases, clock, TERM)


@pytest.fixture
def name() -> str:
    return f"strategy:{uuid4().hex}"


def test_one_holder_at_a_time_and_each_with_a_higher_fence(leases: DynamoLeases, name: str) -> None:
    with leases.hold(name) as first:
        with pytest.raises(LeaseHeld, match=name), leases.hold(name):
            pytest.fail("held twice")
        with leases.hold(f"{name}:other") as other:
            assert other.fence == 1
    with leases.hold(name) as second:
        assert (first.fence, second.fence) == (1, 2)


def test_an_error_inside_frees_the_lease_and_comes_out(leases: DynamoLeases, name: str) -> None:
    with pytest.raises(ZeroDivisionError), leases.hold(name):
        raise ZeroDivisionError
    with leases.hold(name) as lease:
        assert lease.fence == 2


def test_a_killed_holders_lease_runs_out_at_its_term(
    leases: DynamoLeases, clock: Clock, name: str
) -> None:
    killed = leases.hold(name)
    killed.__enter__()
    clock.forward(minutes=15, milliseconds=-1)
    with pytest.raises(LeaseHeld), leases.hold(name):
        pytest.fail("taken before it ran out")
    clock.forward(milliseconds=1)
    with leases.hold(name) as lease:
        assert lease.fence == 2
    killed.__exit__(None, None, None)


def test_who_ran_out_does_not_free_his_successors_lease(
    leases: DynamoLeases, clock: Clock, name: str
) -> None:
    late = leases.hold(name)
    late.__enter__()
    clock.forward(minutes=16)
    with leases.hold(name):
        late.__exit__(None, None, None)
        with pytest.raises(LeaseHeld), leases.hold(name):
            pytest.fail("the late one freed what was not his")


@pytest.mark.parametrize(
    ("held_before", "restored", "next_fence"),
    [
        pytest.param(0, 41, 42, id="a lost table goes on above the fence that is known"),
        pytest.param(3, 41, 42, id="so does one that has started again"),
        pytest.param(3, 3, 4, id="the same fence changes nothing"),
        pytest.param(3, 1, 4, id="a fence is never lowered"),
    ],
)
def test_a_fence_is_restored_upwards_only(
    leases: DynamoLeases, name: str, held_before: int, restored: int, next_fence: int
) -> None:
    for _ in range(held_before):
        with leases.hold(name):
            pass
    leases.restore_fence(name, restored)
    with leases.hold(name) as lease:
        assert lease.fence == next_fence


def test_restoring_the_fence_of_a_held_lease_leaves_it_held(
    leases: DynamoLeases, name: str
) -> None:
    with leases.hold(name):
        leases.restore_fence(name, 9)
        with pytest.raises(LeaseHeld), leases.hold(name):
            pytest.fail("held twice")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "free", "wait", "restore"]), st.integers(0, 3)),
        max_size=30,
    )
)
def test_any_order_of_takes_frees_and_pauses_agrees_with_the_model(
    steps: list[tuple[str, int]],
) -> None:
    """DynamoDB does one conditional write after another, so orders are all there is to prove."""
    clock = Clock(NOON)
    leases = DynamoLeases(FakeDynamo().client, "leases", clock, TERM)
    open_blocks: list[tuple[ExitStack, int]] = []  # what each holder still believes to hold
    owner, expires, fence = None, NOON, 0  # the model: who holds it really, and until when
    for step, number in steps:
        if step == "take":
            block = ExitStack()
            if owner is not None and clock.now < expires:
                with pytest.raises(LeaseHeld):
                    block.enter_context(leases.hold("x"))
                continue
            lease = block.enter_context(leases.hold("x"))
            assert lease.fence == fence + 1
            owner = fence = lease.fence
            expires = clock.now + TERM
            open_blocks.append((block, lease.fence))
        elif step == "free" and open_blocks:
            block, held = open_blocks.pop(number % len(open_blocks))
            block.close()
            if owner == held and fence == held:
                owner = None
        elif step == "wait":
            clock.forward(minutes=5 * number)
        elif step == "restore":
            leases.restore_fence("x", number * 3)
            fence = max(fence, number * 3)


def test_of_many_threads_one_holds_it_at_any_time() -> None:
    leases = DynamoLeases(FakeDynamo().client, "leases", Clock(NOON), TERM)
    inside: list[int] = []
    seen: list[int] = []

    def work(_: int) -> bool:
        try:
            with leases.hold("x") as lease:
                inside.append(lease.fence)
                assert inside == [lease.fence], "two inside at once"
                seen.append(lease.fence)
                inside.remove(lease.fence)
                return True
        except LeaseHeld:
            return False

    with ThreadPoolExecutor(8) as pool:
        held = sum(pool.map(work, range(400)))
    assert held == len(seen) >= 1
    assert seen == sorted(set(seen)) == list(range(1, held + 1))


def test_a_repeated_request_of_the_sdk_is_not_refused_by_its_own_first_one() -> None:
    """The answer to the first try got lost, so boto sends the very same request once more."""
    fake = FakeDynamo()
    once = fake.update_item
    fake.update_item = lambda **request: (once(**request), once(**request))[1]  # type: ignore[method-assign]
    with DynamoLeases(fake.client, "leases", Clock(NOON), TERM).hold("x") as lease:
        fake.update_item = once  # type: ignore[method-assign]
        assert lease.fence == 2


def test_a_lease_that_cannot_be_freed_does_not_fail_the_work_that_is_done() -> None:
    fake = FakeDynamo()
    leases = DynamoLeases(fake.client, "leases", Clock(NOON), TERM)
    with leases.hold("x"):
        fake.fail = throttled()
    with pytest.raises(SourceUnavailable, match="slow down"), leases.hold("y"):
        pytest.fail("held without a table")
