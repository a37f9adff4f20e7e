"""The live path over recorded days, at the ticks that matter, and what came of it.

`python -m tests.infra.backtest.live FOLDER STRATEGY FROM DAYS [CLOSELY...]` starts the whole
local runtime: the world's process with its HTTP APIs, Postgres, Valkey, the stand-in for AWS, every
handler with its real event.  It prints a `told.Told`.

On the days CLOSELY every tick of every collector is fired.  Of other days these are left out, which
a strategy of whole hours cannot tell:

- Prices between its slots.  A run reads the newest price before its slot, which is the close of
  the hour that ends there, and the slot's own tick keeps the closes and bars of all hours since
  the last one.  It is another matter when an hour is missing, so outages are watched closely.
- On-chain and sentiment values in other hours than that of midnight, when they all come out.
- The other strategies' runs, whose scores it never looks at.
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from automoney import wiring
from automoney.ports import Follower
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Fill, Refused, Rejection, Rule
from automoney.trading.strategies import Strategy, strategy_named
from infra.local.backtest.decision_lines import decision_line
from infra.local.runtime import Options, Runtime, started
from infra.local.scheduler import Agenda, Due, rules
from infra.local.screen import JsonLines
from infra.local.worlds import parse_choice, state_for
from tests.infra.backtest.told import Told, account_row, fill_row

USER = "ada"
_RUNS = """
SELECT execution_id, status, reason FROM executions WHERE strategy_id = %s AND kind = 'turn'
ORDER BY slot_at
"""
_SCORES = """
SELECT execution_id, asset, agent, value, confidence, reasoning, degraded FROM scores
WHERE strategy_id = %s ORDER BY slot_at, asset, agent
"""
_DECISIONS = """
SELECT execution_id, asset, signal, conviction, weight, target_weight, reasoning, rule, refused,
       refusal
FROM decisions WHERE user_id = %s ORDER BY slot_at, position
"""
_TRADES = """
SELECT execution_id, asset, side, quantity, price, mark_price, notional, fee, at FROM trades
WHERE user_id = %s ORDER BY slot_at, position
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which slots to play: those of `days` from `begins` on, some of them `closely`."""

    folder: Path
    strategy: Strategy
    begins: datetime
    days: float
    closely: frozenset[date]

    def matters(self, due: Due) -> bool:
        """Whether the strategy could tell if this were not fired."""
        name, at = due.function.name, due.at
        if name == "run_strategy":
            return dict(due.rule.detail)["strategy"] == self.strategy.id
        if at.date() in self.closely:
            return True
        if name == "collect_prices":
            return self.strategy.schedule.slot_at(at).at == at
        if name in ("collect_onchain", "collect_sentiment"):
            return at.hour == 0
        return True


async def _play(asked: Asked) -> Told:
    choice = parse_choice(f"recorded:{asked.folder}")
    with tempfile.TemporaryDirectory(prefix="automoney-live-") as place:
        state, keys = state_for(Path(place), choice)
        options = Options(choice, state, keys, 0, None, asked.days, asked.begins)
        async with started(options, JsonLines(sys.stderr)) as runtime:
            _enrol(asked)
            await runtime.first_tick()
            await _fire_what_matters(runtime, asked)
            return _told(asked.strategy, runtime)


def _enrol(asked: Asked) -> None:
    """Give the user an account that follows the strategy from its first slot on."""
    strategy, at, books = asked.strategy, asked.begins, wiring.books()
    if not strategy.enabled:
        wiring.pauses().resume(strategy.id, None, author=USER, reason="to compare", at=at)
    books.open_account(USER, at=at, paper_money=wiring.settings().paper_money)
    books.follow(Follower(USER, strategy.id, strategy.guards), at=at)


async def _fire_what_matters(runtime: Runtime, asked: Asked) -> None:
    clock, ends = runtime.world.clock, runtime.ends
    assert clock is not None and ends is not None, "a recorded world has both"
    agenda = Agenda(rules(wall=False), clock.now())
    while agenda.next_at < ends:
        at = agenda.next_at
        due = agenda.pop()
        if asked.matters(due):
            clock.set(at)
            if not await runtime.fire(due, dict(due.rule.detail)):
                raise SystemExit(f"{due.function.name} failed for {due.at}")
    clock.set(ends)
    await runtime.play()  # nothing is due any more: it waits for what is still on its way


def _told(strategy: Strategy, runtime: Runtime) -> Told:
    with wiring.database().connection() as connection:
        runs = connection.execute(_RUNS, (strategy.id,)).fetchall()
        scores = connection.execute(_SCORES, (strategy.id,)).fetchall()
        decisions = connection.execute(_DECISIONS, (USER,)).fetchall()
        trades = connection.execute(_TRADES, (USER,)).fetchall()
    assert runtime.ends is not None, "a recorded world ends"
    return Told(
        runs=[list(row) for row in runs],
        scores=[list(row) for row in scores],
        decisions=[_decision(row).decode() for row in decisions],
        fills=[
            fill_row(execution_id, Fill(asset, Signal(side), *numbers))
            for execution_id, asset, side, *numbers in trades
        ],
        account=account_row(wiring.books().account(USER, as_of=runtime.ends)),
    )


def _decision(row: tuple[Any, ...]) -> bytes:
    execution_id, asset, signal, conviction, weight, target, reasoning, rule, refused, why = row
    decision = Decision(asset, Signal(signal), conviction, weight, target, reasoning, Rule(rule))
    refusal = Rejection(asset, decision.signal, Refused(refused), why) if refused else None
    return decision_line(execution_id, decision, refusal)


def _asked(folder: str, strategy: str, begins: str, days: str, *closely: str) -> Asked:
    return Asked(
        Path(folder),
        strategy_named(strategy),
        datetime.fromisoformat(begins).replace(tzinfo=UTC),
        float(days),
        frozenset(date.fromisoformat(day) for day in closely),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_play(_asked(*sys.argv[1:])))))
