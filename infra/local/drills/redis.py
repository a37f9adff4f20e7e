"""Redis goes silent, as a machine does that hangs: connections stand and nothing comes back (9.2).

The embedded Valkey is stopped by its process number (SIGSTOP), and later let go on (SIGCONT).
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Any

from infra.local.drills.stage import Stage, staged

TITLE = "Redis goes silent (description 9.2)"

_DAYS = 1.0
_ASSET = "BTC"
_PRICE = f"/api/market/{_ASSET}"
_SAME = (_PRICE, f"{_PRICE}/candles?timeframe=1h", "/api/agents/scores")
_ASKED = "/api/events?since=0"
_LIMIT, _REDUCED = 60, 30  # requests a minute
_PATIENCE = 10.0  # seconds for Redis to be found again
_POLL = 0.25


async def drill() -> Stage:
    async with staged(days=_DAYS) as stage:
        await stage.play(4)
        before = await _answers(stage)
        stage.check(
            "Before: prices come from the cache",
            before[_PRICE]["origin"] == "cache",
            f"{_PRICE} from the {before[_PRICE]['origin']}",
        )
        flood = await _flood(stage, "anne")
        stage.check(
            "Before: 60 requests a minute and user are let in", flood.kept(_LIMIT), str(flood)
        )
        with _silent(stage):
            await _without(stage, before)
        await _again(stage)
    return stage


async def _without(stage: Stage, before: dict[str, Any]) -> None:
    during = await _answers(stage)
    health = (await stage.get("/api/health"))["cache"]["status"]
    origin = during[_PRICE]["origin"]
    same = {path: _comparable(during[path]) == _comparable(before[path]) for path in _SAME}
    stage.check(
        "Reads go to Postgres, and the answers are the same",
        all(same.values()) and origin == "database",
        f"{', '.join(f'{path} {"same" if ok else "DIFFERS"}' for path, ok in same.items())};"
        f" price from the {origin}; health says the cache is {health}",
    )
    paged = stage.critical()
    stage.check(
        "Somebody is woken, once (critical alert)",
        paged == ["Redis cannot be reached"],
        "; ".join(paged) or "nobody",
    )
    flood = await _flood(stage, "bert")
    stage.check("30 requests a minute are let in, in place of 60", flood.kept(_REDUCED), str(flood))
    stage.check(
        "The others are told when to come again (429, Retry-After)",
        flood.status == 429 and 0 < flood.retry_after <= 120,
        f"{flood.status} {flood.problem}, Retry-After {flood.retry_after} s",
    )
    await _run_has_precedence(stage)


async def _run_has_precedence(stage: Stage) -> None:
    """A strategy's run while somebody asks as fast as he can."""
    done = asyncio.Event()
    asking = asyncio.create_task(_ask_on(stage, "bert", done))
    await stage.play(8)
    done.set()
    refused = await asking
    run = await stage.run(8)
    took = sum(step["milliseconds"] for step in run["steps"])
    decided = bool(run["part"] and run["part"]["decisions"])
    stage.check(
        "Strategies run on while the API is held back",
        run["status"] == "judged" and decided and took < 10_000,
        f"run of {run['slot']}: {run['status']} in {took:.0f} ms, decided for its follower;"
        f" {refused} requests of somebody in a hurry were refused meanwhile",
    )


async def _again(stage: Stage) -> None:
    began, status = monotonic(), "unreachable"
    while status != "ok" and monotonic() - began < _PATIENCE:
        await asyncio.sleep(_POLL)
        status = (await stage.get("/api/health"))["cache"]["status"]
    found_after = monotonic() - began
    await stage.play(9)
    origin = (await stage.get(_PRICE))["origin"]
    stage.check(
        "Redis is back: found again without a restart",
        (status, origin) == ("ok", "cache"),
        f"cache {status} after {found_after:.1f} s; price from the {origin}",
    )
    flood = await _flood(stage, "dora")
    stage.check("60 requests a minute are let in again", flood.kept(_LIMIT), str(flood))
    pages = stage.critical()
    stage.check("Nobody was woken again", len(pages) == 1, f"critical alerts in all: {len(pages)}")


async def _answers(stage: Stage) -> dict[str, Any]:
    return {path: await stage.get(path) for path in _SAME}


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """All of it but where it came from."""
    return {name: value for name, value in answer.items() if name != "origin"}


@dataclass(frozen=True, slots=True)
class Flood:
    """How many requests of one user were let in, within how many seconds, before he was refused."""

    admitted: int
    seconds: float
    status: int = 200
    problem: str = ""
    retry_after: int = 0

    def kept(self, limit: int) -> bool:
        """Whether that is the limit, but for what the window has slid while they were sent."""
        slid = ceil(limit * self.seconds / 60)
        return self.status == 429 and limit <= self.admitted <= limit + slid

    def __str__(self) -> str:
        return f"{self.admitted} let in within {self.seconds:.1f} s, then {self.status}"


async def _flood(stage: Stage, user: str) -> Flood:
    """Ask until refused, or for twice the limit."""
    headers, began = stage.bearer(user), monotonic()
    for admitted in range(2 * _LIMIT):
        answer = await stage.client.get(_ASKED, headers=headers)
        if answer.status_code != 200:
            seconds, after = monotonic() - began, int(answer.headers.get("Retry-After", 0))
            return Flood(admitted, seconds, answer.status_code, answer.json()["type"], after)
    return Flood(2 * _LIMIT, monotonic() - began)


async def _ask_on(stage: Stage, user: str, done: asyncio.Event) -> int:
    """Ask until it is `done`; how many were refused."""
    headers, refused = stage.bearer(user), 0
    while not done.is_set():
        answer = await stage.client.get(_ASKED, headers=headers)
        refused += answer.status_code == 429
    return refused


@contextmanager
def _silent(stage: Stage) -> Iterator[None]:
    """Valkey stands still for the block."""
    pid = stage.runtime.services.pids()["valkey"]
    os.kill(pid, signal.SIGSTOP)
    stage.say("Redis is silent")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        stage.say("Redis goes on")
