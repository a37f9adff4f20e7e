"""The page against the real local runtime: everything from the exchange to the screen."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.dashboard.opened import Open, Opened, opening
from tests.dashboard.running import Runtime, runtime
from tests.dashboard.test_weight import measured
from tests.infra.test_start import all_gone


@pytest.fixture(scope="module")
def live(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Twenty minutes of the market each second: a run every twelve seconds."""
    with runtime(market_data, tmp_path_factory.mktemp("whole") / "state", 1200) as found:
        yield found


@pytest.fixture
def at_live(browser: Browser, live: Runtime) -> Iterator[Open]:
    with opening(browser, live.url) as open_page:
        yield open_page


def newest(opened: Opened) -> int:
    return opened.logged()[0]


def wait_for_newer(opened: Opened, than: int, seconds: int = 90) -> None:
    opened.page.wait_for_function(
        "than => document.querySelector('[data-seq]')?.dataset.seq > than",
        arg=than,
        timeout=1000 * seconds,
    )


def test_signed_in_a_tick_and_a_push_arrive_without_a_reload(at_live: Open) -> None:
    opened = at_live().is_live()
    opened.page.evaluate("window.sameLoad = true")
    expect(opened.page.locator("#user")).to_have_text("ada")
    price, seq = opened.part("price-BTC").inner_text(), newest(opened)

    expect(opened.part("price-BTC")).not_to_have_text(price, timeout=60_000)
    wait_for_newer(opened, seq)

    assert opened.page.evaluate("window.sameLoad")
    logged = opened.logged()
    assert logged == list(range(logged[0], logged[0] - len(logged), -1))


def test_a_decision_opens_into_why_and_a_question_is_answered_with_facts(at_live: Open) -> None:
    opened = at_live().is_live()

    decision = opened.part("decisions").locator("details").last
    decision.locator("summary").click()
    expect(decision.locator(".told li").first).to_contain_text("HODL-Wave")
    expect(decision.get_by_role("table")).to_contain_text("Conviction")
    expect(decision.locator(".known li").first).to_be_visible()

    opened.page.get_by_role("button", name="What is the price of BTC?").click()
    expect(opened.part("answer")).to_contain_text("BTC is at")
    facts = opened.part("talk").locator("details")
    facts.locator("summary").click()
    expect(facts.locator(".cited li").first).to_contain_text("BTC price")


def test_without_sockets_it_polls_and_climbs_back_with_nothing_missing(
    at_live: Open, live: Runtime
) -> None:
    opened = at_live("icon.svg", expected="status of 404|WebSocket")
    open_sockets: list[WebSocketRoute] = []
    refusing = False

    def through(socket: WebSocketRoute) -> None:
        if refusing:
            socket.close()
        else:
            open_sockets.append(socket)
            socket.connect_to_server()

    opened.page.route_web_socket(re.compile("/ws"), through)
    opened.page.goto(live.url)
    opened.is_live()
    seq = newest(opened)

    refusing = True
    open_sockets[-1].close()
    expect(opened.part("connection")).to_have_text("Polling every 15 s")
    wait_for_newer(opened, seq)  # by asking
    assert opened.part("connection").get_attribute("data-state") == "polling"

    refusing = False
    opened.is_live(40)
    wait_for_newer(opened, newest(opened))
    assert opened.logged() == _kept(live, "ada", opened)


def test_the_gateway_killed_it_is_offline_and_back_live_with_nothing_missing(
    browser: Browser, market_data: Path, tmp_path: Path
) -> None:
    state, expected = tmp_path / "state", "Failed to load|WebSocket|ERR_CONNECTION"
    with runtime(market_data, state, 1200) as first, opening(browser, first.url) as open_page:
        opened = open_page(expected=expected).is_live()
        opened.page.evaluate("window.sameLoad = true")
        children = first.running.children()
        first.running.process.send_signal(signal.SIGKILL)
        first.running.process.wait(10)
        expect(opened.part("connection")).to_have_text("Offline", timeout=30_000)
        assert all_gone(children, 30)

        with runtime(market_data, state, 1200, port=first.running.port) as second:
            opened.is_live(90)
            wait_for_newer(opened, newest(opened))
            assert opened.logged() == _kept(second, "ada", opened)
            assert opened.page.evaluate("window.sameLoad")
            opened.context.close()


