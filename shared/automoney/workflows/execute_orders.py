"""Execute orders: what the judgement means for each follower, traded on paper, in one transaction.

A follower's part is named (execution, user).  It is done once, whoever delivers the batch how
often; a follower whose part fails is retried alone and holds nobody else up.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
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
from automoney.trading.deciding import decide
from automoney.trading.filling import fill
from automoney.trading.judgement import Judgement, Signal
from automoney.trading.orders import Costs, Decision, Fill
from automoney.trading.portfolio import Portfolio
from automoney.trading.sizing import size
from automoney.trading.strategies import Strategy, strategy_named


@dataclass(frozen=True, slots=True)
class Executed:
    """How many followers were served, had been before, and how many trades that took."""

    done: int = 0
    known: int = 0
    trades: int = 0


@dataclass(frozen=True, slots=True)
class OrderExecutor:
    """Whom the execution of a batch talks to."""

    executions: Executions
    books: Books
    trades: Trades
    costs: Costs

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
        """Serve every user of a batch.

        Raises DataMissing for an execution nobody has recorded, SourceUnavailable while there is
        no first price after the slot; users served before that stay served.
        """
        judgement = self.executions.find(execution_id)
        if judgement is None:
            raise DataMissing(f"execution {execution_id} has no judgement")
        strategy = strategy_named(judgement.strategy_id)
        marks = await self._fill_marks(judgement)
        done = known = trades = 0
        for user_id in users:
            follower = self.books.follower(strategy.id, user_id)
            limit = follower.max_position if follower else strategy.max_position
            with self.books.trading(user_id, execution_id) as desk:
                if desk is None:
                    known += 1
                    continue
                trades += _serve(
                    desk, strategy, judgement, marks=marks, costs=self.costs, limit=limit
                )
                done += 1
        return Executed(done, known, trades)

    async def _fill_marks(self, judgement: Judgement) -> Mapping[str, Mark]:
        """The first price after the slot, by asset: fixed once for all followers and retries."""
        fixed = dict(self.executions.fill_marks(judgement.execution_id))
        for asset in judgement.views:
            if asset not in fixed:
                mark = await self.trades.first_trade(asset, judgement.slot_at)
                fixed[asset] = self.executions.fix_fill_mark(judgement.execution_id, mark)
        return fixed


def _serve(
    desk: Desk,
    strategy: Strategy,
    judgement: Judgement,
    *,
    marks: Mapping[str, Mark],
    costs: Costs,
    limit: Decimal,
) -> int:
    """One follower's part: decide on every asset, then sell before buying; the count of trades."""
    account = desk.account()
    before = account.portfolio({asset: view.mark for asset, view in judgement.views.items()})
    decisions = [
        decide(strategy, view, before, max_position=limit) for view in judgement.views.values()
    ]
    fills: list[Fill] = []
    for decision in sorted(decisions, key=lambda decision: decision.signal is not Signal.SELL):
        mark = marks[decision.asset]
        order = size(strategy, decision, account.portfolio(marks), mark, costs)
        if order is not None:
            fills.append(fill(order, mark, costs))
            account = account.apply(fills[-1])
    messages = _messages(judgement, decisions, fills, account.portfolio(marks))
    desk.record(decisions, fills, messages, after=account)
    return len(fills)


def _messages(
    judgement: Judgement,
    decisions: Sequence[Decision],
    fills: Sequence[Fill],
    portfolio: Portfolio,
) -> list[Message]:
    messages = [scores_message(judgement)]
    messages += (decision_message(judgement, decision) for decision in decisions)
    messages += (trade_message(judgement, one) for one in fills)
    if fills:
        messages.append(portfolio_message(judgement, portfolio, fills[-1].at))
    return messages
