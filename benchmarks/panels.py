"""A panel's judgement by the direct executor, beside the same by LangGraph.

Both ask HODL-Wave's judges about the same recorded slots in a row, made by the backtest's market:
one decision is three scores for one asset.  Two comparisons, for they answer different questions.
"By rules" is what a backtest gets of the real judges, which keep what they worked out of series
that have not changed since the slot before, and put it into words only once somebody reads it.
"At once" is the executor alone: judges that answer what they are given, so that nothing but the
way of asking is left.  In processor time, the panels taking turns, the median.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from automoney.agents.asking import RULE_JUDGES, Judge
from automoney.agents.direct import DirectPanel
from automoney.agents.panel import LangGraphPanel
from automoney.market.snapshot import Snapshot
from automoney.ports import Panel
from automoney.trading.judgement import Score
from automoney.trading.strategies import HODL_WAVE
from benchmarks.result import Benchmark, Result
from infra.local.backtest.market import RecordedMarket, load_market
from infra.local.quiet import errors_only
from infra.local.recordings import default_recording

_BEGINS = datetime(2021, 1, 1, tzinfo=UTC)
_STEP = timedelta(hours=4)
_TIMES = 25.0


def snapshots(market: RecordedMarket, slots: int) -> list[Snapshot]:
    """Those of so many slots, each asset's, with nothing worked out of them yet."""
    known, timeframes = market.market(), HODL_WAVE.timeframes
    due = (_BEGINS + number * _STEP for number in range(slots))
    return [
        snapshot
        for at in due
        for snapshot in known.snapshots(market.assets, timeframes, at).values()
    ]


def at_once(seen: Snapshot) -> Mapping[str, Judge]:
    """Judges that say of everything what the rules say of this, without looking."""
    said = {agent: judge(seen, "") for agent, judge in RULE_JUDGES.items()}

    def saying(score: Score) -> Judge:
        return lambda *_: score

    return {agent: saying(score) for agent, score in said.items()}


def seconds(panel: Panel, seen: Sequence[Snapshot]) -> float:
    """Of processor time that a decision takes."""
    began = time.process_time()
    for snapshot in seen:
        panel.judge(snapshot)
    return (time.process_time() - began) / len(seen)


def _run(quick: bool) -> Sequence[Result]:
    slots, rounds = (10, 1) if quick else (300, 7)
    market = load_market(default_recording(), HODL_WAVE.assets)
    judges = {"by rules": RULE_JUDGES, "at once": at_once(snapshots(market, 1)[0])}
    panels: dict[tuple[str, str], Panel] = {}
    for how, asked in judges.items():
        panels[how, "direct"] = DirectPanel(asked)
        panels[how, "LangGraph"] = LangGraphPanel(asked)
    taken: dict[tuple[str, str], list[float]] = {name: [] for name in panels}
    with errors_only():  # a judge without data says so at every slot
        for _ in range(rounds):
            for name, panel in panels.items():
                taken[name].append(seconds(panel, snapshots(market, slots)))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return [result for how in judges for result in _compared(how, medians)]


def _compared(how: str, medians: Mapping[tuple[str, str], float]) -> list[Result]:
    direct, graph = medians[how, "direct"], medians[how, "LangGraph"]
    times = graph / direct
    return [
        Result(f"{how}: direct", 1 / direct, "decisions/s"),
        Result(f"{how}: LangGraph", 1 / graph, "decisions/s"),
        Result(f"{how}: direct against LangGraph", times, "x", f">= {_TIMES:g}x", times >= _TIMES),
    ]


BENCHMARK = Benchmark("panels", "three judges asked directly, and as nodes of a LangGraph", _run)
