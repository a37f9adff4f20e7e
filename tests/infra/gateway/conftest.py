"""One gateway for each test file; each test gets its functions and calls afresh."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.gateway import Limits
from tests.infra.gateway.served import Functions, Gateway, later


@pytest.fixture(scope="module")
def page_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "dashboard"
    folder.mkdir()
    (folder / "index.html").write_text("<title>AutoMoney</title>")
    (folder / "app.js").write_text("'use strict';")
    (folder / "style.css").write_text("body {}")
    (folder / "logo.svg").write_text("<svg/>")
    (folder / ".secret.json").write_text("{}")
    (folder / "notes.py").write_text("")
    (folder.parent / "outside.html").write_text("outside")
    (folder / "link.html").symlink_to(folder.parent / "outside.html")
    return folder


@pytest.fixture(scope="module")
def limits() -> Limits | None:
    """A test file may have others."""
    return None


@pytest.fixture(scope="module")
def server(page_dir: Path, limits: Limits | None) -> Iterator[Gateway]:
    server = Gateway(page_dir, limits)
    yield server
    server.stop()


@pytest.fixture
def gateway(server: Gateway) -> Iterator[Gateway]:
    fresh = Functions()
    server.functions.calls, server.functions.named = fresh.calls, fresh.named
    yield server
    later(lambda: server.hub.at_rest)  # or this test's goodbyes would be the next one's
