"""The panel without a graph: the judges one after the other, for backtests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from automoney.agents.asking import RULE_JUDGES, Judge, asked
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score


@dataclass(frozen=True, slots=True)
class DirectPanel:
    """Meets `ports.Panel`."""

    judges: Mapping[str, Judge] = field(default_factory=lambda: RULE_JUDGES)

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        return {
            agent: asked(agent, judge, snapshot, execution_id)
            for agent, judge in self.judges.items()
        }
