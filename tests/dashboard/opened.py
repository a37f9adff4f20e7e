"""A page that is open in Chromium, and what its console complained of."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

expect.set_options(timeout=20_000)  # patience for a busy machine: what is there is seen at once


@dataclass
class Opened:
    """A page and what its console complained of; `expected` holds what a test brings about."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: str = "^$"

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    def is_live(self, seconds: float = 30) -> "Opened":
        live = "[data-testid=connection][data-state=live]"
        self.page.wait_for_selector(live, timeout=1000 * seconds)
        return self

    def logged(self) -> list[int]:
        """The numbers in the activity's log, newest first."""
        rows = self.page.locator("[data-testid=log] [data-seq]")
        return [int(row.get_attribute("data-seq") or 0) for row in rows.all()]

    def surprises(self) -> list[str]:
        return [one for one in self.complaints if not re.search(self.expected, one)]


type Open = Callable[..., Opened]


@contextmanager
def opening(browser: Browser, url: str) -> Iterator[Open]:
    """Opens pages; ends with an error for any complaint that was not expected."""
    pages: list[Opened] = []

    def open_page(path: str = "", expected: str = "^$", **options: Any) -> Opened:
        zone = {"locale": "en-US", "timezone_id": "Europe/Berlin"}
        context = browser.new_context(**{**zone, **options})
        opened = Opened(context, context.new_page(), url, expected=expected)
        pages.append(opened)

        def listen(message: Any) -> None:
            if message.type in ("error", "warning"):
                opened.complaints.append(message.text)

        opened.page.on("console", listen)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.goto(url + path)
        return opened

    yield open_page
    for opened in pages:
        opened.context.close()
        assert opened.surprises() == []
