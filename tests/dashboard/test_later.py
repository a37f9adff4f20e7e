"""What the page shows of routes and events that an API may have or not: here by stand-ins for them.

Every other answer is the real API's.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.dashboard.opened import Open, Opened
from tests.dashboard.served import Site
from tests.dashboard.test_looks import found_by_axe

STRATEGY = "/api/strategies/{strategyId}/"
PATHS = ["/api/kill-switch", "/api/portfolio/start-over", "/api/trades.csv", "/api/usage"]
PATHS += [STRATEGY + "run", STRATEGY + "why", STRATEGY + "unfollow", "/api/backtests"]


@dataclass
class Later:
    """Answers by path, and what was asked of them."""

    answers: dict[str, Any]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.split("/", 3)[3]
        body = json.loads(request.post_data) if request.post_data else None
        self.asked.append((request.method, f"/{path}", body))
        given = self.answers[f"/{path.split('?')[0]}"]
        given = given(body) if callable(given) else given
        if isinstance(given, str):
            route.fulfill(body=given, content_type="text/csv")
        else:
            route.fulfill(json=given)


type OpenLater = Callable[[dict[str, Any]], tuple[Opened, Later]]


@pytest.fixture
def open_later(open_page: Open) -> OpenLater:
    def open_later(answers: dict[str, Any]) -> tuple[Opened, Later]:
        opened, later = open_page("icon.svg", expected="status of 404"), Later(answers)
        for path in answers:
            opened.page.route(f"**{path}*", later.answer)
        paths: dict[str, Any] = {path: {} for path in PATHS}
        opened.page.route("**/api/openapi.json", lambda route: route.fulfill(json={"paths": paths}))
        opened.page.goto(opened.url)
        return opened.is_live(), later

    return open_later


def test_what_the_api_does_not_have_is_not_shown(open_page: Open) -> None:
    opened = open_page()
    opened.page.route("**/api/openapi.json", lambda route: route.fulfill(json={"paths": {}}))
    opened.page.reload()
    opened.is_live()

    for name in ("kill-mine", "start-over", "csv", "usage", "run-hodl-wave", "unfollow-hodl-wave"):
        expect(opened.part(name)).to_be_hidden()
    assert opened.complaints == []


def test_the_kill_switch_asks_first_and_is_seen_by_everybody_who_looks(
    open_later: OpenLater,
) -> None:
    state: dict[str, Any] = {"on": False, "reason": None, "scope": "mine"}

    def kill(body: dict[str, Any] | None) -> dict[str, Any]:
        state.update(body or {})
        return state

    opened, later = open_later({"/api/kill-switch": kill})
    expect(opened.part("kill-state")).to_have_text("off")
    opened.part("kill-mine").click()
    dialog = opened.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("the market is mad")
    assert found_by_axe(opened) == []
    dialog.get_by_role("button", name="Stop my trading now").click()

    expect(opened.part("kill-state")).to_have_text("ON: nothing is traded")
    expect(opened.part("status")).to_contain_text("nothing is traded. the market is mad")
    expect(opened.part("kill-mine")).to_have_text("Let it trade again")
    assert later.asked[-1] == (
        "POST",
        "/api/kill-switch",
        {"on": True, "reason": "the market is mad", "scope": "mine"},
    )

    opened.part("kill-mine").click()
    dialog.get_by_role("button", name="Let it trade again").click()
    expect(opened.part("kill-state")).to_have_text("off")
    expect(opened.part("status")).not_to_contain_text("mad")


def test_a_failure_is_told_in_the_dialog_which_stays_open(
    open_later: OpenLater, open_page: Open
) -> None:
    opened, _ = open_later({"/api/kill-switch": {"on": False}})
    opened.expected = "status of 4"
    opened.page.route(
        "**/api/portfolio/start-over",
        lambda route: route.fulfill(
            status=422, json={"detail": "paperMoney was 'x'; expected a number"}
        ),
    )
    opened.part("start-over").click()
    dialog = opened.page.get_by_role("dialog")
    expect(dialog.get_by_label("Paper money, USDT")).to_have_value("100000")
    dialog.get_by_label("Paper money, USDT").fill("x")
    dialog.get_by_role("button", name="Start over").click()

    expect(dialog.get_by_role("alert")).to_contain_text("expected a number")
    opened.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_trades_become_a_file_and_a_strategy_says_why_it_did_not_trade(
    open_later: OpenLater, tmp_path: Path
) -> None:
    opened, later = open_later(
        {
            "/api/kill-switch": {"on": False},
            "/api/trades.csv": "at,asset\r\n2025-11-05T12:00:03Z,BTC\r\n",
            "/api/strategies/hodl-wave/why": {
                "asset": "BTC",
                "summary": ["Conviction +12 is between -20 and +20: hold."],
            },
            "/api/strategies/hodl-wave/run": {"executionId": "hodl-wave:2025-11-05T12:01Z"},
        }
    )
    with opened.page.expect_download() as download:
        opened.part("csv").click()
    file = tmp_path / "trades.csv"
    download.value.save_as(file)
    assert file.read_text().splitlines()[1] == "2025-11-05T12:00:03Z,BTC"
    assert download.value.suggested_filename == "automoney-trades.csv"

    row = opened.part("strategy-hodl-wave")
    row.get_by_role("button", name="Why no trade in BTC?").click()
    expect(row).to_contain_text("Conviction +12 is between -20 and +20: hold.")
    assert later.asked[-1][1] == "/api/strategies/hodl-wave/why?asset=BTC"
    opened.part("run-hodl-wave").click()
    expect(row).to_contain_text("Asked for.")
    assert later.asked[-1][:2] == ("POST", "/api/strategies/hodl-wave/run")


def test_events_of_trouble_are_shown_and_read_out(open_page: Open, site: Site) -> None:
    opened = open_page().is_live()
    envelope = {"at": "2025-11-05T12:01:00Z"}
    site.push({"event": "data:degraded", "seq": 5, **envelope, "data": {"reason": "no MVRV"}})
    expect(opened.part("status")).to_contain_text("Economy has not answered")
    opened.page.get_by_role("button", name="more").click()
    expect(opened.page.locator("#issues")).to_contain_text("Data degraded: no MVRV")
    expect(opened.page.locator("#announcer")).to_have_text("Data degraded: no MVRV")

    paused = {"strategyId": "hodl-wave", "reason": "no model"}
    site.push({"event": "strategy:paused", "seq": 6, **envelope, "data": paused})
    expect(opened.part("log").locator("li").first).to_contain_text("hodl-wave paused: no model")


def test_usage_of_any_shape_becomes_facts_and_tables(open_page: Open) -> None:
    opened = open_page().is_live()
    text = opened.page.evaluate(
        """async () => {
            const { described } = await import("./words.js");
            const place = document.createElement("div");
            place.append(...described({
                day: "2025-11-05", totalCost: "0.12",
                models: [{ model: "qwen3", inputTokens: 1480, cost: "0.1" }],
                budgets: { run: { cap: "0.5", spent: "0.1" }, day: { cap: "3", spent: "0.12" } },
            }, "nothing"));
            document.body.append(place);
            return place.innerText.replaceAll(/\\s+/g, " ");
        }"""
    )
    for words in ("total cost 0.12", "qwen3 1480 0.1", "run 0.5 0.1", "day 3 0.12"):
        assert words in text.lower()
