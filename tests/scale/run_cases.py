"""Runs and their judgements, asked as the product asks."""

from datetime import timedelta
from functools import partial

from automoney.ports import Evidence, Pause, Step
from automoney.schedule import Slot
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.history import PostgresHistory
from automoney.stores.pauses import PostgresPauses
from automoney.trading.judgement import execution_id
from tests.builders import judgement, mark, view
from tests.scale.case import Case, keep
from tests.scale.growth import NOW, STRATEGY

CASES: dict[str, Case] = {}
_case = partial(keep, CASES)

_WAITING = execution_id(STRATEGY, NOW)  # every follower has yet to execute this one


@_case("PostgresExecutions.find")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).find(_WAITING)


@_case("PostgresExecutions.record")
def _(database: Database, number: int) -> object:
    at = NOW + timedelta(hours=4 * number)
    made = judgement(view("BTC"), view("ETH"), strategy=STRATEGY, at=at)
    return PostgresExecutions(database).record(made, fence=1_000_000 + number, evidence=Evidence())


@_case("PostgresExecutions.begin")
def _(database: Database, number: int) -> object:
    slot = Slot(NOW + timedelta(days=3_650, hours=4 * number))  # later than any that is judged
    return PostgresExecutions(database).begin(STRATEGY, slot, fence=1_000_000 + number)


@_case("PostgresExecutions.conclude")
def _(database: Database, number: int) -> None:
    steps = [Step("hand-out", "1000 followers queued", 12.5)]
    PostgresExecutions(database).conclude(_WAITING, steps)


@_case("PostgresExecutions.record_failure")
def _(database: Database, number: int) -> None:
    slot = Slot(NOW + timedelta(hours=4 * number, minutes=1))
    PostgresExecutions(database).record_failure(
        STRATEGY, slot, fence=1_000_000 + number, status="aborted", reason="no price"
    )


@_case("PostgresExecutions.fences")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fences()


@_case("PostgresExecutions.last_scores")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).last_scores(STRATEGY, "BTC", before=NOW)


@_case("PostgresExecutions.pending_users")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).pending_users(_WAITING)


@_case("PostgresExecutions.unfinished")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).unfinished(STRATEGY, up_to=NOW)


@_case("PostgresExecutions.latest")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).latest(STRATEGY)


@_case("PostgresExecutions.fill_marks")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fill_marks(_WAITING)


@_case("PostgresExecutions.fix_fill_mark")
def _(database: Database, number: int) -> object:
    return PostgresExecutions(database).fix_fill_mark(_WAITING, mark("BTC", at=NOW))


@_case("PostgresHistory.execution")
def _(database: Database, number: int) -> object:
    return PostgresHistory(database).execution(_WAITING)


@_case("PostgresPauses.current")
def _(database: Database, number: int) -> object:
    return PostgresPauses(database).current(STRATEGY, f"user-{number}")


@_case("PostgresPauses.touched")
def _(database: Database, number: int) -> bool:
    return PostgresPauses(database).touched(STRATEGY)


@_case("PostgresPauses.pause")
def _(database: Database, number: int) -> bool:
    pause = Pause(STRATEGY, f"new-{number}", NOW, "on a journey", f"new-{number}")
    return PostgresPauses(database).pause(pause)


@_case("PostgresPauses.resume")
def _(database: Database, number: int) -> bool:
    user = f"user-{number}"
    return PostgresPauses(database).resume(STRATEGY, user, author=user, reason="back", at=NOW)


@_case("PostgresPauses.log")
def _(database: Database, number: int) -> object:
    return PostgresPauses(database).log(STRATEGY, f"user-{number}", 20)
