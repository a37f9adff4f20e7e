"""The page in a real browser: what it paints, what changes it, what it survives."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from automoney.messages import (
    decision_message,
    portfolio_message,
    scores_message,
    trade_message,
)
from automoney.trading.judgement import Signal
from tests.api.fakes_api import NOON, World, judgement_at
from tests.dashboard.conftest import decision, fill, told
from tests.dashboard.served import Site, serve

expect.set_options(timeout=8_000)
FOUR = NOON + timedelta(hours=4)


@dataclass
class Opened:
    """A page and what its console complained of; `expected` holds what a test brings about."""

    context: BrowserContext
    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    expected: str = "^$"

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    def is_live(self) -> "Opened":
        self.page.wait_for_selector("[data-testid=connection][data-state=live]", timeout=8_000)
        return self

    def logged(self) -> list[int]:
        rows = self.page.locator("[data-testid=log] [data-seq]")
        return [int(row.get_attribute("data-seq") or 0) for row in rows.all()]


type Open = Callable[..., Opened]


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with serve(world) as site:
        yield site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the page; a test fails for any complaint in the console that it does not expect."""
    pages: list[Opened] = []

    def open_page(path: str = "", expected: str = "^$", **options: Any) -> Opened:
        zone = {"locale": "en-US", "timezone_id": "Europe/Berlin"}
        context = browser.new_context(**{**zone, **options})
        opened = Opened(context, context.new_page(), site, expected=expected)
        pages.append(opened)

        def listen(message: Any) -> None:
            if message.type in ("error", "warning"):
                opened.complaints.append(message.text)

        opened.page.on("console", listen)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.goto(site.url + path)
        return opened

    yield open_page
    for opened in pages:
        opened.context.close()
        surprises = [one for one in opened.complaints if not re.search(opened.expected, one)]
        assert surprises == []


# ---------------------------------------------------------------- first paint


def test_it_shows_every_part(open_page: Open) -> None:
    opened = open_page().is_live()

    expect(opened.part("world")).to_have_text("RECORDED · Nov 5, 2025, 1:01 PM")
    expect(opened.part("world")).to_have_attribute(
        "title", "The market's time is 2025-11-05 12:01:30 UTC"
    )
    expect(opened.part("price-BTC")).to_have_text("45,012.35")
    expect(opened.part("price-ETH")).to_have_text("3,312.40")
    for word in ("EMA 21", "43,211", "RSI 14", "58.24", "900.10 / 49.7", "39,000 – 47,000"):
        expect(opened.part("indicators-BTC")).to_contain_text(word)
    expect(opened.part("score-BTC-macro")).to_have_text("+12.5")
    expect(opened.part("score-BTC-onchain")).to_have_text("+41.0")
    expect(opened.part("score-ETH-technical")).to_have_text("−17.5")
    expect(opened.part("conviction-ETH")).to_have_text("−31.5")
    expect(opened.page.get_by_role("region", name="On-chain view of BTC")).to_contain_text("degraded")
    expect(opened.part("asset-BTC")).to_contain_text("50% macro + 20% on-chain + 30% technical")
    expect(opened.part("decisions").locator("li")).to_have_count(2)
    expect(opened.part("decisions").locator("li").nth(1)).to_contain_text("0% → 14.7%")
    expect(opened.part("trades")).to_contain_text("0.5 BTC")
    # in the reader's zone, with UTC at hand
    time = opened.part("trades").locator("time")
    expect(time).to_have_text("Nov 5, 01:00 PM")
    expect(time).to_have_attribute("title", "2025-11-05 12:00:03 UTC")
    expect(opened.part("portfolio-total")).to_have_text("102,506.18")
    expect(opened.part("portfolio-pnl")).to_have_text("+2,506.18 (+2.51%)")
    expect(opened.part("holdings")).to_contain_text("40,000.00")
    expect(opened.part("economy")).to_contain_text("Fear and greed")
    expect(opened.part("sources")).to_contain_text("failed 9 h ago")
    expect(opened.page.locator("[data-testid=chart-BTC] svg")).to_have_attribute(
        "aria-label", re.compile("BTC daily closes from Aug .*last 45,012.35")
    )
    assert opened.logged() == [4, 3, 2, 1]


