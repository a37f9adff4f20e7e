"""Fixtures that every room may use."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import automoney.observability  # noqa: F401  # which sets the log's level

pytest_plugins = ["tests.services"]


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The recorded market data: AUTOMONEY_MARKET_DATA, or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "market-data"
    folder = Path(os.environ.get("AUTOMONEY_MARKET_DATA", beside))
    if not (folder / "binance").is_dir():
        pytest.fail(f"no recorded market data at {folder}; set AUTOMONEY_MARKET_DATA to its folder")
    return folder


@pytest.fixture(autouse=True)
def logging_left_as_it_was() -> Iterator[None]:
    """A test that silences a log for good would make those after it blind."""
    log = logging.getLogger("automoney")
    before = log.level, logging.root.manager.disable
    yield
    assert (log.level, logging.root.manager.disable) == before, "a log was left silenced"
