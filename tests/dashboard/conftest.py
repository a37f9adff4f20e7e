"""A real Chromium for the page's tests, and a world with something in it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.api.fakes_api import World
from tests.dashboard.opened import Open, opening
from tests.dashboard.served import Site, serve
from tests.dashboard.worlds import world_of_ada

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with the module: its event loop must not live on beside other tests' loops."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "BROWSER TESTS LEFT OUT: no chromium found"
        if os.environ.get("AUTOMONEY_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def world() -> World:
    return world_of_ada()


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with serve(world) as site:
        yield site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the page; a test fails for any complaint in the console that it does not expect."""
    with opening(browser, site.url) as open_page:
        yield open_page
