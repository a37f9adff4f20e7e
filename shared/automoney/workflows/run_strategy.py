"""Run a strategy at a slot: one judgement for all followers, then hand out their orders (4.3.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from automoney.encoding import plain
from automoney.errors import DataMissing, LeaseHeld, Misfired
from automoney.market.snapshot import Snapshot
from automoney.observability import logger
from automoney.ports import Alerts, Executions, Leases, MarketCache, OrderQueue, Panel
from automoney.schedule import Slot
from automoney.trading.judgement import Judgement, Score, View, execution_id
from automoney.trading.strategies import AGENTS, Strategy
from automoney.trading.weighing import weigh
from automoney.workflows.snapshots import Market

MISFIRE_GRACE = timedelta(seconds=600)


@dataclass(frozen=True, slots=True)
class StrategyRunner:
    """Whom a run talks to, and the `assets` that this installation collects: a strategy trades
    those of its own that are among them.  `market_clock` is the time in the world that is traded.
    """

    assets: tuple[str, ...]
    leases: Leases
    market: Market
    panel: Panel
    executions: Executions
    orders: OrderQueue
    cache: MarketCache
    alerts: Alerts
    market_clock: Callable[[], datetime]

    def take_turn(self, strategy: Strategy, slot: Slot) -> dict[str, Any]:
        """Run, and do by rule what the description says for each kind of failure (4.3.2).

        Answers `{"execution", "slot", "outcome"}`: judged, known, busy, aborted or skipped.
        Only failures that a retry may mend are raised.
        """
        name = execution_id(strategy.id, slot.at)
        try:
            with self.leases.hold(f"strategy:{strategy.id}") as lease:
                outcome = self._outcome(strategy, slot, fence=lease.fence)
        except LeaseHeld:
            logger.info("another run holds the lease", extra={"execution": name})
            outcome = {"outcome": "busy"}
        else:
            self._hand_out(strategy, slot)
        return {"execution": name, "slot": plain(slot.at), **outcome}

    def _outcome(self, strategy: Strategy, slot: Slot, *, fence: int) -> dict[str, Any]:
        """Judge, or record why not and tell those who run this."""
        try:
            known, judgement = self._judge_once(strategy, slot, fence=fence)
        except (DataMissing, Misfired) as error:
            status = "skipped" if isinstance(error, Misfired) else "aborted"
            self.executions.record_failure(
                strategy.id, slot, fence=fence, status=status, reason=str(error)
            )
            self.alerts.warn(f"{strategy.name} {status} {slot.at:%Y-%m-%d %H:%M}", str(error))
            return {"outcome": status, "reason": str(error)}
        convictions = {asset: plain(view.conviction) for asset, view in judgement.views.items()}
        return {"outcome": "known" if known else "judged", "convictions": convictions}

    def _judge_once(self, strategy: Strategy, slot: Slot, *, fence: int) -> tuple[bool, Judgement]:
        """The slot's judgement and whether it had been made before."""
        found = self.executions.find(execution_id(strategy.id, slot.at))
        if found is not None:
            return True, found
        late = self.market_clock() - slot.at
        if late > MISFIRE_GRACE:
            raise Misfired(f"its event came {late} after the slot; {MISFIRE_GRACE} is the limit")
        assets = tuple(asset for asset in strategy.assets if asset in self.assets)
        if not assets:
            wanted, here = ", ".join(strategy.assets), ", ".join(self.assets)
            raise DataMissing(f"it trades {wanted}, but only {here} is collected here")
        snapshots = self.market.snapshots(assets, slot.at)
        views = {
            asset: self._view(strategy, slot, snapshot) for asset, snapshot in snapshots.items()
        }
        judgement = Judgement(execution_id(strategy.id, slot.at), strategy.id, slot.at, views)
        kept = self.executions.record(judgement, fence=fence, inputs=_inputs(snapshots))
        self.cache.put_scores(kept)
        return False, kept

    def _view(self, strategy: Strategy, slot: Slot, snapshot: Snapshot) -> View:
        judged = self.panel.judge(snapshot)
        if not any(judged.values()):
            raise DataMissing(f"no agent could judge {snapshot.asset}")
        last = self.executions.last_scores(strategy.id, snapshot.asset, before=slot.at)
        scores = {
            agent: _usable(agent, judged.get(agent), last.get(agent), slot.at) for agent in AGENTS
        }
        conviction, weights, degraded = weigh(strategy, scores)
        return View(snapshot.asset, snapshot.mark, scores, weights, conviction, degraded)

    def _hand_out(self, strategy: Strategy, slot: Slot) -> None:
        """Queue everyone whose part is not done, of this run and of any that was cut short."""
        for execution in self.executions.unfinished(strategy.id, up_to=slot.at):
            self.orders.hand_out(execution, self.executions.pending_users(execution))


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


def _inputs(snapshots: Mapping[str, Snapshot]) -> dict[str, Any]:
    """What the agents saw, short: per asset the mark, week, indicators and newest readings."""
    return {
        asset: {
            "mark": snapshot.mark,
            "week": snapshot.week,
            "indicators": snapshot.indicators,
            "stale": snapshot.stale,
            "readings": {name: readings[-1] for name, readings in snapshot.series.items()},
        }
        for asset, snapshot in snapshots.items()
    }
