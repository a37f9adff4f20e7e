"""The demo: plays days of a recorded (or synthetic) market at full speed and says what came of it.

Two users follow HODL-Wave, one as it is and one who holds back; the first listens on a real
WebSocket.  Nothing is asked, and everything is gone afterwards unless a state folder was named.
"""

import time
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from automoney import wiring
from automoney.encoding import plain, utc_text
from automoney.market.candles import Mark
from automoney.messages import portfolio_data
from automoney.trading.filling import fill_price
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs
from automoney.trading.strategies import HODL_WAVE
from infra.local.listener import Listener
from infra.local.runtime import Runtime

USERS = {"ada": HODL_WAVE.max_position, "bob": Decimal("0.25")}  # max position in one asset
LISTENING = "ada"
_SETTLE_SECONDS = 10.0
_CENT = Decimal("0.01")


async def play(runtime: Runtime) -> dict[str, Any]:
    """Play the runtime's span; what happened as one JSON-ready object."""
    began = time.perf_counter()
    tokens = {user: runtime.token(user) for user in USERS}
    async with httpx.AsyncClient(base_url=runtime.url, timeout=10, trust_env=False) as client:
        for user, limit in USERS.items():
            answer = await client.post(
                f"/api/strategies/{HODL_WAVE.id}/follow",
                json={"maxPosition": str(limit)},
                headers={"Authorization": f"Bearer {tokens[user]}"},
            )
            answer.raise_for_status()
    url = f"{runtime.url.replace('http', 'ws', 1)}/ws"
    async with Listener(url, tokens[LISTENING]) as listener:
        await runtime.first_tick()
        await runtime.play()
        sent = wiring.outbox().last_seq(LISTENING)
        await listener.wait_for(sent, seconds=_SETTLE_SECONDS)
    return _summary(runtime, listener, sent, time.perf_counter() - began)


def _summary(runtime: Runtime, listener: Listener, sent: int, seconds: float) -> dict[str, Any]:
    counts = _counts()
    received = sum(listener.seen.values())
    return {
        "world": runtime.world.kind,
        "from": utc_text(runtime.begins),
        "to": utc_text(runtime.ends or runtime.world.now()),
        "collections": plain(dict(wiring.collections().summary())),
        "runs": counts["runs"],
        "decisions": counts["decisions"],
        "trades": counts["trades"],
        "events_sent": sent,
        "events_received": received,
        "events_missed": sum(1 for seq in range(1, sent + 1) if not listener.seen[seq]),
        "events_duplicated": received - len(listener.seen),
        "portfolios": {user: _portfolio(runtime, user) for user in USERS},
        "seconds": round(seconds, 2),
    }


def _counts() -> Mapping[str, int]:
    with wiring.database().connection() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM executions WHERE status = 'judged'),"
            " (SELECT count(*) FROM decisions), (SELECT count(*) FROM trades)"
        ).fetchone()
    assert row is not None, "counts are always there"
    return dict(zip(("runs", "decisions", "trades"), row, strict=True))


def _portfolio(runtime: Runtime, user: str) -> dict[str, Any]:
    now = runtime.world.now()
    marks = wiring.marks().marks(wiring.settings().assets, as_of=now)
    portfolio = wiring.books().portfolio(user, marks)
    hold = buy_and_hold(portfolio.deposits, marks)
    return {
        **portfolio_data(portfolio),
        "return": _percent(portfolio.equity, portfolio.deposits),
        "buyAndHold": {
            "totalValue": plain(hold),
            "return": _percent(hold, portfolio.deposits) if hold is not None else None,
        },
        "trades": _trades(user),
    }


def _trades(user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    history = wiring.history()
    before: str | None = None
    while True:
        page, before = history.trades(user, limit=200, cursor=before)
        found += page
        if before is None:
            return found[::-1]


def buy_and_hold(money: Decimal, marks: Mapping[str, Mark]) -> Decimal | None:
    """What `money` is worth if it went into all assets alike at the first run and stayed there.

    Bought at the same first price after the slot as everyone's fills, with the same costs.  None
    if there was no run.
    """
    here = wiring.settings()
    costs = Costs(here.fee, here.slippage)
    with wiring.database().connection() as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (asset) asset, price, at, source, anomalous FROM fill_marks"
            " ORDER BY asset, at"
        ).fetchall()
    if not rows:
        return None
    share = money / len(rows)
    worth = Decimal(0)
    for row in rows:
        first = Mark(*row)
        price = fill_price(Signal.BUY, first, costs) * (1 + costs.fee)
        worth += share / price * marks[first.asset].price
    return worth.quantize(_CENT, ROUND_HALF_EVEN)


def _percent(now: Decimal, before: Decimal) -> str:
    return f"{(now / before - 1) * 100:+.2f} %" if before else "n/a"


def show(result: Mapping[str, Any], console: Console) -> None:
    """The result as tables for a person."""
    console.print(
        f"[bold]{result['world'].upper()}[/] market from {result['from']} to {result['to']},"
        f" played in {result['seconds']} s\n"
    )
    collections = Table("source", "ok", "failed", "anomalies", title="Collections")
    for source, one in result["collections"].items():
        collections.add_row(source, *(f"{one[name]:,}" for name in ("ok", "failed", "anomalies")))
    console.print(collections)
    totals = Table("strategy runs", "decisions", "trades", title="What was done")
    totals.add_row(*(f"{result[name]:,}" for name in ("runs", "decisions", "trades")))
    console.print(totals)
    portfolios = Table(
        "user", "total", "return", "buy and hold", "cash", "fees", "trades", title="Portfolios"
    )
    for user, one in result["portfolios"].items():
        portfolios.add_row(
            user,
            _money(one["totalValue"]),
            one["return"],
            f"{_money(one['buyAndHold']['totalValue'])} ({one['buyAndHold']['return']})",
            _money(one["cash"]),
            _money(one["fees"]),
            str(len(one["trades"])),
        )
    console.print(portfolios)
    events = Table("sent", "received", "missed", "duplicated", title=f"Events to {LISTENING}")
    names = ("events_sent", "events_received", "events_missed", "events_duplicated")
    events.add_row(*(f"{result[name]:,}" for name in names))
    console.print(events)


def _money(text: str | None) -> str:
    return "n/a" if text is None else f"{Decimal(text):,.2f}"
