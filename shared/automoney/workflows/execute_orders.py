"""Execute orders: what the judgement means for each follower, traded on paper.

A follower's part is named (execution, user).  It is done once, whoever delivers the batch how
often.  Followers are served together in one transaction, for that is several times as fast; if it
fails each gets one of his own, so that one whose part fails holds nobody else up.  What each does
follows from his books, so his parts are done in the order of their slots, however the batches
come in.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from typing import Any

from automoney.errors import DataMissing
from automoney.market.candles import Mark
from automoney.messages import (
    Message,
    decision_message,
    portfolio_message,
    scores_message,
    trade_message,
)
from automoney.observability import logger
from automoney.ports import Books, Desk, Executions, Trades
from automoney.trading.judgement import Judgement
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from automoney.trading.turn import Part, take_part
from automoney.workflows.pricing import Pricing
from automoney.workflows.receipts import Receipts


@dataclass(frozen=True, slots=True)
class Executed:
    """How many followers were served, had been before, and how many trades that took."""

    done: int = 0
    known: int = 0
    trades: int = 0

    def __add__(self, other: "Executed") -> "Executed":
        return Executed(
            self.done + other.done, self.known + other.known, self.trades + other.trades
        )


@dataclass(frozen=True, slots=True)
class OrderExecutor:
    """Whom the execution of a batch talks to; `costs` are for those who have set none."""

    executions: Executions
    books: Books
    trades: Trades
    costs: Costs
    receipts: Receipts
    pricing: Pricing

    async def execute_batches(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Serve each SQS record, a batch of users; return the ids of those to deliver again.

        A failure of any kind is one record's alone: its message stays in the queue, and after
        five deliveries in the dead-letter queue, which raises an alarm.
        """
        failed = []
        for record in records:
            try:
                batch = json.loads(record["body"])
                executed = await self.execute(batch["executionId"], batch["users"])
                logger.info(
                    "orders executed", extra={"execution": batch["executionId"], **asdict(executed)}
                )
            except Exception:  # told to SQS, not swallowed: the message is delivered again
                logger.exception("orders failed", extra={"sqs_message": record["messageId"]})
                failed.append(record["messageId"])
        return failed

    async def execute(self, execution_id: str, users: Sequence[str]) -> Executed:
        """Serve every user of a batch, with what he still has to do of earlier runs first.

        Raises DataMissing for an execution nobody has recorded, SourceUnavailable while there is
        no first price after the slot; users served before that stay served.
        """
        judgement = self._judged(execution_id)
        for earlier in self.executions.unfinished(judgement.strategy_id, up_to=judgement.slot_at):
            if earlier != execution_id:
                pending = set(self.executions.pending_users(earlier))
                late = [user for user in users if user in pending]
                if late:
                    await self._serve_all(self._judged(earlier), late)
        return await self._serve_all(judgement, users)

    def _judged(self, execution_id: str) -> Judgement:
        judgement = self.executions.find(execution_id)
        if judgement is None:
            raise DataMissing(f"execution {execution_id} has no judgement")
        return judgement

    async def _serve_all(self, judgement: Judgement, users: Sequence[str]) -> Executed:
        marks = await self._fill_marks(judgement)
        return self._serve_group(
            users, judgement=judgement, marks=marks, scores=scores_message(judgement)
        )

    def _serve_group(
        self,
        users: Sequence[str],
        *,
        judgement: Judgement,
        marks: Mapping[str, Mark],
        scores: Message,
    ) -> Executed:
        """Serve users in one transaction; if that fails, each alone, since it may be one's fault.

        Raises what the first who cannot be served raised, when all have had their turn.
        """
        serve = partial(self._serve_together, judgement=judgement, marks=marks, scores=scores)
        try:
            return serve(users)
        except Exception:  # raised again, below, if it was not about one of several
            if len(users) == 1:
                raise
            logger.warning("followers are served one by one", exc_info=True)
        executed, failures = Executed(), []
        for user_id in users:
            try:
                executed += serve([user_id])
            except Exception as error:  # raised below
                failures.append(error)
        if failures:
            raise failures[0]
        return executed

    def _serve_together(
        self,
        users: Sequence[str],
        *,
        judgement: Judgement,
        marks: Mapping[str, Mark],
        scores: Message,
    ) -> Executed:
        with self.books.trading_together(users, judgement.execution_id) as desks:
            trades = 0
            for user_id, desk in desks.items():
                trades += self._serve(desk, user_id, judgement, marks, scores)
            return Executed(len(desks), len(users) - len(desks), trades)

    def _serve(
        self,
        desk: Desk,
        user_id: str,
        judgement: Judgement,
        marks: Mapping[str, Mark],
        scores: Message,
    ) -> int:
        """One follower's part; the count of trades."""
        strategy = strategy_named(judgement.strategy_id)
        standing = desk.standing()
        outside = standing.account.held - judgement.views.keys()
        if outside:
            marks = {**self.pricing.known(outside, as_of=judgement.slot_at), **marks}
        part = take_part(strategy, judgement, standing, marks=marks, costs=self.costs)
        receipt = self.receipts.part(
            strategy,
            judgement,
            user_id,
            standing=standing,
            marks=marks,
            costs=self.costs,
            part=part,
        )
        desk.record(part, chain((scores,), _messages(judgement, part)), receipt=receipt)
        return len(part.fills)

    async def _fill_marks(self, judgement: Judgement) -> Mapping[str, Mark]:
        """The first price after the slot, by asset: fixed once for all followers and retries."""
        fixed = dict(self.executions.fill_marks(judgement.execution_id))
        missing = [asset for asset in judgement.views if asset not in fixed]
        if not missing:
            return fixed
        asked = (self.trades.first_trade(asset, judgement.slot_at) for asset in missing)
        for mark in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(mark, BaseException):
                raise mark
            fixed[mark.asset] = self.executions.fix_fill_mark(judgement.execution_id, mark)
        return fixed


def _messages(judgement: Judgement, part: Part) -> Iterator[Message]:
    refused = {one.asset: one for one in part.rejections}
    for decision in part.decisions:
        yield decision_message(judgement, decision, refused.get(decision.asset))
    for fill in part.fills:
        yield trade_message(judgement, fill)
    if part.fills:
        yield portfolio_message(judgement, part.portfolio, part.fills[-1].at)
