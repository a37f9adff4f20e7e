"""The backtest's page in a real browser: it draws, wide and narrow, and nothing goes wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("width", [1200, 390])
def test_the_report_draws(browser: Browser, market_data: Path, tmp_path: Path, width: int) -> None:
    file = tmp_path / "report.html"
    span = ("--data", market_data, "--from", "2021-11-01", "--to", "2022-02-01")
    command = [sys.executable, "-m", "infra.local", "backtest", *span, "--report", file]
    subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, check=True, timeout=300)

    page = browser.new_page(viewport={"width": width, "height": 900})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(file.as_uri())

    assert wrong == []
    assert page.locator("svg").count() == 6  # equity, drawdown, price and scores of both assets
    assert page.locator("svg path").count() >= 3 + 3 + 2 * (1 + 4)
    first = page.locator(".key").first
    before = first.inner_text()
    page.locator("svg").first.hover(position={"x": width / 3, "y": 50})
    assert first.inner_text() != before  # the figures of the day that is pointed at
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
