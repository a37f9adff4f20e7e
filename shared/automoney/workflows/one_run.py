"""What one run of a strategy is, and what it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from automoney.market.candles import Timeframe
from automoney.market.snapshot import Snapshot
from automoney.ports import Kind, run_id
from automoney.quickly import quickly_made
from automoney.schedule import Slot
from automoney.trading.strategies import Strategy
from automoney.workflows.steps import Steps


class Snapshots(Protocol):
    """What is known of the market: `snapshots.Market`, from wherever it has it."""

    def snapshots(
        self, assets: tuple[str, ...], timeframes: tuple[Timeframe, ...], as_of: datetime
    ) -> Mapping[str, Snapshot]:
        """One snapshot per asset; DataMissing when an input that no run can lack is absent."""


@quickly_made
@dataclass(frozen=True, slots=True)
class OneRun:
    """One run under its lease, of which it has the `fence`; a look is `asked_by` somebody."""

    strategy: Strategy
    slot: Slot
    kind: Kind
    fence: int
    steps: Steps
    asked_by: str | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", run_id(self.strategy.id, self.slot.at, self.kind))
