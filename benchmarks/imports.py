"""How long a cold function imports: each handler in a fresh interpreter, over the bare start.

As in the cloud, only what `requirements/layer.txt` names can be imported: what a laptop has besides
must neither help nor hurt (LangSmith imports aiohttp where it finds it, stubs lie about).  The
bytecode is there, as after a first run.

`first` is what a function's first event imports on top, through the builders in `wiring` that its
handler calls.  It has no goal of its own, but it is time that somebody waits for.
"""

import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from automoney.manifest import FUNCTIONS
from benchmarks.result import Benchmark, Result

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"collect_": 350, "ws_": 350, "run_strategy": 1_200}  # milliseconds, by prefix
# What one of a kind imports at its first event.
FIRST: Mapping[str, str] = {
    "collect_prices": "automoney.workflows.collect_prices, automoney.stores.candles,"
    " automoney.stores.cache, automoney.transport, automoney.sources.binance",
    "run_strategy": "automoney.workflows.run_strategy, automoney.workflows.snapshots,"
    " automoney.stores.executions, automoney.stores.cache, boto3",
    "ws_broadcast": "boto3, automoney.stores.connections, automoney.channels.sockets",
}
_FENCE = """
import sys
class Fence:
    outside = frozenset({outside!r})
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.outside:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Fence())
"""


def outside_the_layer(requirements: Path = ROOT / "requirements" / "layer.txt") -> list[str]:
    """Top-level modules of this environment that no package of the layer brings."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", requirements.read_text(), re.M)
    inside = {_canonical(name) for name in pinned}
    return sorted(
        module
        for module, packages in packages_distributions().items()
        if not inside & {_canonical(package) for package in packages}
    )


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def import_times(
    statements: Iterable[str],
    *,
    rounds: int,
    summary: Callable[[Sequence[float]], float] = statistics.median,
) -> dict[str, float]:
    """Processor seconds that each takes over what `pass` takes; `summary` makes one of `rounds`.

    Processor time and not the wall's, for an import only computes once its files have been read.
    What else the machine is busy with still adds to it, through shared caches and cores, so the
    statements take turns.  The median tells what to expect here, `min` what the import itself
    costs.
    """
    fence = _FENCE.format(outside=outside_the_layer())
    taken: dict[str, list[float]] = {one: [] for one in ("pass", *statements)}
    for _ in range(rounds + 1):  # the first round reads files and writes bytecode: forgotten
        for statement, times in taken.items():
            times.append(_processor_seconds(fence + statement))
    bare = summary(taken.pop("pass")[1:])
    return {one: summary(times[1:]) - bare for one, times in taken.items()}


def _processor_seconds(program: str) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def goal_of(function: str) -> int | None:
    """Milliseconds in which the handler is to be imported; None if nothing was promised."""
    return next((goal for prefix, goal in GOALS.items() if function.startswith(prefix)), None)


def handler_import(function: str) -> str:
    return f"import functions.{function}.handler"


def _run(quick: bool) -> Sequence[Result]:
    names = [function.name for function in FUNCTIONS]
    first = {name: f"{handler_import(name)}, {more}" for name, more in FIRST.items()}
    statements = [*map(handler_import, names), *first.values()]
    seconds = import_times(statements, rounds=1 if quick else 9)
    results = []
    for name in names:
        value, goal = seconds[handler_import(name)] * 1000, goal_of(name)
        results.append(
            Result(f"import of {name}", value, "ms", f"<= {goal} ms", value <= goal)
            if goal
            else Result(f"import of {name}", value, "ms")
        )
    for name, statement in first.items():
        results.append(
            Result(f"{name} with what its first event imports", seconds[statement] * 1000, "ms")
        )
    return results


BENCHMARK = Benchmark("imports", "cold import of each handler in a fresh interpreter", _run)
