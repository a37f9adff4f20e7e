"""A cold function imports what it needs and nothing else."""

import json
import subprocess
import sys

import pytest

from automoney.manifest import FUNCTIONS
from benchmarks.imports import ROOT, goal_of, handler_import, import_times

# A library of some weight for each goal, and how many times its time a handler may take.  They are
# measured in the same run: a slow machine slows both.  A busy one slows now this, now that, but
# never speeds up an import: the least of a few rounds is what it costs where nothing disturbs it.
_WEIGHT = {350: ("import redis", 1.75), 1_200: ("import langgraph.graph", 1.6)}
_ROUNDS = 6

# Libraries that weigh; a handler carries one from the start only if it always needs it.
_HEAVY = frozenset(
    {
        *("asyncio", "boto3", "cryptography", "fastapi", "httpx", "jwt", "langgraph"),
        *("numpy", "pandas", "psycopg", "pydantic", "redis"),
    }
)
_CARRIED = {
    "api": {"asyncio", "cryptography", "fastapi", "jwt", "pydantic"},
    "run_strategy": {"asyncio", "httpx", "langgraph", "pydantic"},
    "ws_authorize": {"cryptography", "jwt"},
}
_NAMES = [function.name for function in FUNCTIONS]


@pytest.mark.parametrize("name", _NAMES)
def test_a_handler_carries_no_library_that_it_may_never_use(name: str) -> None:
    tell = f"{handler_import(name)}, sys, json; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", tell],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
    )

    carried = _HEAVY & set(json.loads(told.stdout))
    assert carried <= _CARRIED.get(name, frozenset())


def test_handlers_import_as_quickly_as_promised() -> None:
    promised = {name: goal for name in _NAMES if (goal := goal_of(name)) is not None}
    statements = [*(weight for weight, _ in _WEIGHT.values()), *map(handler_import, promised)]
    seconds = import_times(statements, rounds=_ROUNDS, summary=min)

    for name, goal in promised.items():
        weight, most = _WEIGHT[goal]
        times = seconds[handler_import(name)] / seconds[weight]
        assert times <= most, f"{name}: {times:.2f} times as long as {weight}"
