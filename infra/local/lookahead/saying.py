"""All that a slot says, piece by piece and byte by byte: what two of them are compared by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial

from automoney.agents.model_judge import EXPERTS, question_from
from automoney.encoding import canonical
from automoney.errors import DataMissing, SourceUnavailable
from automoney.market.candles import Mark
from automoney.market.readings import Reading
from automoney.market.snapshot import Snapshot
from automoney.ports import Panel
from automoney.trading.judgement import Judgement, Score, execution_id
from automoney.trading.orders import Decision, Rejection
from automoney.trading.strategies import Strategy
from automoney.workflows.judging import view_of
from automoney.workflows.snapshots import Market
from infra.local.backtest.decision_lines import decision_line
from infra.local.backtest.tape import RecordedTrades

type Pieces = dict[str, bytes]
type Last = Callable[[str], Mapping[str, Score]]
"""By asset the agents' last good scores before the slot."""

GIVEN_UP = "given up"


def judged(
    strategy: Strategy,
    assets: tuple[str, ...],
    at: datetime,
    *,
    market: Market,
    panel: Panel,
    last: Last,
) -> tuple[Judgement | None, Pieces]:
    """What a run at `at` sees in the market, would ask of models, and judges."""
    pieces: Pieces = {}
    try:
        snapshots = market.snapshots(assets, strategy.timeframes, at)
        views = {}
        for asset, snapshot in snapshots.items():
            pieces.update(_seen(snapshot))
            scores = panel.judge(snapshot)
            views[asset] = view_of(strategy, snapshot, scores, partial(last, asset))
    except DataMissing as error:
        pieces[GIVEN_UP] = str(error).encode()
        return None, pieces
    judgement = Judgement(execution_id(strategy.id, at), strategy.id, at, views)
    pieces.update(said(judgement))
    return judgement, pieces


def said(judgement: Judgement) -> Pieces:
    """The scores and views of a judgement."""
    pieces: Pieces = {}
    for asset, view in judgement.views.items():
        for agent, score in view.scores.items():
            pieces[f"score {asset} {agent}"] = canonical(score)
        pieces[f"view {asset}"] = canonical(
            [view.mark, dict(view.weights), view.conviction, view.degraded]
        )
    return pieces


def decided(
    execution_id: str, decisions: Iterable[Decision], rejections: Iterable[Rejection]
) -> Pieces:
    """The decisions that follow for one account."""
    refused = {one.asset: one for one in rejections}
    return {
        f"decision {one.asset}": decision_line(execution_id, one, refused.get(one.asset))
        for one in decisions
    }


def meant(decisions: Iterable[Decision]) -> Pieces:
    """What is decided, without what becomes of it: prices after the slot may not change it."""
    return {f"decision {one.asset} at any price": canonical(one) for one in decisions}


def filled(judgement: Judgement, trades: RecordedTrades) -> tuple[dict[str, Mark], Pieces]:
    """What orders are filled at, by asset; nothing if one of them has no trade in time."""
    try:
        marks = {asset: trades.now(asset, judgement.slot_at) for asset in judgement.views}
    except SourceUnavailable:
        return {}, {}
    return marks, {f"fill {asset}": canonical(mark) for asset, mark in marks.items()}


def _seen(snapshot: Snapshot) -> Pieces:
    """The snapshot in pieces, and the questions that models would be asked about it."""
    asset = snapshot.asset
    pieces: Pieces = {
        f"mark {asset}": canonical(snapshot.mark),
        f"stale {asset}": canonical(snapshot.stale),
        f"series {asset}": canonical(list(snapshot.series)),
    }
    for timeframe, outlook in snapshot.outlooks.items():
        pieces[f"outlook {asset} {timeframe}"] = canonical(outlook)
    for name, readings in snapshot.series.items():
        pieces[f"series {asset} {name}"] = b"\n".join([_bytes(one) for one in readings])
    pieces.update(_asked(snapshot))
    return pieces


def _bytes(reading: Reading) -> bytes:
    """A reading in canonical form: put together once, since most are seen at every slot."""
    if reading.filled is not None:
        return _filled(reading, repr(reading.value))
    known = _KNOWN.get(id(reading))
    if known is None:
        known = _KNOWN[id(reading)] = reading, canonical(reading)  # held, so the id stays its own
    return known[1]


_KNOWN: dict[int, tuple[Reading, bytes]] = {}


@cache
def _filled(reading: Reading, _: str) -> bytes:
    """Those that are filled in are made anew for every slot.

    The text of the value tells numbers apart that are equal, but written differently.
    """
    return canonical(reading)


def _asked(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    for agent, expert in EXPERTS.items():
        try:
            by_rules = expert.judge(snapshot)
        except DataMissing:
            continue  # then no model is asked either
        question = question_from(by_rules, expert.rules_for(snapshot), snapshot)
        yield f"prompt {snapshot.asset} {agent}", canonical(question)
