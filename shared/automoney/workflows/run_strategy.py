"""Run a strategy at a slot: one judgement for all followers, then hand out their orders (4.3.1)."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

from automoney.encoding import decimal_text, utc_text
from automoney.errors import (
    AutomoneyError,
    BudgetSpent,
    DataMissing,
    LeaseHeld,
    Misfired,
    ModelsUnavailable,
    StaleFence,
)
from automoney.market.snapshot import Snapshot
from automoney.messages import scores_message
from automoney.observability import logger
from automoney.ports import (
    Alerts,
    Books,
    Executions,
    Kind,
    Lease,
    Leases,
    MarketCache,
    OrderQueue,
    Panel,
    fence_name,
    run_id,
)
from automoney.schedule import MISFIRE_GRACE, Slot
from automoney.trading.judgement import Judgement
from automoney.trading.strategies import Strategy
from automoney.workflows import run_words as words
from automoney.workflows.judging import Scores, view_of
from automoney.workflows.one_run import OneRun, Snapshots
from automoney.workflows.pausing import Pausing
from automoney.workflows.receipts import Receipts
from automoney.workflows.steps import Steps

SLOW = 20.0
"""Seconds from which on a run is worth a warning (description 7.2)."""


@dataclass(frozen=True, slots=True)
class StrategyRunner:
    """Whom a run talks to, and the `assets` that this installation collects: a strategy trades
    those of its own that are among them.  `market_clock` is the time in the world that is traded,
    `stopwatch` tells seconds, and `steps` keeps how each run went.  `models` names those that are
    asked; empty where the rules judge.
    """

    assets: tuple[str, ...]
    leases: Leases
    market: Snapshots
    panel: Panel
    executions: Executions
    books: Books
    pausing: Pausing
    receipts: Receipts
    orders: OrderQueue
    cache: MarketCache
    alerts: Alerts
    market_clock: Callable[[], datetime]
    stopwatch: Callable[[], float] = perf_counter
    steps: Callable[[Callable[[], float]], Steps] = Steps
    models: str = ""

    def take_turn(self, strategy: Strategy, slot: Slot) -> dict[str, Any]:
        """Run, and do by rule what the description says for each kind of failure (4.3.2).

        Answers `{"execution", "slot", "outcome"}`: judged, known, busy, paused, aborted or skipped,
        and how many followers were `handed` out.

        Only failures that a retry may mend are raised.  LeaseHeld is one while the slot has no
        judgement: whoever holds the lease may be dead, and it runs out before the last try.
        """
        name = run_id(strategy.id, slot.at, Kind.TURN)
        answer = {"execution": name, "slot": utc_text(slot.at)}
        pause = self.pausing.at_slot(strategy, slot)
        if pause is not None:
            logger.info("slot passed over: paused", extra={**answer, "reason": pause.reason})
            # A pause stops new judgements; what an earlier one means is still carried out.
            handed = 0 if pause.since is None else self._hand_out(strategy, slot)
            return {**answer, "outcome": "paused", "reason": pause.reason, "handed": handed}
        steps = self.steps(self.stopwatch)
        began = self.stopwatch()
        try:
            with self._lease(strategy, Kind.TURN) as lease:
                outcome = self._outcome(OneRun(strategy, slot, Kind.TURN, lease.fence, steps))
                with steps.step("hand-out") as say:
                    handed = outcome["handed"] = self._hand_out(strategy, slot)
                    say(lambda: f"{handed} followers queued")
                done = self.stopwatch()
        except LeaseHeld:
            if self.executions.find(name) is None:
                raise
            return {**answer, "outcome": "busy", "handed": 0}
        steps.add("clean-up", lambda: "lease freed", self.stopwatch() - done)
        if outcome["outcome"] != "known":
            self.executions.conclude(name, steps.rest())
        seconds = self.stopwatch() - began
        if seconds > SLOW:
            subject = f"{strategy.name} took {seconds:.0f} s for {slot.at:%Y-%m-%d %H:%M}"
            self.alerts.warn(subject, "; ".join(words.timings(steps)))
        return {**answer, **outcome}

    def take_look(self, strategy: Strategy, at: datetime, *, asked_by: str) -> dict[str, Any]:
        """Judge the market at `at` for whoever asks, and tell him alone: no orders, no alerts.

        A look neither holds up a turn nor counts for one: it has a lease and a name of its own,
        and no turn falls back on its scores.  Two who ask for the same second share one.  Answers
        as `take_turn` does; raises LeaseHeld while another look is being taken.
        """
        slot = Slot(at.replace(microsecond=0))
        steps = self.steps(self.stopwatch)
        with self._lease(strategy, Kind.LOOK) as lease:
            run = OneRun(strategy, slot, Kind.LOOK, lease.fence, steps, asked_by)
            outcome = self._outcome(run)
            with steps.step("hand-out") as say:
                found = self.executions.find(run.name)
                if found is not None:
                    self.books.tell(asked_by, run.name, [scores_message(found)])
                say(lambda: f"told to {asked_by}" if found else "nothing to tell")
            done = self.stopwatch()
        steps.add("clean-up", lambda: "lease freed", self.stopwatch() - done)
        if outcome["outcome"] != "known":
            self.executions.conclude(run.name, steps.rest())
        return {"execution": run.name, "slot": utc_text(slot.at), **outcome}

    def _lease(self, strategy: Strategy, kind: Kind) -> AbstractContextManager[Lease]:
        return self.leases.hold(f"strategy:{fence_name(strategy.id, kind)}")

    def _outcome(self, run: OneRun) -> dict[str, Any]:
        """Judge, or record why not and tell those who run this."""
        try:
            known, judgement = self._judge_once(run)
        except (DataMissing, Misfired, BudgetSpent, ModelsUnavailable) as error:
            with run.steps.step("result") as say:
                outcome = self._given_up(run, error)
                say(lambda: f"{outcome['outcome']}: {outcome['reason']}")
            return outcome
        except StaleFence:
            raise  # overtaken: there is nothing that we may write
        except Exception as error:  # recorded, and raised again for a retry
            ours = isinstance(error, AutomoneyError)
            said = str(error) if ours else "the log says more"  # everybody may read the reason
            self._record_failure(run, "aborted", f"{type(error).__name__}: {said}")
            raise
        convictions = {
            asset: decimal_text(view.conviction) for asset, view in judgement.views.items()
        }
        return {"outcome": "known" if known else "judged", "convictions": convictions}

    def _given_up(self, run: OneRun, error: AutomoneyError) -> dict[str, Any]:
        """Trying again would not help: this slot is left, and the next one comes as usual."""
        status, reason = "skipped" if isinstance(error, Misfired) else "aborted", str(error)
        self._record_failure(run, status, reason)
        if run.kind is Kind.TURN:
            if isinstance(error, ModelsUnavailable):
                self.pausing.stop(run.strategy, run.slot, error)
            else:
                subject = f"{run.strategy.name} {status} {run.slot.at:%Y-%m-%d %H:%M}"
                self.alerts.warn(subject, reason)
        return {"outcome": status, "reason": reason}

    def _record_failure(self, run: OneRun, status: str, reason: str) -> None:
        self.executions.record_failure(
            run.strategy.id,
            run.slot,
            fence=run.fence,
            status=status,
            reason=reason,
            steps=run.steps.so_far(),
            kind=run.kind,
            asked_by=run.asked_by,
        )

    def _judge_once(self, run: OneRun) -> tuple[bool, Judgement]:
        """The run's judgement and whether it had been made before."""
        found = self.executions.find(run.name)
        if found is not None:
            return True, found
        strategy, slot, steps = run.strategy, run.slot, run.steps
        with steps.step("preconditions") as say:
            cut_short = self._begin(run)
            # What is read is what is checked: the data are not read twice.
            snapshots = self.market.snapshots(self._assets(strategy), strategy.timeframes, slot.at)
            by = self.models or "rules"
            say(partial(words.preconditions, snapshots, slot, cut_short, by))
        steps.add("context", lambda: f"{run.name}, a {run.kind}, fence {run.fence}")
        names: dict[str, str] = {}
        steps.add("data", partial(words.data, snapshots, names))
        with steps.step("agents") as say:
            judged = self._judged(run, snapshots)
            say(partial(words.agents, judged))
        with steps.step("decision") as say:
            views = {
                asset: view_of(
                    strategy,
                    one,
                    judged[asset],
                    partial(self.executions.last_scores, strategy.id, asset, before=slot.at),
                )
                for asset, one in snapshots.items()
            }
            say(partial(words.decision, views))
        steps.add("signal", partial(words.signal, strategy, views))
        judgement = Judgement(run.name, strategy.id, slot.at, views)
        with steps.step("result") as say:
            evidence = self.receipts.run(strategy, judgement, snapshots, steps.so_far())
            names.update(evidence.snapshots)
            kept = self.executions.record(
                judgement,
                fence=run.fence,
                evidence=evidence,
                kind=run.kind,
                asked_by=run.asked_by,
            )
            if run.kind is Kind.TURN:
                self.cache.put_scores(kept)
            say(lambda: "judged: the judgement and its receipt are kept")
        return False, kept

    def _judged(self, run: OneRun, snapshots: Mapping[str, Snapshot]) -> Mapping[str, Scores]:
        """Each asset's scores; where models are waited for, all assets are judged at once."""
        judge = partial(self.panel.judge, execution_id=run.name)
        if not self.models:
            return {asset: judge(one) for asset, one in snapshots.items()}
        with ThreadPoolExecutor(len(snapshots)) as judging:
            return dict(zip(snapshots, judging.map(judge, snapshots.values()), strict=True))

    def _begin(self, run: OneRun) -> list[str]:
        """Keep that the run has begun; the runs before it that never came to an end."""
        late = self.market_clock() - run.slot.at
        if late > MISFIRE_GRACE:
            raise Misfired(f"its event came {late} after the slot; {MISFIRE_GRACE} is the limit")
        cut_short = self.executions.begin(
            run.strategy.id, run.slot, fence=run.fence, kind=run.kind, asked_by=run.asked_by
        )
        if cut_short and run.kind is Kind.TURN:
            self.alerts.warn(f"{run.strategy.name} was cut short", ", ".join(cut_short))
        return cut_short

    def _assets(self, strategy: Strategy) -> tuple[str, ...]:
        """Those that it trades and that are collected here; DataMissing if there is none."""
        assets = tuple(asset for asset in strategy.assets if asset in self.assets)
        if not assets:
            wanted, here = ", ".join(strategy.assets), ", ".join(self.assets)
            raise DataMissing(f"it trades {wanted}, but only {here} is collected here")
        return assets

    def _hand_out(self, strategy: Strategy, slot: Slot) -> int:
        """Queue everyone whose part is not done, of this run and of any that was cut short.

        Under the lease: the parts of one run are queued before the next run judges.
        """
        handed = 0
        for execution in self.executions.unfinished(strategy.id, up_to=slot.at):
            users = self.executions.pending_users(execution)
            self.orders.hand_out(execution, users)
            handed += len(users)
        return handed
