"""The server, without any answers, and the recorded bodies to give it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.served import Answer, Served


@pytest.fixture(scope="session")
def _server() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture
def served(_server: Served) -> Served:
    _server.forget()
    return _server


class Recorded:
    """The recorded bodies by name, as `binance/klines.200.json`; the status is in the name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> Answer:
        _, status, kind = name.rsplit(".", 2)
        types = {"json": "application/json; charset=utf-8", "html": "text/html"}
        return Answer((self._folder / name).read_bytes(), int(status), types[kind])


@pytest.fixture(scope="session")
def recorded(market_data: Path) -> Recorded:
    return Recorded(market_data / "api-bodies")
