"""The two kinds of receipts as values, and their bytes.  Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from automoney.errors import InvalidInput
from automoney.market.candles import Mark
from automoney.trading.judgement import Judgement, View
from automoney.trading.orders import Costs
from automoney.trading.receipts.exact import exact, restore
from automoney.trading.strategies import Strategy
from automoney.trading.turn import Part, Standing

VERSION = 1


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a model was asked and what came of it.

    `request` and `answer` name the blobs of the question, in canonical JSON, and of the answer's
    text.  Where there is no answer `error` names the exception, and `detail` has what it was made
    from.
    """

    request: str
    provider: str | None = None
    model: str | None = None
    answer: str | None = None
    error: str | None = None
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReceipt:
    """What a run's judgement followed from, and the judgement.

    `snapshots` names by asset the blob of what the judges saw, `asked` all that models were asked.
    `views` come in the order in which they are decided on; the scores in them that were judged
    before the slot are last ones that were used again.  `weighed_by` says by asset which of the
    strategy's weights counted, `weights` or `degraded_weights`.
    """

    execution_id: str
    slot_at: datetime
    strategy: Strategy
    snapshots: Mapping[str, str]
    asked: tuple[Exchange, ...]
    views: tuple[View, ...]
    weighed_by: Mapping[str, str]
    receipt: int = VERSION

    @property
    def judgement(self) -> Judgement:
        views = {view.asset: view for view in self.views}
        return Judgement(self.execution_id, self.strategy.id, self.slot_at, views)

    @classmethod
    def of(
        cls,
        strategy: Strategy,
        judgement: Judgement,
        snapshots: Mapping[str, str],
        asked: tuple[Exchange, ...],
    ) -> "RunReceipt":
        return cls(
            judgement.execution_id,
            judgement.slot_at,
            strategy,
            snapshots,
            asked,
            tuple(judgement.views.values()),
            {asset: _weighed_by(view) for asset, view in judgement.views.items()},
        )


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What a follower's part followed from beside the run's receipt, and the part.

    `marks` are what was filled at, `costs` those of the installation.
    """

    execution_id: str
    user_id: str
    standing: Standing
    marks: Mapping[str, Mark]
    costs: Costs
    part: Part
    receipt: int = VERSION


def body_of(receipt: RunReceipt | PartReceipt) -> bytes:
    """The receipt's bytes."""
    return exact(receipt)


def receipt_from[R: (RunReceipt, PartReceipt)](kind: type[R], body: bytes) -> R:
    """The receipt that those bytes are.

    Raises json.JSONDecodeError or UnicodeDecodeError for what is no JSON, and InvalidInput, which
    names the JSON path, for JSON that is no receipt of that kind and version.
    """
    data = json.loads(body)
    if isinstance(data, dict) and data.get("receipt") not in (None, VERSION):
        raise InvalidInput("$.receipt", data["receipt"], f"{VERSION}, the only version there is")
    return restore(kind, data)


def _weighed_by(view: View) -> str:
    return "degraded_weights" if view.scores["onchain"].degraded else "weights"
