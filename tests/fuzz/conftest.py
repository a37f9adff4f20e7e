"""The sources to fuzz, in silence: tens of thousands of refusals are logged otherwise."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.rooms import Fuzz


@pytest.fixture
def fuzz(market_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuzz]:
    logging.disable(logging.CRITICAL)
    yield Fuzz.on(market_data, monkeypatch.setattr)
    logging.disable(logging.NOTSET)