def test_reasons_open_by_keyboard_and_stay_open_when_scores_change(
    open_page: Open, site: Site
) -> None:
    opened = open_page().is_live()
    why = opened.part("why-BTC-onchain")
    why.locator("summary").focus()
    opened.page.keyboard.press("Enter")

    for word in ("coins leave the exchanges", "mvrv z 1.82", "+30.0", "12 h old", "weight 20%"):
        expect(why).to_contain_text(word)

    site.push(site.commit(scores_message(told(judgement_at(FOUR, macro=77.0)))))
    expect(opened.part("score-BTC-macro")).to_have_text("+77.0")
    expect(why).to_have_attribute("open", "")
    assert opened.page.evaluate("document.activeElement.textContent") == "Why"


def test_before_anything_has_happened_it_says_so_in_words(open_page: Open, site: Site) -> None:
    empty = World()
    for part in ("executions", "books", "history", "outbox", "collections", "cache", "candles"):
        setattr(site.world, part, getattr(empty, part))
    site.rewire()

    opened = open_page().is_live()

    expect(opened.part("asset-BTC")).to_contain_text("No run yet: the first comes at Nov 5, 05:00")
    expect(opened.part("asset-BTC")).to_contain_text("No price has been collected yet.")
    expect(opened.part("decisions")).to_contain_text("No decision yet")
    expect(opened.part("trades")).to_contain_text("No trade yet")
    expect(opened.part("log")).to_contain_text("Nothing has been pushed yet.")
    expect(opened.part("portfolio-total")).to_have_text("0.00")

    # the first run is pushed, and the page needs no reload to show it
    site.push(site.commit(scores_message(told(judgement_at(FOUR)))))
    expect(opened.part("score-BTC-macro")).to_have_text("+12.5")
    expect(opened.page.get_by_text("No run yet").first).to_be_hidden()


def test_a_synthetic_world_is_labelled_so_that_nobody_misses_it(
    open_page: Open, site: Site
) -> None:
    site.world.settings = replace(site.world.settings, world="synthetic")
    site.rewire()

    opened = open_page().is_live()

    expect(opened.part("world")).to_contain_text("SYNTHETIC")
    expect(opened.part("ribbon")).to_contain_text("Synthetic data: these prices are generated.")


def test_following_from_the_page_opens_the_account(open_page: Open, site: Site) -> None:
    site.world.books.accounts.clear()
    site.world.books.followed.clear()
    site.world.books.held.clear()
    opened = open_page().is_live()
    form = opened.part("follow-form")

    form.get_by_label("Most of the money in one asset").select_option("0.25")
    form.get_by_role("button", name="Follow with 100,000.00 USDT of paper money").click()

    expect(form.get_by_role("button", name="Change")).to_be_visible()
    expect(opened.part("portfolio-total")).to_have_text("100,000.00")
    assert site.world.books.followed["hodl-wave", "ada"].guards.max_position == Decimal("0.25")


# ---------------------------------------------------------------- pushes


def test_pushed_events_change_the_page_in_place(open_page: Open, site: Site) -> None:
    opened = open_page().is_live()
    opened.page.evaluate("window.sameLoad = true")
    judgement = told(judgement_at(FOUR, macro=-60.0))
    site.world.books.held["ada"] = {"BTC": Decimal(1)}
    marks = site.world.marks.marks(["BTC"], as_of=site.world.now)
    portfolio = site.world.books.portfolio("ada", marks)

    site.push(
        site.commit(scores_message(judgement)),
        site.commit(decision_message(judgement, decision("ETH", Signal.SELL, "0.031"))),
        site.commit(trade_message(judgement, fill("ETH", "0.25"))),
        site.commit(portfolio_message(judgement, portfolio, FOUR)),
    )

    expect(opened.part("score-BTC-macro")).to_have_text("−60.0")
    expect(opened.part("decisions").locator("li").first).to_contain_text("SELL")
    expect(opened.part("decisions").locator("li").first).to_contain_text("3.1%")
    expect(opened.part("trades").locator("li").first).to_contain_text("0.25 ETH")
    expect(opened.part("portfolio-total")).to_have_text("105,012.35")
    assert opened.logged() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert opened.page.evaluate("window.sameLoad")
    assert {"action": "subscribe"} in site.received


