"""Receipts: what a run and each follower's part followed from, so that both can be made again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from automoney.market.candles import Mark
from automoney.market.snapshot import Snapshot
from automoney.ports.runs import Evidence, Step
from automoney.trading.judgement import Judgement
from automoney.trading.orders import Costs
from automoney.trading.receipts.bodies import PartReceipt, RunReceipt, body_of
from automoney.trading.receipts.snapshots import Packer
from automoney.trading.strategies import Strategy
from automoney.trading.turn import Part, Standing
from automoney.workflows.witness import Asked, Witness


class Receipts(Protocol):
    """Writes receipts; keeping them is the stores' part, in the transaction that records."""

    def run(
        self,
        strategy: Strategy,
        judgement: Judgement,
        snapshots: Mapping[str, Snapshot],
        steps: Sequence[Step],
    ) -> Evidence:
        """What the judgement followed from; the steps are kept beside the receipt, not in it."""

    def part(
        self,
        strategy: Strategy,
        judgement: Judgement,
        user_id: str,
        *,
        standing: Standing,
        marks: Mapping[str, Mark],
        costs: Costs,
        part: Part,
    ) -> bytes:
        """The receipt of one follower's part, in canonical JSON.

        `marks` are those that were filled at, `costs` the installation's.
        """


@dataclass(frozen=True, slots=True)
class KeptReceipts:
    """Meets `Receipts`.  `witness` stands before the models; None where none are asked."""

    witness: Witness | None = None
    _packer: Packer = field(default_factory=Packer, repr=False)

    def run(
        self,
        strategy: Strategy,
        judgement: Judgement,
        snapshots: Mapping[str, Snapshot],
        steps: Sequence[Step],
    ) -> Evidence:
        asked = self.witness.taken(judgement.execution_id) if self.witness else Asked()
        packed = {asset: self._packer.pack(snapshot) for asset, snapshot in snapshots.items()}
        blobs = dict(asked.blobs)
        for one in packed.values():
            blobs.update(one.blobs)
        names = {asset: one.name for asset, one in packed.items()}
        return Evidence(
            steps,
            {asset: _in_short(snapshot) for asset, snapshot in snapshots.items()},
            body_of(RunReceipt.of(strategy, judgement, names, asked.exchanges)),
            blobs,
            names,
        )

    def part(
        self,
        strategy: Strategy,
        judgement: Judgement,
        user_id: str,
        *,
        standing: Standing,
        marks: Mapping[str, Mark],
        costs: Costs,
        part: Part,
    ) -> bytes:
        return body_of(PartReceipt(judgement.execution_id, user_id, standing, marks, costs, part))


def _in_short(snapshot: Snapshot) -> dict[str, Any]:
    """What the judges saw, for people: the mark, open bars, indicators and newest readings."""
    return {
        "mark": snapshot.mark,
        "timeframe": snapshot.timeframe,
        "outlooks": dict(snapshot.outlooks),
        "indicators": snapshot.indicators,
        "stale": snapshot.stale,
        "readings": {name: readings[-1] for name, readings in snapshot.series.items()},
    }


class _NoReceipts:
    """Meets `Receipts` where nobody will ask: in a backtest, which can simply be run again."""

    def run(
        self,
        strategy: Strategy,
        judgement: Judgement,
        snapshots: Mapping[str, Snapshot],
        steps: Sequence[Step],
    ) -> Evidence:
        return Evidence(steps)

    def part(
        self,
        strategy: Strategy,
        judgement: Judgement,
        user_id: str,
        *,
        standing: Standing,
        marks: Mapping[str, Mark],
        costs: Costs,
        part: Part,
    ) -> bytes:
        return b"{}"


NO_RECEIPTS: Receipts = _NoReceipts()
