"""How heavy the page is, how soon it is there, and what is left of it after a long day."""

import gzip
import re
import statistics
from pathlib import Path

from tests.dashboard.opened import Open

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
