"""The workflows, each joined to what it talks to."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from automoney.wiring.aws import alerts, leases, queue_client
from automoney.wiring.core import clock, market_clock, once, once_here, run, settings
from automoney.wiring.llm import models
from automoney.wiring.sources import sources_for, trades, transport
from automoney.wiring.stores import (
    archive,
    backfills,
    books,
    cache,
    candles,
    collections,
    data_states,
    database,
    executions,
    history,
    marks,
    model_usage,
    outbox,
    pauses,
    readings,
)

if TYPE_CHECKING:
    from automoney.ports import Models
    from automoney.ports.telling import Panel
    from automoney.schedule import Slot
    from automoney.workflows.backfill import Job
    from automoney.workflows.collect import DataCollector
    from automoney.workflows.collect_prices import PriceCollector
    from automoney.workflows.collect_series import SeriesCollector
    from automoney.workflows.execute_orders import OrderExecutor
    from automoney.workflows.explain import Explainer
    from automoney.workflows.pricing import Pricing
    from automoney.workflows.purge import Purge
    from automoney.workflows.run_strategy import StrategyRunner

_HISTORY = timedelta(days=9 * 366)  # Binance's own history is shorter: weekly EMA55 gets all of it


@once_here
def price_collector() -> "PriceCollector":
    from automoney.workflows.collect_prices import PriceCollector

    return PriceCollector(
        sources_for("prices"),
        settings().assets,
        candles=candles(),
        marks=marks(),
        cache=cache(),
        history=_HISTORY,
    )


def series_collector(group: str) -> "SeriesCollector":
    """The collector of `onchain`, `macro` or `sentiment` readings."""
    from automoney.workflows.collect_series import SeriesCollector

    return SeriesCollector(
        group, sources_for(group), settings().assets, readings=readings(), cache=cache()
    )


def backfill_jobs(start: datetime, end: datetime, names: Collection[str] = ()) -> "list[Job]":
    """What loads the history from `start` to before `end`: of the sources in `names`, or of all.

    Prices come from the first source of them alone, since no other has all bars and volumes.
    """
    from automoney.market.series import SERIES
    from automoney.workflows.backfill import Span
    from automoney.workflows.backfill_candles import TIMEFRAMES, CandleJob, wanted_span
    from automoney.workflows.backfill_readings import ReadingJob

    assets = settings().assets
    jobs: list[Job] = [
        CandleJob(source, asset, timeframe, span, candles(), backfills())
        for source in sources_for("prices")[:1]
        for timeframe in TIMEFRAMES
        for span in [wanted_span(timeframe, start, end)]
        for asset in assets
    ]
    for group, per_asset in {one.group: one.per_asset for one in SERIES.values()}.items():
        jobs += (
            ReadingJob(source, group, asset, Span(start, end), market_clock(), backfills())
            for source in sources_for(group)
            for asset in (assets if per_asset else (None,))
        )
    return [job for job in jobs if not names or job.source in names]


def collect(collector: "DataCollector[Any]", slot: "Slot") -> dict[str, Any]:
    """Run a collector for `slot`, record how it went, and tell followers if it has changed."""
    from automoney.workflows.collect import collect
    from automoney.workflows.data_states import note_state

    def meter() -> int:
        return transport().bytes

    answer = run(
        collect(
            collector,
            slot,
            collections=collections(),
            alerts=alerts(),
            clock=clock,
            meter=meter,
        )
    )
    best = collector.sources[0]
    if note_state(answer, best, slot, collections=collections(), states=data_states()):
        relay()
    return answer


@once
def purge() -> "Purge":
    from automoney.stores.leftovers import PostgresLeftovers
    from automoney.workflows.purge import Purge

    leftovers = PostgresLeftovers(database())
    return Purge(settings().assets, marks(), candles(), leftovers, cache())


@once
def strategy_runner() -> "StrategyRunner":
    from automoney.agents.panel import LangGraphPanel
    from automoney.channels.queues import SqsOrderQueue
    from automoney.workflows.pausing import Pausing
    from automoney.workflows.receipts import KeptReceipts
    from automoney.workflows.run_strategy import StrategyRunner
    from automoney.workflows.snapshots import Market

    here = settings()
    asked = models()
    panel, witness, probe = LangGraphPanel(), None, None
    if asked is not None:
        from automoney.agents.model_judge import model_judges
        from automoney.workflows.witness import Witness

        witness = Witness(asked)
        panel = LangGraphPanel(model_judges(witness, clock=clock, or_rules=here.models.rules))
        probe = partial(_answers, asked)
    return StrategyRunner(
        assets=here.assets,
        leases=leases(),
        market=Market.stored(candles(), marks(), readings(), cache()),
        panel=panel,
        executions=executions(),
        books=books(),
        pausing=Pausing(pauses(), alerts(), probe),
        receipts=KeptReceipts(witness),
        orders=SqsOrderQueue(queue_client(), here.orders_queue_url, here.order_batch),
        cache=cache(),
        alerts=alerts(),
        market_clock=market_clock,
        models=", ".join(here.models.order) if asked else "",
    )


def _answers(asked: "Models") -> bool:
    """Whether a language model answers at this moment."""
    return asked.probe(now=clock())


def pricing() -> "Pricing":
    """What an asset was last known to be worth."""
    from automoney.workflows.pricing import Pricing

    return Pricing(candles(), marks())


@once_here
def order_executor() -> "OrderExecutor":
    from automoney.trading.orders import Costs
    from automoney.workflows.execute_orders import OrderExecutor
    from automoney.workflows.receipts import KeptReceipts

    here = settings()
    costs = Costs(here.fee, here.slippage)
    return OrderExecutor(executions(), books(), trades(), costs, KeptReceipts(), pricing())


def relay() -> int:
    """Hand every committed event that waits to the queue; return how many."""
    from automoney.channels.queues import SqsEventQueue
    from automoney.workflows.relay import relay

    return relay(outbox(), SqsEventQueue(queue_client(), settings().events_queue_url))


def explainer() -> "Explainer":
    """What says of any execution why it came out as it did."""
    from automoney.workflows.explain import Explainer

    return Explainer(history(), executions(), archive(), model_usage())


def judges_again(models: "Models | None") -> "Panel":
    """The judges, for a receipt: those that ask `models`, or the rules where there are None."""
    from automoney.agents.direct import DirectPanel
    from automoney.agents.model_judge import model_judges

    if models is None:
        return DirectPanel()
    return DirectPanel(model_judges(models, clock=clock, or_rules=True))
