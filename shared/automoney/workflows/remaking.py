"""Receipts made once more from what they name, by the code that made them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from automoney.market.snapshot import Snapshot
from automoney.ports.models import Models
from automoney.ports.telling import Panel
from automoney.trading.judgement import Judgement, Score, View, execution_id, look_id
from automoney.trading.receipts.bodies import PartReceipt, RunReceipt, body_of
from automoney.trading.receipts.snapshots import Fetch, unpack
from automoney.trading.turn import take_part
from automoney.workflows.judging import view_of
from automoney.workflows.witness import retold

PanelOf = Callable[[Models | None], Panel]
"""The judges of a run: those that ask the models, or the rules alone where there are None."""


@dataclass(frozen=True, slots=True)
class Remade:
    """A run's receipt as it comes out today, and how many `readings` that was made from."""

    body: bytes
    readings: int


def remade_run(receipt: RunReceipt, *, fetch: Fetch, panel_of: PanelOf) -> Remade:
    """Judge and weigh again what the receipt's snapshots hold.

    From the receipt itself come the strategy, the slot, the names of blobs, what models answered
    and last scores that were used again.  Everything else is worked out.

    Raises whatever `fetch`, a judge or `view_of` raises.
    """
    snapshots = {asset: unpack(name, fetch) for asset, name in receipt.snapshots.items()}
    panel = panel_of(_models(receipt, fetch))
    views = {
        view.asset: _view(receipt, snapshots[view.asset], view, panel) for view in receipt.views
    }
    judgement = Judgement(_run_id(receipt), receipt.strategy.id, receipt.slot_at, views)
    again = RunReceipt.of(receipt.strategy, judgement, receipt.snapshots, receipt.asked)
    readings = sum(len(one) for found in snapshots.values() for one in found.series.values())
    return Remade(body_of(again), readings)


def remade_part(run: RunReceipt, receipt: PartReceipt, *, user_id: str) -> bytes:
    """Decide, order and fill again: the part's receipt as it comes out today.

    From the receipt itself come how the follower stood, the marks of the fills and the costs.
    Raises whatever `take_part` raises.
    """
    part = take_part(
        run.strategy, run.judgement, receipt.standing, marks=receipt.marks, costs=receipt.costs
    )
    return body_of(replace(receipt, execution_id=run.execution_id, user_id=user_id, part=part))


def _view(receipt: RunReceipt, snapshot: Snapshot, before: View, panel: Panel) -> View:
    judged = panel.judge(snapshot, receipt.execution_id)
    return view_of(receipt.strategy, snapshot, judged, lambda: _last(receipt, before))


def _last(receipt: RunReceipt, view: View) -> Mapping[str, Score]:
    """Last good scores: those of the view that were not judged at the slot."""
    return {
        agent: replace(score, degraded=False)
        for agent, score in view.scores.items()
        if score.judged_at < receipt.slot_at
    }


def _models(receipt: RunReceipt, fetch: Fetch) -> Models | None:
    """The models as they answered then; None if the rules judged and nobody asked any."""
    own = [
        score
        for view in receipt.views
        for score in view.scores.values()
        if score.judged_at == receipt.slot_at
    ]
    if not receipt.asked and all(one.judge == "rules" and not one.fell_back for one in own):
        return None
    # All at once, and now: a judge would take a text that is missing for a model that is silent.
    texts = fetch([name for one in receipt.asked for name in (one.request, one.answer) if name])
    return retold(receipt.asked, texts.__getitem__)


def _run_id(receipt: RunReceipt) -> str:
    """What a run of that strategy and slot is called."""
    look = look_id(receipt.strategy.id, receipt.slot_at)
    if receipt.execution_id == look:
        return look
    return execution_id(receipt.strategy.id, receipt.slot_at)
