"""What must not happen, whatever others wrote and whoever looks."""

from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import expect

from automoney.messages import (
    decision_message,
    scores_message,
)
from automoney.trading.judgement import Signal
from tests.api.fakes_api import NOON, judgement_at
from tests.dashboard.opened import Open
from tests.dashboard.served import Site
from tests.dashboard.worlds import decision

FOUR = NOON + timedelta(hours=4)


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
