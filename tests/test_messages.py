"""What a screen receives, to the letter: the envelope and the four events' data."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from automoney.encoding import dumps
from automoney.market.candles import Mark
from automoney.messages import (
    Event,
    Later,
    Message,
    Numbered,
    decision_message,
    portfolio_message,
    scores_data,
    scores_message,
    trade_message,
)
from automoney.trading.judgement import Factor, Judgement, Score, Signal, View, execution_id
from automoney.trading.orders import Decision, Fill, Refused, Rejection, Rule
from automoney.trading.portfolio import Portfolio, Position

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
EIGHT = NOON - timedelta(hours=4)

MACRO = Score(
    agent="macro",
    value=12.5,
    confidence=0.8,
    reasoning="rates fall",
    factors=(Factor("fed_funds", 3.9, 12.5, "falling", 30.0), Factor("m2", None, 0.0, "missing")),
    sources=("fred",),
    judged_at=NOON,
)
ONCHAIN = replace(
    MACRO,
    agent="onchain",
    value=-3.0,
    factors=(),
    judged_at=EIGHT,
    degraded=True,
    judge="model",
    model="bedrock/some-model",
    request="5f2c",
)
JUDGEMENT = Judgement(
    execution_id=execution_id("hodl-wave", NOON),
    strategy_id="hodl-wave",
    slot_at=NOON,
    views={
        "BTC": View(
            asset="BTC",
            mark=Mark("BTC", Decimal("101234.50"), NOON - timedelta(seconds=3), "binance"),
            scores={"macro": MACRO, "onchain": ONCHAIN},
            weights={"macro": Decimal("0.70"), "onchain": Decimal("0.30")},
            conviction=Decimal("7.85"),
            degraded=True,
        )
    },
)
DECISION = Decision(
    asset="BTC",
    signal=Signal.BUY,
    conviction=Decimal("27.85"),
    weight=Decimal("0.10"),
    target_weight=Decimal("0.2500"),
    reasoning="convinced",
    rule=Rule.BUY,
)
FILL = Fill(
    asset="BTC",
    side=Signal.BUY,
    quantity=Decimal("0.01000"),
    price=Decimal("101285.11"),
    mark_price=Decimal("101234.50"),
    notional=Decimal("1012.85110000"),
    fee=Decimal("1.01285110"),
    at=NOON + timedelta(milliseconds=250),
)
PORTFOLIO = Portfolio(
    cash=Decimal("98986.13604890"),
    deposits=Decimal(100_000),
    fees=Decimal("1.01285110"),
    realised_pnl=Decimal(0),
    positions=(
        Position(
            asset="BTC",
            quantity=Decimal("0.01"),
            average_cost=Decimal("101386.39511"),
            price=Decimal(102000),
            value=Decimal(1020),
            unrealised_pnl=Decimal("6.1360489"),
            priced_at=NOON,
        ),
    ),
)


def test_agent_scores() -> None:
    message = scores_message(JUDGEMENT)

    assert (message.event, message.strategy_id, message.at) == ("agent:scores", "hodl-wave", NOON)
    assert message.data == {
        "strategyId": "hodl-wave",
        "executionId": "hodl-wave:2025-11-05T12:00Z",
        "slot": "2025-11-05T12:00:00Z",
        "assets": {
            "BTC": {
                "asset": "BTC",
                "price": "101234.5",
                "conviction": "7.85",
                "degraded": True,
                "weights": {"macro": "0.7", "onchain": "0.3"},
                "scores": {
                    "macro": {
                        "agent": "macro",
                        "score": 12.5,
                        "confidence": 0.8,
                        "reasoning": "rates fall",
                        "degraded": False,
                        "judge": "rules",
                        "model": None,
                        "fellBack": False,
                        "judgedAt": "2025-11-05T12:00:00Z",
                        "sources": ["fred"],
                        "factors": [
                            {
                                "name": "fed_funds",
                                "value": 3.9,
                                "contribution": 12.5,
                                "note": "falling",
                                "ageHours": 30.0,
                            },
                            {
                                "name": "m2",
                                "value": None,
                                "contribution": 0.0,
                                "note": "missing",
                                "ageHours": None,
                            },
                        ],
                    },
                    "onchain": {
                        "agent": "onchain",
                        "score": -3.0,
                        "confidence": 0.8,
                        "reasoning": "rates fall",
                        "degraded": True,
                        "judge": "model",
                        "model": "bedrock/some-model",
                        "fellBack": False,
                        "judgedAt": "2025-11-05T08:00:00Z",
                        "sources": ["fred"],
                        "factors": [],
                    },
                },
            }
        },
    }
    assert message.data == scores_data(JUDGEMENT)


def test_decision_made() -> None:
    message = decision_message(JUDGEMENT, DECISION)

    assert (message.event, message.strategy_id, message.at) == ("decision:made", "hodl-wave", NOON)
    assert message.data == {
        "strategyId": "hodl-wave",
        "executionId": "hodl-wave:2025-11-05T12:00Z",
        "asset": "BTC",
        "signal": "BUY",
        "rule": "buy",
        "conviction": "27.85",
        "weight": "0.1",
        "targetWeight": "0.25",
        "reasoning": "convinced",
        "order": {"status": "filled", "reason": None, "detail": None},
    }


def test_a_decision_says_what_became_of_its_order() -> None:
    poor = Rejection("BTC", Signal.BUY, Refused.FUNDS, "No order: 3.00 USDT in cash.")
    refused = decision_message(JUDGEMENT, DECISION, poor).data["order"]
    held = replace(DECISION, signal=Signal.HOLD, rule=Rule.BETWEEN)

    assert refused == {"status": "refused", "reason": "funds", "detail": poor.detail}
    assert decision_message(JUDGEMENT, held).data["order"]["status"] == "none"


def test_trade_executed_is_dated_by_its_fill() -> None:
    message = trade_message(JUDGEMENT, FILL)

    assert (message.event, message.at) == ("trade:executed", FILL.at)
    assert message.data == {
        "strategyId": "hodl-wave",
        "executionId": "hodl-wave:2025-11-05T12:00Z",
        "asset": "BTC",
        "action": "BUY",
        "price": "101285.11",
        "markPrice": "101234.5",
        "quantity": "0.01",
        "notional": "1012.8511",
        "fee": "1.0128511",
        "at": "2025-11-05T12:00:00.250000Z",
    }


def test_portfolio_update() -> None:
    at = NOON + timedelta(seconds=1)
    message = portfolio_message(JUDGEMENT, PORTFOLIO, at)

    assert (message.event, message.at) == ("portfolio:update", at)
    assert message.data == {
        "strategyId": "hodl-wave",
        "executionId": "hodl-wave:2025-11-05T12:00Z",
        "totalValue": "100006.1360489",
        "cash": "98986.1360489",
        "pnl": "6.1360489",
        "realisedPnl": "0",
        "unrealisedPnl": "6.1360489",
        "fees": "1.0128511",
        "deposits": "100000",
        "holdings": [
            {
                "asset": "BTC",
                "quantity": "0.01",
                "averageCost": "101386.39511",
                "price": "102000",
                "priceAt": "2025-11-05T12:00:00Z",
                "value": "1020",
                "unrealisedPnl": "6.1360489",
            }
        ],
    }


@pytest.mark.parametrize(
    "message",
    [
        scores_message(JUDGEMENT),
        decision_message(JUDGEMENT, DECISION),
        trade_message(JUDGEMENT, FILL),
        portfolio_message(JUDGEMENT, PORTFOLIO, NOON),
    ],
    ids=lambda message: message.event,
)
def test_an_envelope_is_plain_json_already(message: Message) -> None:
    envelope = Numbered("ada", 17, message).envelope()

    assert json.loads(json.dumps(envelope)) == envelope
    assert json.loads(dumps(envelope)) == envelope
    assert list(envelope) == ["event", "seq", "at", "data"]
    assert (envelope["event"], envelope["seq"]) == (message.event.value, 17)
    assert envelope["at"].endswith("Z")
    assert "ada" not in json.dumps(envelope)  # whose it is, the connection says


@pytest.mark.parametrize("message", [scores_message(JUDGEMENT), trade_message(JUDGEMENT, FILL)])
def test_what_was_written_is_read_as_it_was_and_sent_on_as_it_is(message: Message) -> None:
    read = replace(message, data=Later.written(message.text))

    assert read.data == message.data
    text = Numbered("ada", 17, read).text
    assert json.loads(text) == Numbered("ada", 17, message).envelope()
    assert f'"data":{message.text}}}' in text


def test_the_events_are_the_descriptions_four_and_three_on_states() -> None:
    assert {event.value for event in Event} == {
        "agent:scores",
        "decision:made",
        "trade:executed",
        "portfolio:update",
        "data:degraded",
        "strategy:paused",
        "strategy:resumed",
    }
