"""How heavy the page is, how soon it is there, and what is left of it after a long day."""

import gzip
import re
import statistics
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from automoney.messages import (
    decision_message,
    portfolio_message,
    scores_message,
    trade_message,
)
from automoney.trading.judgement import Signal
from tests.api.fakes_api import judgement_at
from tests.dashboard.opened import Open
from tests.dashboard.served import Site
from tests.dashboard.worlds import decision, fill, told

PAGE = Path(__file__).parents[2] / "dashboard"
LOADED_BY_NODE = {"client/node_socket.js", "client/types.js"}
LIMIT = 250_000  # bytes, compressed


def test_all_that_is_loaded_is_below_250_kb_compressed() -> None:
    files = [
        file
        for file in PAGE.rglob("*")
        if file.is_file() and str(file.relative_to(PAGE)) not in LOADED_BY_NODE
    ]
    size = sum(len(gzip.compress(file.read_bytes())) for file in files)

    assert 20_000 < size < LIMIT, f"{len(files)} files, {size} bytes compressed"


def test_every_module_is_preloaded_so_that_none_waits_for_another() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    modules = {str(file.relative_to(PAGE)) for file in PAGE.rglob("*.js")}

    assert len(preloaded) == len(set(preloaded))
    assert set(preloaded) == modules - LOADED_BY_NODE - {"app.js", "boot.js"}


def test_a_warm_page_is_painted_within_a_second(open_page: Open) -> None:
    opened = open_page().is_live()
    first: list[float] = []
    for _ in range(5):
        opened.page.reload()
        opened.page.wait_for_selector("#content:not([hidden])")
        first.append(
            opened.page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            )
        )
        opened.is_live()

    assert statistics.median(first) <= 1000, first


def measured(page: Page) -> dict[str, float]:
    """Bytes of live JavaScript objects, DOM nodes and listeners, after the rubbish is taken out."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


def test_two_hundred_days_of_events_leave_memory_and_page_as_they_were(
    open_page: Open, site: Site
) -> None:
    """A stand-in for eight hours at 600x, pushed as quickly as they are taken: 6,000 events."""
    opened = open_page(reduced_motion="reduce").is_live()

    def push(runs: int) -> None:
        for _ in range(runs):
            slot = site.world.now = site.world.now + timedelta(hours=4)
            judgement = told(judgement_at(slot))
            portfolio = site.world.books.portfolio(
                "ada", site.world.marks.marks(["BTC"], as_of=slot)
            )
            bought = replace(fill("ETH", "0.25"), at=slot)
            for message in (
                scores_message(judgement),
                decision_message(judgement, decision("BTC", Signal.HOLD, "0")),
                decision_message(judgement, decision("ETH", Signal.BUY, "0.1")),
                trade_message(judgement, bought),
                portfolio_message(judgement, portfolio, slot),
            ):
                site.push(site.commit(message))
        last = site.world.outbox.messages[-1].seq
        opened.page.wait_for_selector(f"[data-seq='{last}']", timeout=60_000)

    push(200)  # until every list is as long as it gets
    before = measured(opened.page)
    push(1000)
    after = measured(opened.page)

    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] * 1.15 + 500_000, (before, after)
    assert after["Nodes"] < before["Nodes"] * 1.1 + 200, (before, after)
    assert after["JSEventListeners"] < before["JSEventListeners"] * 1.1 + 50, (before, after)
    assert opened.page.evaluate("document.querySelectorAll('*').length") < 3_000
