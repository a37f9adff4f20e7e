"""Every query on a growing table goes through an index, and a user's into one partition."""

from collections.abc import Iterator

import pytest

from tests.scale.cases import CASES
from tests.scale.catalogue import Catalogue
from tests.scale.growth import BY_USER, GROWING
from tests.scale.plans import Explained

_FEW_ROWS = 2_000  # a table or partition of that few is read whole at no cost, index or not

# Custom plans know the values; generic ones are what a statement gets once it has been prepared
# for a while.  The last planner shows that small tables could be read through an index as well.
_PLANNERS = {
    "custom": ("SET plan_cache_mode = force_custom_plan",),
    "generic": ("SET plan_cache_mode = force_generic_plan",),
    "unwilling": ("SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off"),
}
# Indexes that may be read from end to end, and why.
_WHOLE = {
    "outbox_unrelayed": "partial: holds only what waits to be relayed",
    "orders_pending": "partial: holds only what waits to be executed",
}
# Methods that ask about all users, so that no partition can be left out.
_OF_ALL_USERS = (
    "PostgresArchive.users",
    "PostgresArchive.served",
    "PostgresExecutions.pending_users",
    "PostgresExecutions.unfinished",
    "PostgresLeftovers.purge_events",
    "PostgresOutbox.relaying",
)


@pytest.fixture(scope="session", params=_PLANNERS)
def planner(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def explained(planner: str, grown_url: str) -> Iterator[Explained]:
    found = Explained.open(grown_url, *_PLANNERS[planner])
    yield found
    found.database.close()


@pytest.fixture(scope="session")
def catalogue(grown_url: str) -> Catalogue:
    return Catalogue.read(grown_url)


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_grows_is_read_whole(
    name: str, planner: str, explained: Explained, catalogue: Catalogue, numbers: Iterator[int]
) -> None:
    explained.plans.clear()

    CASES[name](explained.database, next(numbers))

    fewest = 0 if planner == "unwilling" else _FEW_ROWS
    assert explained.plans
    for plan in explained.plans:
        tables = {
            part
            for part in plan.whole_tables()
            if catalogue.table_of.get(part) in GROWING and catalogue.rows[part] > fewest
        }
        indexes = {
            catalogue.index_of[part]
            for part in plan.whole_indexes()
            if catalogue.indexed.get(part) in GROWING
        }
        assert not tables | indexes - _WHOLE.keys(), plan.told()
        if name not in _OF_ALL_USERS:
            for table in BY_USER:
                parts = {part for part in plan.touched() if catalogue.table_of.get(part) == table}
                assert len(parts) <= 1, plan.told()
