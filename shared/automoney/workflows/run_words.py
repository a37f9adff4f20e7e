"""What is said of the steps of a run, for whoever looks at them afterwards."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from automoney.encoding import decimal_text
from automoney.market.snapshot import Snapshot
from automoney.ports import Step
from automoney.schedule import Slot
from automoney.trading.judgement import Score, View
from automoney.trading.strategies import AGENTS, Strategy
from automoney.workflows.freshness import in_words
from automoney.workflows.judging import Scores, signal_of


def preconditions(
    snapshots: Mapping[str, Snapshot], slot: Slot, cut_short: Sequence[str], judges: str
) -> str:
    """Data by source with its limit, the agents, and the runs before this one."""
    before = f"cut short before: {', '.join(cut_short)}" if cut_short else "last run done"
    agents = f"agents {', '.join(AGENTS)} ready ({judges})"
    return f"{in_words(snapshots, slot.at)}; {agents}; {before}"


def data(snapshots: Mapping[str, Snapshot], names: Mapping[str, str]) -> str:
    """What each snapshot holds, what of it was filled in or is a stand-in, and its hash."""
    return "; ".join(_data(one, names.get(asset)) for asset, one in snapshots.items())


def _data(snapshot: Snapshot, name: str | None) -> str:
    newest = {name: readings[-1] for name, readings in snapshot.series.items()}
    bars = ", ".join(snapshot.outlooks)
    price = f"{decimal_text(snapshot.mark.price)} ({snapshot.mark.source})"
    said = f"{snapshot.asset}: price {price}, bars {bars}, {len(newest)} series"
    for label, names in (
        ("filled", [name for name, one in newest.items() if one.filled]),
        ("stand-ins", [name for name, one in newest.items() if one.proxy]),
        ("anomalous", [name for name, one in newest.items() if one.anomalous]),
    ):
        if names:
            said += f", {label}: {' '.join(names)}"
    return f"{said}, kept as {name}" if name else said


def agents(judged: Mapping[str, Scores]) -> str:
    """Each agent's own score per asset."""
    return "; ".join(
        f"{asset}: {', '.join(_score(agent, scores.get(agent)) for agent in AGENTS)}"
        for asset, scores in judged.items()
    )


def _score(agent: str, score: Score | None) -> str:
    if score is None:
        return f"{agent} failed"
    by = f" by {score.model}" if score.model else ""
    marks = " degraded" * score.degraded + " fell back on the rules" * score.fell_back
    return f"{agent} {score.value:+.2f}{by}{marks}"


def decision(views: Mapping[str, View]) -> str:
    """The weighed view per asset, the weights, and whose last score was used again."""
    return "; ".join(map(_decision, views.values()))


def _decision(view: View) -> str:
    weights = "/".join(f"{view.weights[agent] * 100:.0f}" for agent in AGENTS)
    said = f"{view.asset} {view.conviction:+} at {weights}"
    again = [
        f"{agent}'s of {score.judged_at:%Y-%m-%d %H:%M}"
        for agent, score in view.scores.items()
        if score.degraded
    ]
    return f"{said}, degraded: {', '.join(again)}" if again else said


def signal(strategy: Strategy, views: Mapping[str, View]) -> str:
    """Buy, sell or hold per asset; what it means for each follower his own decision says."""
    thresholds = f"buy from {strategy.buy_above:+}, sell from {strategy.sell_below:+}"
    signals = ", ".join(f"{view.asset} {signal_of(strategy, view)}" for view in views.values())
    return f"{signals} ({thresholds})"


def timings(steps: Iterable[Step]) -> Iterator[str]:
    """Each step with its milliseconds."""
    return (f"{step.name} {step.milliseconds:.0f} ms" for step in steps)
