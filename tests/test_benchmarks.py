"""The runner of `./dev bench`, and that each benchmark runs; its figures are not judged here."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks.__main__ import known_benchmarks, main
from benchmarks.report import as_markdown, readable
from benchmarks.result import Benchmark, Result

NAMES = [
    "backtests",
    "candles",
    "copy",
    "imports",
    "indicators",
    "live_tick",
    "panels",
    "push",
    "ticks",
]
FAST = Result("a thing", 1234.5, "us", "<= 2 ms", True)
SLOW = Result("another", 0.01234, "s", "<= 1 ms", False)
PLAIN = Result("a third", 12.345, "MB")


@pytest.mark.parametrize("name", NAMES)
def test_each_benchmark_yields_results(name: str) -> None:
    results = known_benchmarks()[name].run(True)

    assert results
    for result in results:
        assert math.isfinite(result.value), result
        assert result.what and result.unit, result
        assert (result.met is None) == (not result.goal), result


def test_all_modules_with_a_benchmark_are_found() -> None:
    assert list(known_benchmarks()) == NAMES


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Two benchmarks in place of the real ones, one of which misses a goal; what was run, how."""
    ran: list[tuple[str, bool]] = []

    def running(name: str, *results: Result) -> Benchmark:
        def run(quick: bool) -> Sequence[Result]:
            ran.append((name, quick))
            return results

        return Benchmark(name, f"The {name} one", run)

    found = {"fast": running("fast", FAST, PLAIN), "slow": running("slow", SLOW)}
    monkeypatch.setattr(runner, "known_benchmarks", lambda: found)
    return ran


@pytest.mark.parametrize(
    ("words", "ran", "status"),
    [
        ([], [("fast", False), ("slow", False)], 1),
        (["fast"], [("fast", False)], 0),
        (["slow"], [("slow", False)], 1),
        (["--quick"], [("fast", True), ("slow", True)], 0),
    ],
)
def test_all_or_those_named_are_run_and_a_missed_goal_fails(
    known: list[tuple[str, bool]], words: list[str], ran: list[tuple[str, bool]], status: int
) -> None:
    assert main(words) == status
    assert known == ran


def test_json_has_every_figure(
    known: list[tuple[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json"]) == 1

    out, err = capsys.readouterr()
    results = json.loads(out)["results"]
    assert [(each["benchmark"], each["value"], each["met"]) for each in results] == [
        ("fast", 1234.5, True),
        ("fast", 12.345, None),
        ("slow", 0.01234, False),
    ]
    assert "Missed: another, goal <= 1 ms" in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nonsense"], "one of fast, slow"),
        (["fast", "--write"], "one run of all"),
        (["--quick", "--write"], "one run of all"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(
    known: list[tuple[str, bool]],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    reason: str,
) -> None:
    assert main(words) == 2
    assert reason in capsys.readouterr().err
    assert known == []


def test_the_page_is_made_of_one_run(
    known: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr(runner, "PAGE", page)

    main(["--write"])

    text = page.read_text()
    assert "## fast\n\nThe fast one.\n" in text
    assert "| a thing | 1,234 | us | <= 2 ms | yes |" in text
    assert "| a third | 12.3 | MB |  |  |" in text
    assert "| another | 0.0123 | s | <= 1 ms | no |" in text
    assert text == as_markdown({"fast": [FAST, PLAIN], "slow": [SLOW]}, runner.known_benchmarks())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.000123456, "0.000123"), (9.876, "9.88"), (99.95, "100"), (12345.6, "12,346")],
)
def test_figures_are_readable(value: float, text: str) -> None:
    assert readable(value) == text
