"""A case drives one method of a store as the product drives it."""

from collections.abc import Callable

from automoney.stores.database import Database

# It gets a number that no case got before, so that it may write something new each time.
Case = Callable[[Database, int], object]


def keep(cases: dict[str, Case], name: str) -> Callable[[Case], Case]:
    """Decorate a case: it drives the method `name`, such as `PostgresMarks.purge`."""

    def kept(case: Case) -> Case:
        cases[name] = case
        return case

    return kept
