"""Why did it not trade?  Each thing that may hold it back has its code and its words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.examples import DECISIONS
from automoney.api.examples_why import WHY
from automoney.market.candles import Mark
from automoney.ports import ENGINE, Pause
from automoney.trading.guards import Guards
from tests.api.fakes_api import NOON, World, run_row
from tests.api.test_edge import shape
from tests.api.test_routes import get
from tests.builders import follower, reading

PATH = "/api/strategies/hodl-wave/why?asset=BTC"
RUN = "hodl-wave:2025-11-05T12:00Z"


@pytest.fixture
def world() -> World:
    """Ada follows; the run of noon held, and everything is in order."""
    world = World()
    world.books.followed["hodl-wave", "ada"] = follower("ada")
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    world.readings.kept = [reading("fear_greed", NOON - timedelta(hours=30), 60.0)]
    world.judge(NOON)
    decide(world)
    return world


def decide(world: World, **changed: Any) -> None:
    held = {**WHY["decision"], "executionId": RUN, **changed}
    world.history.rows["decisions", "ada"] = [{**held, "asset": "ETH"}, held]


def refused(reason: str) -> dict[str, Any]:
    detail = "No order: 5.00 USDT in cash is less than the smallest order of 10."
    order = {"status": "refused", "reason": reason, "detail": detail}
    return {"signal": "BUY", "rule": "buy", "order": order}


def holds(client: TestClient) -> dict[str, str]:
    return {one["code"]: one["words"] for one in get(client, PATH)["holds"]}


def test_a_quiet_market_is_the_whole_answer(client: TestClient) -> None:
    answer = get(client, PATH)

    assert answer == {**WHY, "decision": {**WHY["decision"], "executionId": RUN}}
    assert shape(answer) == shape(WHY)


def pause_all(world: World) -> None:
    world.pauses.pause(Pause("hodl-wave", None, NOON, "maintenance", "olga"))


def pause_mine(world: World) -> None:
    world.pauses.pause(Pause("hodl-wave", "ada", NOON, "on a journey", "ada"))


def kill(world: World) -> None:
    world.pauses.pause(Pause("hodl-wave", "ada", NOON, "kill switch: enough", "ada"))


def fail(world: World) -> None:
    world.history.runs[RUN] = run_row(RUN, NOON, status="aborted", reason="no price of BTC")


def begin(world: World) -> None:
    world.history.runs[RUN] = run_row(RUN, NOON, status="begun")


def leave(world: World) -> None:
    world.books.followed.clear()


def forbid(world: World) -> None:
    guards = replace(Guards(Decimal("0.5")), allowed_assets=frozenset({"ETH"}))
    world.books.followed["hodl-wave", "ada"] = replace(follower("ada"), guards=guards)


def forget(world: World) -> None:
    world.history.rows.clear()


def judge_later(world: World) -> None:
    world.now += timedelta(hours=4)
    world.judge(NOON + timedelta(hours=4))


def lose_readings(world: World) -> None:
    world.readings.kept = []


def stall(world: World) -> None:
    world.now += timedelta(minutes=15)


def lose_prices(world: World) -> None:
    world.marks.kept = []


@pytest.mark.parametrize(
    ("happens", "code", "words"),
    [
        (pause_all, "paused", "HODL-Wave is paused for everybody: maintenance."),
        (pause_mine, "paused", "You have paused it for yourself: on a journey."),
        (kill, "kill_switch", "You have paused it for yourself by the kill switch: enough."),
        (fail, "aborted", "Its run of 2025-11-05 12:00 UTC was aborted: no price of BTC."),
        (begin, "running", "Its run of 2025-11-05 12:00 UTC is not through yet."),
        (leave, "not_following", "You do not follow HODL-Wave."),
        (forbid, "not_allowed", "Your guards keep it from buying BTC: only ETH may be bought."),
        (forget, "no_decision", "Nothing has been decided for you about it since you follow."),
        (judge_later, "under_way", "Your part of its run of 2025-11-05 16:00 UTC is not done"),
        (
            lose_readings,
            "stale_data",
            "Some sentiment data are older than they should be: fear_greed.",
        ),
        (stall, "stale_data", "The newest price of BTC is of 2025-11-05 12:00 UTC, which is too"),
        (lose_prices, "no_price", "No price of BTC has been collected yet."),
    ],
)
def test_what_stops_it_is_named(
    client: TestClient, world: World, happens: Callable[[World], None], code: str, words: str
) -> None:
    happens(world)

    found = holds(client)

    assert found[code].startswith(words)
    assert list(found)[-1] == "next_run"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"rule": "band"}, "band"),
        ({"rule": "cooldown"}, "cooldown"),
        ({"rule": "daily_loss"}, "daily_loss"),
        ({"rule": "full"}, "full"),
        ({"rule": None}, "hold"),
        (refused("minimum"), "minimum_order"),
        (refused("funds"), "funds"),
    ],
)
def test_the_rule_of_the_last_decision_is_named(
    client: TestClient, world: World, changed: dict[str, Any], code: str
) -> None:
    decide(world, **changed)
    assert code in holds(client)


def test_when_it_did_trade_nothing_held_it_back(client: TestClient, world: World) -> None:
    decide(world, **DECISIONS["decisions"][0])

    answer = get(client, PATH)

    assert answer["traded"] is True
    assert answer["words"].startswith("At 2025-11-05 12:00 UTC BTC was bought. Conviction +29.4")
    assert [one["code"] for one in answer["holds"]] == ["next_run"]


def test_what_ships_off_says_so(client: TestClient) -> None:
    answer = get(client, "/api/strategies/high-freq/why?asset=BTC")
    assert ("paused", True) in [
        (one["code"], "off by default" in one["words"]) for one in answer["holds"]
    ]


def test_the_engines_pause_is_named_with_its_reason(client: TestClient, world: World) -> None:
    world.pauses.pause(Pause("hodl-wave", None, NOON, "no language model answered", ENGINE))
    assert "no language model answered" in holds(client)["paused"]


def test_it_tells_nothing_of_others(client: TestClient, world: World) -> None:
    world.history.rows["decisions", "bob"] = world.history.rows.pop(("decisions", "ada"))
    assert get(client, PATH)["decision"] is None


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/api/strategies/moon/why?asset=BTC", 404, "strategy"),
        ("/api/strategies/hodl-wave/why?asset=DOGE", 404, "asset"),
        ("/api/strategies/hodl-wave/why", 422, "asset"),
    ],
)
def test_what_is_not_known_is_named(client: TestClient, path: str, status: int, field: str) -> None:
    assert get(client, path, status)["field"] == field