def test_an_event_that_comes_twice_is_shown_once(open_page: Open, site: Site) -> None:
    opened = open_page().is_live()
    judgement = judgement_at(FOUR)
    first = site.commit(trade_message(judgement, fill("ETH", "0.25")))
    last = site.commit(decision_message(judgement, decision("ETH", Signal.BUY, "0.1")))

    site.push(first, first, last, first, last)

    expect(opened.part("decisions").locator("li")).to_have_count(3)
    expect(opened.part("trades").locator("li")).to_have_count(2)
    assert opened.logged() == [6, 5, 4, 3, 2, 1]


def test_what_a_gap_shows_to_be_missing_is_fetched_and_told_in_order(
    open_page: Open, site: Site
) -> None:
    opened = open_page().is_live()
    site.commit(trade_message(judgement_at(FOUR), fill("ETH", "0.25")))  # its push is lost
    after = site.commit(scores_message(told(judgement_at(FOUR, macro=33.0))))

    site.push(after)

    expect(opened.part("score-BTC-macro")).to_have_text("+33.0")
    expect(opened.part("trades").locator("li")).to_have_count(2)
    assert opened.logged() == [6, 5, 4, 3, 2, 1]


def test_an_answer_that_pushes_overtake_is_not_taken_for_a_new_count(
    open_page: Open, site: Site
) -> None:
    opened = open_page("icon.svg", expected="status of 404")  # no favicon.ico
    loads: list[str] = []
    opened.page.on("load", lambda _: loads.append("load"))

    def overtake(route: Route) -> None:
        answer = route.fetch()
        site.push(site.commit(trade_message(judgement_at(FOUR), fill("ETH", "0.25"))))
        expect(opened.part("trades").locator("li")).to_have_count(2)
        route.fulfill(response=answer)  # says that 4 is the last, while 5 is on the page

    opened.page.route("**/api/events?since=4&limit=200", overtake, times=1)
    opened.page.goto(site.url)
    expect(opened.part("trades").locator("li")).to_have_count(2)
    site.push(site.commit(decision_message(judgement_at(FOUR), decision("BTC", Signal.SELL, "0"))))
    expect(opened.part("decisions").locator("li")).to_have_count(3)

    assert opened.logged() == [6, 5, 4, 3, 2, 1]
    assert len(loads) == 1


def test_after_a_lost_connection_it_resumes_with_nothing_lost_and_nothing_twice(
    open_page: Open, site: Site
) -> None:
    opened = open_page(expected="WebSocket connection").is_live()
    opened.page.evaluate("window.sameLoad = true")
    seen = site.commit(trade_message(judgement_at(FOUR), fill("ETH", "0.25")))
    site.push(seen)
    expect(opened.part("trades").locator("li")).to_have_count(2)

    site.refuses_sockets = True
    site.kill_sockets()
    expect(opened.part("connection")).to_have_text("Polling every 15 s")
    missed = site.commit(scores_message(told(judgement_at(FOUR, macro=55.0))))
    site.refuses_sockets = False

    opened.is_live()
    expect(opened.part("score-BTC-macro")).to_have_text("+55.0")
    site.push(seen, missed)  # redelivered
    site.push(site.commit(decision_message(judgement_at(FOUR), decision("BTC", Signal.SELL, "0"))))
    expect(opened.part("decisions").locator("li").first).to_contain_text("SELL")
    assert opened.logged() == [7, 6, 5, 4, 3, 2, 1]
    assert opened.page.evaluate("window.sameLoad")
    assert len(site.tickets) == len(set(site.tickets)) == 2


def test_without_any_socket_it_polls(open_page: Open, site: Site) -> None:
    site.refuses_sockets = True
    opened = open_page(expected="WebSocket connection")
    expect(opened.part("connection")).to_have_text("Polling every 15 s")
    expect(opened.part("score-BTC-macro")).to_have_text("+12.5")

    judgement = told(judgement_at(FOUR, macro=-8.0))
    site.world.executions.judgements[judgement.execution_id] = judgement
    site.commit(trade_message(judgement, fill("ETH", "0.25")))

    expect(opened.part("score-BTC-macro")).to_have_text("−8.0", timeout=20_000)
    expect(opened.part("trades").locator("li")).to_have_count(2)


