"""`./dev bench`: runs what this folder has.  Exit 0: every goal met; 1: one missed; 2: no such."""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import benchmarks
from automoney.errors import InvalidInput, Unknown
from benchmarks.report import as_json, as_markdown, print_table
from benchmarks.result import Benchmark, Result

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def known_benchmarks() -> dict[str, Benchmark]:
    """By name, those of all modules here that have one."""
    names = sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__))
    modules = [
        importlib.import_module(f"benchmarks.{name}") for name in names if name != "__main__"
    ]
    found = [module.BENCHMARK for module in modules if hasattr(module, "BENCHMARK")]
    return {benchmark.name: benchmark for benchmark in found}


def measure(benchmark: Benchmark, *, quick: bool) -> list[Result]:
    """Its figures; those of a quick run are not held against any goal."""
    print(f"Measuring {benchmark.name}: {benchmark.about}", file=sys.stderr)
    results = list(benchmark.run(quick))
    return [replace(result, met=None) for result in results] if quick else results


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./dev bench", description="measure beside what we compare ourselves with"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of what to measure (all)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--quick", action="store_true", help="try it out; the figures are unfit")
    parser.add_argument("--write", action="store_true", help="make docs/benchmarks.md of this run")
    given = parser.parse_args(words)
    try:
        chosen = _chosen(given.names, given.quick, given.write)
    except InvalidInput as error:
        print(f"./dev bench: {error}", file=sys.stderr)
        return 2
    measured = {name: measure(benchmark, quick=given.quick) for name, benchmark in chosen.items()}
    if given.json:
        print(json.dumps(as_json(measured, quick=given.quick), allow_nan=False))
    else:
        print_table(measured)
    if given.write:
        PAGE.write_text(as_markdown(measured, chosen), encoding="utf-8")
    missed = [result for results in measured.values() for result in results if result.met is False]
    for result in missed:
        print(f"Missed: {result.what}, goal {result.goal}", file=sys.stderr)
    return 1 if missed else 0


def _chosen(names: Sequence[str], quick: bool, write: bool) -> dict[str, Benchmark]:
    known = known_benchmarks()
    for name in names:
        if name not in known:
            raise Unknown("benchmark", name, known)
    if write and (names or quick):
        raise InvalidInput("--write", "a part or a quick run", "one run of all, no less")
    return {name: benchmark for name, benchmark in known.items() if not names or name in names}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
