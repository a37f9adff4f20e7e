"""Real events of every kind in a real outbox, pushed to real sockets by the real handlers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from automoney.messages import (
    Event,
    Message,
    data_message,
    decision_message,
    portfolio_message,
    scores_message,
    state_message,
    trade_message,
)
from automoney.trading.judgement import Signal
from automoney.trading.orders import Refused, Rejection
from tests.builders import NOON, buy, decision, judgement, mark, part, view


def every_kind() -> list[Message]:
    """At least one message of each event, made as the product makes it."""
    from automoney.trading.account import Account

    run = judgement(view("BTC"), view("ETH"))
    account = Account(
        cash=Decimal(100_000), deposits=Decimal(100_000), fees=Decimal(0), holdings={}
    )
    bought = part(account, buy())
    no = Rejection("ETH", Signal.BUY, Refused.FUNDS, "there is no cash left")
    states: dict[str, Any] = {"author": "olga", "reason": "maintenance", "at": NOON}
    return [
        scores_message(run),
        decision_message(run, decision()),
        decision_message(run, replace(decision(), asset="ETH"), no),
        decision_message(run, decision("BTC", Signal.HOLD, "0")),
        trade_message(run, bought.fills[0]),
        portfolio_message(run, account.portfolio({"BTC": mark()}), NOON),
        portfolio_message(run, bought.portfolio, NOON + timedelta(seconds=1)),
        state_message(Event.STRATEGY_PAUSED, "hodl-wave", None, **states),
        state_message(Event.STRATEGY_RESUMED, "hodl-wave", "ada", **states),
        data_message("hodl-wave", "prices", "stale", source=None, reason="nothing", at=NOON),
        data_message("hodl-wave", "macro", "fallback", source="fred_csv", reason="x", at=NOON),
    ]
