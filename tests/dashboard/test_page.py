"""The page in a real browser: what it paints."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import expect

from automoney.messages import (
    scores_message,
)
from tests.api.fakes_api import NOON, World, judgement_at
from tests.dashboard.opened import Open
from tests.dashboard.served import Site
from tests.dashboard.worlds import told

FOUR = NOON + timedelta(hours=4)


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
    expect(opened.page.get_by_role("region", name="On-chain view of BTC")).to_contain_text(
        "degraded"
    )
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
