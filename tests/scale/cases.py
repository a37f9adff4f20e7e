"""Every public method of every Postgres store; `test_complete` fails for one that is missing."""

from tests.scale import market_cases, run_cases

CASES = {**market_cases.CASES, **run_cases.CASES}
