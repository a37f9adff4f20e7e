"""From what the agents said to one view an asset: what is used again, and how it is weighed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from automoney.errors import DataMissing
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score, Signal, View
from automoney.trading.strategies import AGENTS, Strategy
from automoney.trading.weighing import weigh

Scores = Mapping[str, Score | None]
"""Per agent its score, None where it failed."""


def view_of(
    strategy: Strategy, snapshot: Snapshot, judged: Scores, last: Callable[[], Mapping[str, Score]]
) -> View:
    """Weigh one asset's scores.

    `last` gives the agents' last good scores; it is asked only if one of today's is not good.

    Raises DataMissing if no agent could judge.
    """
    scores: Mapping[str, Score]
    if _all_good(judged):
        scores = {agent: score for agent in AGENTS if (score := judged[agent]) is not None}
    else:
        if not any(judged.values()):
            raise DataMissing(f"no agent could judge {snapshot.asset}")
        earlier, at = last(), snapshot.as_of
        scores = {
            agent: _usable(agent, judged.get(agent), earlier.get(agent), at) for agent in AGENTS
        }
    conviction, weights, degraded = weigh(strategy, scores)
    return View(snapshot.asset, snapshot.mark, scores, weights, conviction, degraded)


def _all_good(judged: Scores) -> bool:
    """Whether every agent has judged by all it was to have."""
    for agent in AGENTS:
        score = judged.get(agent)
        if score is None or score.degraded:
            return False
    return True


def _usable(agent: str, judged: Score | None, last: Score | None, at: datetime) -> Score:
    """The agent's score, or by the rules of degrading the last good one, or a neutral one."""
    if judged is not None and not judged.degraded:
        return judged
    if last is not None:
        return replace(last, degraded=True)
    if judged is not None:
        return judged
    return Score(
        agent,
        0.0,
        0.0,
        "No view could be formed and there is no earlier one, so it counts as neutral.",
        (),
        (),
        at,
        degraded=True,
    )


def signal_of(strategy: Strategy, view: View) -> Signal:
    """What the view says to a follower who has room for it: buy, sell or hold."""
    if view.conviction >= strategy.buy_above:
        return Signal.BUY
    return Signal.SELL if view.conviction <= strategy.sell_below else Signal.HOLD