def test_a_page_that_was_replaced_by_a_newer_one_does_not_push_back(
    open_page: Open, site: Site
) -> None:
    opened = open_page().is_live()

    site.push({"event": "connection:closed", "data": {"reason": "a newer connection"}})
    site.kill_sockets(4001)

    expect(opened.part("connection")).to_have_text("Polling every 15 s")
    expect(opened.part("connection")).to_have_attribute(
        "title", "This page was replaced by a newer one."
    )
    opened.page.wait_for_timeout(1_500)  # three times the first wait before a new try
    assert len(site.tickets) == 1


def test_prices_follow_although_no_event_carries_them(open_page: Open, site: Site) -> None:
    opened = open_page().is_live()
    site.world.cache.prices["BTC"] = {**site.world.cache.prices["BTC"], "price": "46000.5"}
    site.world.now += timedelta(minutes=5)

    expect(opened.part("price-BTC")).to_have_text("46,000.50")
    expect(opened.part("world")).to_contain_text("1:06 PM")


def test_a_network_that_is_gone_is_called_offline_until_it_is_back(open_page: Open) -> None:
    opened = open_page(expected="ERR_INTERNET_DISCONNECTED|WebSocket").is_live()

    opened.context.set_offline(True)
    expect(opened.part("connection")).to_have_text("Offline")

    opened.context.set_offline(False)
    opened.is_live()


# ---------------------------------------------------------------- safety


def test_what_others_wrote_stays_text(open_page: Open, site: Site) -> None:
    evil = "<img src=x onerror=\"window.pwned='yes'\"><script>window.pwned='yes'</script>"
    opened = open_page().is_live()
    judgement = judgement_at(FOUR)
    views = {
        asset: replace(
            view,
            scores={
                name: replace(
                    score,
                    reasoning=evil,
                    sources=(evil,),
                    factors=tuple(replace(one, name=evil, note=evil) for one in score.factors),
                )
                for name, score in view.scores.items()
            },
        )
        for asset, view in judgement.views.items()
    }
    bad = replace(decision("BTC", Signal.SELL, "0"), reasoning=evil)
    site.push(
        site.commit(scores_message(replace(judgement, views=views))),
        site.commit(decision_message(judgement, bad)),
    )

    opened.part("why-BTC-macro").locator("summary").click()
    expect(opened.part("why-BTC-macro").locator(".reasoning")).to_have_text(evil)
    expect(opened.part("decisions").locator("li").first.locator(".note")).to_have_text(evil)
    assert opened.page.evaluate("window.pwned") is None
    assert opened.page.locator("main img, main script").count() == 0


def test_away_from_the_local_runtime_the_reader_brings_a_token(open_page: Open, site: Site) -> None:
    site.has_runtime = False
    opened = open_page(expected="status of 40[14]")
    form = opened.part("token-form")

    form.get_by_label("Paste an access token").fill("expired-ada")
    form.get_by_role("button", name="Open").click()
    expect(opened.part("notice")).to_have_text("the token has expired")

    form.get_by_label("Paste an access token").fill("Bearer token-of-ada")
    form.get_by_role("button", name="Open").click()
    opened.is_live()
    expect(opened.part("portfolio-total")).to_have_text("102,506.18")
    assert "token-of-ada" not in opened.page.url


def test_it_fits_the_screen_dark_and_light(open_page: Open) -> None:
    opened = open_page(color_scheme="dark").is_live()
    for width in (360, 390, 768, 1400):
        opened.page.set_viewport_size({"width": width, "height": 800})
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width

    ground = "getComputedStyle(document.body).backgroundColor"
    assert opened.page.evaluate(ground) == "rgb(10, 14, 23)"
    opened.page.emulate_media(color_scheme="light")
    assert opened.page.evaluate(ground) == "rgb(243, 245, 249)"


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(
    open_page: Open, site: Site
) -> None:
    opened = open_page().is_live()

    loaded = opened.page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert [one for one in loaded if not one.startswith(site.url)] == []
    policy = opened.page.locator("meta[http-equiv=Content-Security-Policy]")
    assert "unsafe" not in (policy.get_attribute("content") or "")
    ran = opened.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.inline = true";
            document.body.append(script);
            return window.inline ?? false;
        }"""
    )
    assert ran is False
    opened.expected = "Content Security Policy"
