"""EventBridge played here keeps to what the cloud's is told: three tries within ten minutes."""

from datetime import UTC, datetime, timedelta

from automoney.schedule import MISFIRE_GRACE, RETRIES
from infra.local.scheduler import Agenda, rules

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
PRICES = [(row, rule) for row, rule in rules(wall=False) if row.name == "collect_prices"]


def test_a_failed_firing_comes_back_twice_a_minute_apart_with_the_same_slot() -> None:
    agenda = Agenda(PRICES, NOON)
    tries = [agenda.pop()]
    while agenda.again(tries[-1]):
        tries.append(agenda.pop())

    assert len(tries) == 1 + RETRIES == 3
    assert {due.at for due in tries} == {NOON + timedelta(minutes=5)}
    assert [due.fires - tries[0].fires for due in tries] == [timedelta(minutes=n) for n in range(3)]


def test_nothing_is_tried_again_after_the_grace_time() -> None:
    agenda = Agenda(PRICES, NOON)
    due = agenda.pop()
    late = type(due)(
        due.at + MISFIRE_GRACE, due.priority, due.index, due.at, due.function, due.rule
    )
    assert not agenda.again(late)
