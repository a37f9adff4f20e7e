"""The REST API, and who may call it."""

from typing import TYPE_CHECKING

from automoney.wiring.aws import queue_client, rates, replies, tickets
from automoney.wiring.core import clock, market_clock, once, settings
from automoney.wiring.llm import models
from automoney.wiring.stores import (
    backtests,
    books,
    cache,
    candles,
    collections,
    database,
    executions,
    history,
    marks,
    model_usage,
    outbox,
    pauses,
    readings,
)
from automoney.wiring.workflows import explainer, pricing, relay

if TYPE_CHECKING:
    from fastapi import FastAPI

    from automoney.identity import Verifier
    from automoney.workflows.chat.conversation import Conversation
    from automoney.workflows.limiting import Limiter
    from automoney.workflows.looking import Looking
    from automoney.workflows.market_view import MarketView


@once
def verifier() -> "Verifier":
    from automoney.identity import Verifier

    here = settings()
    return Verifier(here.jwt_issuer, here.jwt_audience, here.jwks)


@once
def looking() -> "Looking":
    from automoney.channels.queues import SqsLooks
    from automoney.stores.look_turns import PostgresLookTurns
    from automoney.workflows.looking import Looking

    here = settings()
    return Looking(
        SqsLooks(queue_client(), here.looks_queue_url),
        PostgresLookTurns(database()),
        here.look_every,
        model_usage(),
        here.models.cap_day if here.models.asked else None,
    )


def conversation(view: "MarketView") -> "Conversation":
    """What answers questions in words, from what `view` and the other stores hold."""
    from automoney.trading.orders import Costs
    from automoney.workflows.chat.conversation import Conversation
    from automoney.workflows.chat.knowledge import Library

    here = settings()
    costs = Costs(here.fee, here.slippage)
    return Conversation(
        Library(here.assets, costs, executions(), books(), history(), pricing(), view, pauses()),
        looking(),
        models(),
    )


def limiter() -> "Limiter":
    from automoney.stores.rates import RedisRates
    from automoney.workflows.limiting import Limiter

    here = settings()
    # The cache's own link: a Redis that is gone is then found so once, not once for each.
    return Limiter(RedisRates(cache().link), rates(), here.api_limit, here.api_limit_reduced)


@once
def rest_api() -> "FastAPI":
    from automoney.api.app import create_app
    from automoney.api.services import Services
    from automoney.workflows.market_view import MarketView

    view = MarketView(settings().assets, candles(), marks(), readings(), cache())
    return create_app(
        Services(
            verifier=verifier(),
            clock=clock,
            market_clock=market_clock,
            settings=settings(),
            executions=executions(),
            books=books(),
            history=history(),
            backtests=backtests(),
            explainer=explainer(),
            outbox=outbox(),
            pauses=pauses(),
            collections=collections(),
            cache=cache(),
            pricing=pricing(),
            view=view,
            tickets=tickets(),
            conversation=conversation(view),
            looking=looking(),
            usage=model_usage(),
            limiter=limiter(),
            replies=replies(),
            check_database=database().answers,
            relay=relay,
        )
    )
