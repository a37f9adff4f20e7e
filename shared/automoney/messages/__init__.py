"""What we push to a user's screen, and its wire form (description 5.1.2).  Pure.

Out: `{"event": "agent:scores", "seq": 17, "at": "...Z", "data": {...}}`; `seq` counts per user
from 1 without gaps, so a client drops what it has and asks for what it lacks.
"""

from automoney.messages.envelope import Event, Later, Message, Numbered
from automoney.messages.payloads import (
    data_message,
    decision_data,
    decision_message,
    order_data,
    portfolio_data,
    portfolio_message,
    score_data,
    scores_data,
    scores_message,
    state_message,
    trade_data,
    trade_message,
    view_data,
)

__all__ = [
    "Event",
    "Later",
    "Message",
    "Numbered",
    "data_message",
    "decision_data",
    "decision_message",
    "order_data",
    "portfolio_data",
    "portfolio_message",
    "score_data",
    "scores_data",
    "scores_message",
    "state_message",
    "trade_data",
    "trade_message",
    "view_data",
]
