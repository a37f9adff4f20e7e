"""What is compared of two ways through the same slots, as plain JSON."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypedDict

from automoney.encoding import plain
from automoney.trading.account import Account
from automoney.trading.orders import Fill
from infra.local.backtest.decision_lines import decision_lines
from infra.local.backtest.engine import Played


class Told(TypedDict):
    """In the order of the slots.

    `runs` are (execution, status, reason), `scores` one of an agent on an asset, sorted in a run;
    `decisions` are canonical JSON, the bytes that hashes are taken of.
    """

    runs: list[list[str | None]]
    scores: list[list[str | float | bool]]
    decisions: list[str]
    fills: list[list[str]]
    account: list[str]


def told_of(played: Played) -> Told:
    """What came of a backtest."""
    return Told(
        runs=[[run.execution_id, run.status, run.reason] for run in played.runs],
        scores=[
            [
                run.execution_id,
                asset,
                agent,
                score.value,
                score.confidence,
                score.reasoning,
                score.degraded,
            ]
            for run in played.runs
            if run.judgement is not None
            for asset, view in sorted(run.judgement.views.items())
            for agent, score in sorted(view.scores.items())
        ],
        decisions=[line.decode() for part in played.user.parts for line in decision_lines(part)],
        fills=[
            fill_row(part.execution_id, fill) for part in played.user.parts for fill in part.fills
        ],
        account=account_row(played.user.account),
    )


def fill_row(execution_id: str, fill: Fill) -> list[str]:
    """A fill, its numbers as they are written."""
    numbers = (fill.quantity, fill.price, fill.mark_price, fill.notional, fill.fee)
    return [execution_id, fill.asset, fill.side.value, *_texts(numbers), str(plain(fill.at))]


def account_row(account: Account) -> list[str]:
    """Cash, what was paid in and in fees, and per asset what is held at what cost."""
    held = sorted(account.holdings.items())
    return [
        *_texts((account.cash, account.deposits, account.fees)),
        *(
            text
            for asset, one in held
            for text in (asset, *_texts((one.quantity, one.cost, one.realised)))
        ),
    ]


def _texts(numbers: Iterable[Decimal]) -> list[str]:
    return [str(plain(number)) for number in numbers]
