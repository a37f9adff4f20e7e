"""Fixtures that every room may use."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.services"]


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The recorded market data: AUTOMONEY_MARKET_DATA, or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "market-data"
    folder = Path(os.environ.get("AUTOMONEY_MARKET_DATA", beside))
    if not (folder / "binance").is_dir():
        pytest.fail(f"no recorded market data at {folder}; set AUTOMONEY_MARKET_DATA to its folder")
    return folder