def test_a_strategy_is_paused_and_resumed_from_the_page(at_live: Open, live: Runtime) -> None:
    opened = at_live("?user=ada").is_live()
    bearer = live.token("ada")
    state = opened.part("state-hodl-wave")
    expect(state).to_have_text("following")

    opened.part("pause-mine-hodl-wave").click()
    expect(state).to_have_text("paused for you")
    expect(opened.part("status")).to_contain_text("Your part of HODL-Wave is paused")
    assert live.get("/api/strategies/hodl-wave/pause", bearer)["mine"]["paused"]
    opened.page.reload()
    expect(state).to_have_text("paused for you")

    opened.part("pause-mine-hodl-wave").click()
    expect(state).to_have_text("following")
    assert not live.get("/api/strategies/hodl-wave/pause", bearer)["mine"]["paused"]


def test_guards_are_kept_and_an_account_follows_one_strategy(at_live: Open, live: Runtime) -> None:
    opened = at_live("?user=bea").is_live()
    expect(opened.part("portfolio-total")).to_have_text("0.00")
    form = opened.part("follow-form")
    form.get_by_label("Most of the money in one asset").select_option("0.25")
    form.get_by_label("Buy nothing more after losing in a day").select_option("0.05")
    form.get_by_label("ETH").uncheck()
    form.get_by_role("button", name="Follow with 100,000.00 USDT").click()

    expect(opened.part("state-hodl-wave")).to_have_text("following")
    expect(opened.part("portfolio-total")).to_have_text("100,000.00")
    expect(opened.part("strategy-high-freq")).to_contain_text("unfollow the other one first")
    strategies = live.get("/api/strategies", live.token("bea"))["strategies"]
    assert strategies[0]["following"] == {
        "maxPosition": "0.25",
        "maxDailyLoss": "0.05",
        "allowedAssets": ["BTC"],
        "fee": None,
        "slippage": None,
    }

    opened.part("unfollow-hodl-wave").click()
    expect(opened.part("state-hodl-wave")).to_be_hidden()
    assert all(
        one["following"] is None
        for one in live.get("/api/strategies", live.token("bea"))["strategies"]
    )


def test_ops_pause_it_for_everybody(at_live: Open, live: Runtime) -> None:
    opened = at_live("?user=cleo").is_live()
    opened.part("menu").click()
    opened.part("leave").click()
    form = opened.part("token-form")
    form.get_by_label("Paste an access token").fill(live.token("cleo", "ops"))
    form.get_by_role("button", name="Open").click()
    opened.is_live()
    expect(opened.page.locator("#user")).to_have_text("cleo · ops")

    opened.part("pause-all-high-freq").click()  # ships off
    expect(opened.part("state-high-freq")).to_be_hidden()
    opened.part("pause-all-high-freq").click()
    expect(opened.part("state-high-freq")).to_have_text("paused")
    expect(opened.part("pause-high-freq")).to_contain_text("by cleo: from the dashboard")


def test_a_fourth_page_takes_the_first_ones_place_and_says_why(at_live: Open) -> None:
    pages = [at_live("?user=dora", expected="WebSocket").is_live() for _ in range(4)]
    first = pages[0]

    expect(first.part("connection")).to_have_text("Polling every 15 s")
    expect(first.part("notice")).to_contain_text("3 newer connections of yours are open")
    for page in pages[1:]:
        expect(page.part("connection")).to_have_text("Live")

    first.part("take-back").click()
    first.is_live()
    expect(first.part("notice")).to_be_hidden()
    expect(pages[1].part("connection")).to_have_text("Polling every 15 s")


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_everything_is_there_and_nothing_sticks_out(at_live: Open, width: int) -> None:
    size = {"width": width, "height": 780}
    opened = at_live(viewport=size, has_touch=True, is_mobile=True).is_live()

    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("portfolio-total", "asset-BTC", "decisions", "trades", "talk", "sources"):
        part = opened.part(name)
        part.scroll_into_view_if_needed()
        box: Any = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    opened.page.evaluate("scrollTo(0, 0)")
    opened.part("menu").tap()
    expect(opened.page.get_by_label("Language")).to_be_visible()


def test_left_open_with_ticks_at_1200x_it_stays_as_it_was(at_live: Open) -> None:
    """Two minutes, which are 40 hours of the market: a stand-in for eight hours at 600x."""
    opened = at_live().is_live()
    opened.page.wait_for_timeout(30_000)
    before, seq = measured(opened.page), newest(opened)
    opened.page.wait_for_timeout(90_000)
    after = measured(opened.page)

    assert newest(opened) > seq + 5
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] * 1.25 + 500_000, (before, after)
    assert after["Nodes"] < before["Nodes"] * 1.1 + 300, (before, after)
    assert opened.complaints == []


def _kept(live: Runtime, user: str, opened: Opened) -> list[int]:
    """The numbers that the API has of what the page shows, newest first."""
    shown = opened.logged()
    path = f"/api/events?since={shown[-1] - 1}&limit={len(shown)}"
    return [one["seq"] for one in live.get(path, live.token(user))["events"]][::-1]
