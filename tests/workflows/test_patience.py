"""Patience, against a real server: how long it waits, how often, and for whom it does not."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from automoney.errors import SourceUnavailable
from automoney.sources.table import Limit
from automoney.workflows.patience import PatientTransport
from tests.sources.served import NOW, Answer, Naps, Purse, Served, StoredBreaker, as_json

GOOD = as_json({"ok": True})


@dataclass
class Told:
    waits_of: list[tuple[str, float, str]] = field(default_factory=list)

    def waits(self, source: str, seconds: float, reason: str) -> None:
        self.waits_of.append((source, seconds, reason))


class Clock:
    """Moves on by what is slept."""

    def __init__(self, naps: Naps) -> None:
        self.naps = naps

    def __call__(self) -> Any:
        return NOW + timedelta(seconds=sum(self.naps.taken))


def ask(
    served: Served,
    told: Told,
    naps: Naps,
    get: Callable[[PatientTransport], Coroutine[Any, Any, Any]] | None = None,
    **options: Any,
) -> Any:
    async def joined() -> Any:
        async with PatientTransport(
            told,
            pause=naps,
            breaker=StoredBreaker(),
            clock=Clock(naps),
            timeout=timedelta(seconds=5),
            sleep=Naps(),
            pool=httpx.AsyncHTTPTransport(trust_env=False),
            **options,
        ) as transport:
            if get is not None:
                return await get(transport)
            return await transport.get_json("src", f"{served.url}/x", {})

    return asyncio.run(joined())


def test_it_waits_as_long_as_it_is_told_and_asks_again() -> None:
    told, naps = Told(), Naps()
    with Served() as served:
        served.give("/x", as_json({}, 429, headers={"Retry-After": "7"}), GOOD)
        assert ask(served, told, naps) == {"ok": True}
    assert naps.taken == [7.25]
    ((source, seconds, reason),) = told.waits_of
    assert (source, seconds) == ("src", 7.25)
    assert reason.startswith("answered 429")


def test_it_waits_until_there_is_budget_again() -> None:
    told, naps = Told(), Naps()
    purse = Purse({"src": 1})

    async def twice(transport: PatientTransport) -> None:
        for _ in range(2):
            await transport.get_json("src", f"{served.url}/x", {})

    limits = {"src": (Limit(1, timedelta(minutes=1)),)}
    with Served() as served:
        served.give("/x", GOOD)
        with pytest.raises(SourceUnavailable, match="budget"):
            ask(served, told, naps, twice, budget=purse, limits=limits)
        assert len(served.requests) == 1
    assert naps.taken == [60.25] * 6  # this purse never fills again


@pytest.mark.parametrize(
    ("answer", "naps_taken"),
    [
        pytest.param(as_json({}, 503), [4.0, 15.0, 45.0], id="a server's error may pass"),
        pytest.param(Answer(b"{"), [4.0, 15.0, 45.0], id="so may a broken answer"),
        pytest.param(as_json({}, 451), [], id="a blocked region does not"),
        pytest.param(as_json({}, 401), [], id="a wrong key neither"),
        pytest.param(
            as_json({}, 418, headers={"Retry-After": "86400"}), [], id="a day is too long to wait"
        ),
    ],
)
def test_what_it_does_when_nothing_helps(answer: Answer, naps_taken: list[float]) -> None:
    told, naps = Told(), Naps()
    with Served() as served:
        served.give("/x", answer)
        with pytest.raises(SourceUnavailable):
            ask(served, told, naps)
    assert naps.taken == naps_taken
    assert [seconds for _, seconds, _ in told.waits_of] == naps_taken


def test_text_is_asked_for_with_the_same_patience() -> None:
    told, naps = Told(), Naps()
    with Served() as served:
        text = Answer(b"a,b", content_type="text/csv")
        served.give("/x", as_json({}, 429, headers={"Retry-After": "2"}), text)
        answer = ask(
            served, told, naps, lambda transport: transport.get_text("src", f"{served.url}/x", {})
        )
    assert (answer, naps.taken) == ("a,b", [2.25])


def test_patience_that_was_used_up_is_over_until_the_source_answers() -> None:
    told, naps = Told(), Naps()

    async def often(transport: PatientTransport) -> None:
        for _ in range(3):
            with pytest.raises(SourceUnavailable):
                await transport.get_json("src", f"{served.url}/x", {})
        served.give("/x", GOOD, *[as_json({}, 503)] * 2, GOOD)
        for _ in range(2):
            await transport.get_json("src", f"{served.url}/x", {})

    with Served() as served:
        served.give("/x", as_json({}, 503))
        ask(served, told, naps, often)
    assert naps.taken == [4.0, 15.0, 45.0, 4.0]
