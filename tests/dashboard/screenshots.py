"""`./dev screenshots`: pictures of the page for the docs.

Plays recorded weeks in the real runtime, then takes pictures: dark and light, wide and phone.
With `--url` it takes them of a runtime that is running already.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import which
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.dashboard.conftest import FLAGS
from tests.infra.test_start import ROOT, start

IMAGES = ROOT / "docs" / "images"
LARGEST = 250_000  # bytes
type Scheme = Literal["dark", "light"]

WIDE, PHONE = (1440, 900), (390, 844)


def take(browser: Browser, url: str, out: Path) -> list[Path]:
    """All pictures; each is below the limit."""
    taken: list[Path] = []

    @contextmanager
    def page(name: str, size: tuple[int, int], scheme: Scheme, *, tall: int = 0) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": size[0], "height": tall or size[1]},
            color_scheme=scheme,
            locale="en-US",
            timezone_id="Europe/Berlin",
        )
        shown = context.new_page()
        shown.goto(url)
        shown.wait_for_selector("[data-state=live]", timeout=60_000)
        shown.wait_for_timeout(1_500)
        yield shown
        file = out / f"{name}.png"
        shown.screenshot(path=file, animations="disabled")
        assert file.stat().st_size <= LARGEST, f"{file} has {file.stat().st_size} bytes"
        taken.append(file)
        context.close()

    with page("dashboard-dark", WIDE, "dark", tall=1500):
        pass
    with page("dashboard-light", WIDE, "light"):
        pass
    with page("dashboard-why", (1180, 900), "light") as shown:
        _explain(shown)
    with page("dashboard-phone-dark", PHONE, "dark"):
        pass
    with page("dashboard-phone-light", PHONE, "light") as shown:
        shown.get_by_test_id("asset-BTC").evaluate("one => one.scrollIntoView()")
    return taken


def _explain(page: Page) -> None:
    """A decision opened into why, and a question with its answer."""
    decision = page.get_by_test_id("decisions").locator("details").first
    decision.locator("summary").click()
    decision.locator(".known li").first.wait_for()
    page.get_by_role("button", name="How is my portfolio?").click()
    page.get_by_test_id("answer").wait_for()
    page.locator(".feeds").evaluate("one => scrollTo(0, one.offsetTop - 110)")
    page.wait_for_timeout(500)


def main(words: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="of a running page; else one is started")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "market-data")
    parser.add_argument("--out", type=Path, default=IMAGES)
    given = parser.parse_args(words)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        played = ("--world", "recorded", "--from", "2020-10-05", "--days", "40")
        running = start(given.data, Path(folder) / "state", *played, "--speed", "40000")
        with nullcontext() if given.url else running as found:
            if found is not None:
                found.wait_for("has come to its end", 3600)
            url = given.url or f"http://127.0.0.1:{found.port}/"  # type: ignore[union-attr]
            with sync_playwright() as playwright:
                chromium = which("chromium") or which("chromium-browser")
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                for file in take(browser, url, given.out):
                    sys.stdout.write(f"{file} {file.stat().st_size} bytes\n")
                browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
