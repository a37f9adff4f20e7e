"""What changes an open page, and what it survives."""

from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Route, expect

from automoney.messages import (
    decision_message,
    portfolio_message,
    scores_message,
    trade_message,
)
from automoney.trading.judgement import Signal
from tests.api.fakes_api import NOON, judgement_at
from tests.dashboard.opened import Open
from tests.dashboard.served import Site
from tests.dashboard.worlds import decision, fill, told

FOUR = NOON + timedelta(hours=4)


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
