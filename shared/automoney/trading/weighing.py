"""From three scores to one conviction.  Pure and exact."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from automoney.errors import DataMissing
from automoney.trading.judgement import Score
from automoney.trading.strategies import AGENTS, Strategy

_AGENTS = frozenset(AGENTS)
_NOTHING, _HUNDREDTH = Decimal(0), Decimal("0.01")


def weigh(
    strategy: Strategy, scores: Mapping[str, Score]
) -> tuple[Decimal, Mapping[str, Decimal], bool]:
    """Weigh the agents' scores of one asset into a conviction.

    A degraded on-chain score switches to the strategy's `degraded_weights` (description 9.1); any
    other degraded score keeps its weight and only marks the outcome.

    Returns:
        The conviction (-100..100, two decimals, half to even), the weights used, and whether any
        score was degraded.

    Raises:
        DataMissing: an agent has no score at all, not even an earlier one.
    """
    if not scores.keys() >= _AGENTS:
        silent = [agent for agent in AGENTS if agent not in scores]
        raise DataMissing(f"no score from {', '.join(silent)}")
    shares = strategy.degraded_weights if scores["onchain"].degraded else strategy.weights
    conviction, degraded = _NOTHING, False
    for agent in AGENTS:
        score = scores[agent]
        conviction += shares[agent] * _meant(score.value)
        degraded = degraded or score.degraded
    return conviction.quantize(_HUNDREDTH, ROUND_HALF_EVEN), dict(shares), degraded


@lru_cache(maxsize=1024)  # most agents say the same from slot to slot
def _meant(value: float) -> Decimal:
    """The two decimals that an agent meant: by way of the shortest text, without a binary tail."""
    return Decimal(str(value))
