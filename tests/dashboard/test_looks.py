"""Whoever looks at it, on whatever: screen readers, keys, small and wide screens, other colours."""

import json
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.dashboard.opened import Open, Opened

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
            if (!one.hadRecentInput) window.shifts.push([one.value, one.startTime,
                ...one.sources.map(({node}) => node?.className || node?.id || String(node))]);
        }
    }).observe({type: "layout-shift", buffered: true});
"""


def unfold(opened: Opened) -> None:
    """Open everything that opens."""
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.wait_for_timeout(500)


def found_by_axe(opened: Opened) -> list[dict[str, Any]]:
    opened.page.evaluate(AXE)
    result = opened.page.evaluate("axe.run()")
    assert len(result["passes"]) > 20  # it did look
    return [
        {"id": one["id"], "impact": one["impact"], "where": [n["html"] for n in one["nodes"]][:3]}
        for one in result["violations"]
    ]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_in_the_whole_page_unfolded(
    open_page: Open, locale: str, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    # the fakes have no run to explain
    opened = open_page(
        expected="status of 404",
        locale=locale,
        color_scheme=scheme,
        viewport=size,
        reduced_motion="reduce",
    )
    opened.is_live()
    unfold(opened)

    found = found_by_axe(opened)

    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)


def test_axe_would_find_what_is_wrong(open_page: Open) -> None:
    opened = open_page(reduced_motion="reduce").is_live()
    opened.page.evaluate("document.querySelector('#question').labels[0].remove()")
    opened.page.evaluate("document.querySelector('#question').removeAttribute('placeholder')")

    assert "label" in [one["id"] for one in found_by_axe(opened)]


def test_nothing_jumps_while_it_fills_and_while_it_runs(open_page: Open) -> None:
    opened = open_page("icon.svg", expected="status of 404")
    opened.page.add_init_script(SHIFTS)
    for width in (1440, 390):
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.page.goto(opened.url)
        opened.is_live()
        opened.page.wait_for_timeout(5_000)  # a round of new prices

        shifts = opened.page.evaluate("window.shifts")
        assert sum(one[0] for one in shifts) < 0.02, shifts


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_every_screen_in_both_languages(open_page: Open, scheme: str) -> None:
    for locale in ("en-US", "zh-CN"):
        opened = open_page(expected="status of 404", color_scheme=scheme, locale=locale).is_live()
        unfold(opened)
        for width in (360, 390, 768, 1024, 1400, 2560):
            opened.page.set_viewport_size({"width": width, "height": 800})
            assert opened.page.evaluate("document.documentElement.scrollWidth") == width

        ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"dark": "rgb(10, 14, 23)", "light": "rgb(243, 245, 249)"}[scheme]


def test_the_reader_chooses_the_colours_and_they_stay(open_page: Open) -> None:
    opened = open_page(color_scheme="light").is_live()
    ground = "getComputedStyle(document.body).backgroundColor"

    opened.part("menu").click()
    opened.page.get_by_label("Colours").select_option("dark")
    assert opened.page.evaluate(ground) == "rgb(10, 14, 23)"

    opened.page.reload()
    opened.is_live()
    assert opened.page.evaluate(ground) == "rgb(10, 14, 23)"


def test_it_speaks_chinese_to_who_reads_chinese_and_english_if_he_wants(open_page: Open) -> None:
    opened = open_page(locale="zh-CN").is_live()
    assert opened.page.evaluate("document.documentElement.lang") == "zh-CN"
    expect(opened.page.get_by_role("heading", name="投资组合")).to_be_visible()
    expect(opened.part("connection")).to_have_text("实时")
    time = opened.part("trades").locator("time")
    expect(time).to_have_text("11月5日 13:00")
    expect(time).to_have_attribute("title", "2025-11-05 12:00:03 UTC")

    opened.part("menu").click()
    opened.page.get_by_label("语言").select_option("en")

    opened.is_live()
    assert opened.page.evaluate("document.documentElement.lang") == "en"
    expect(opened.page.get_by_role("heading", name="Portfolio")).to_be_visible()


def test_a_chart_is_read_with_the_keys_and_its_lines_are_switched(open_page: Open) -> None:
    opened = open_page().is_live()
    chart = opened.part("chart-BTC")
    chart.locator("svg").focus()

    opened.page.keyboard.press("ArrowLeft")
    expect(chart.locator(".readout")).to_contain_text("45,012.35 now · EMA 21")
    opened.page.keyboard.press("ArrowLeft")
    expect(chart.locator(".readout")).to_contain_text("Nov 4, 2025")
    opened.page.keyboard.press("Escape")
    expect(chart.locator(".readout")).to_contain_text("since")

    assert chart.locator("path.trade.buy title").text_content() == (
        "Bought 0.5 BTC at 45,022.50, Nov 5, 2025, 1:00 PM"
    )
    for name, kind in (("EMA 21", "ema21"), ("Bollinger", "band"), ("Trades", "trade")):
        drawn = chart.locator(f"svg path.{kind}")
        expect(drawn).to_have_count(1)
        chart.get_by_role("button", name=name).press("Enter")
        expect(drawn).to_have_count(0)


def test_everything_is_reached_with_tab_and_shows_where_one_is(open_page: Open) -> None:
    opened = open_page().is_live()
    unseen = opened.page.evaluate(
        """async () => {
            const bad = [];
            const all = [...document.querySelectorAll("button, select, input, summary, a")];
            for (const one of all.filter((e) => e.checkVisibility() && !e.disabled)) {
                one.focus({focusVisible: true});
                const style = getComputedStyle(one);
                if (document.activeElement !== one || style.outlineStyle === "none") {
                    bad.push(one.outerHTML.slice(0, 80));
                }
            }
            return bad;
        }"""
    )
    assert unseen == []
