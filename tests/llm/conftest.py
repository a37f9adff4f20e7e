"""A server on loopback that answers as models do, and a migrated database."""

from collections.abc import Iterator

import pytest

from tests.sources.served import Served
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]


@pytest.fixture(scope="session")
def _model_server() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture
def served(_model_server: Served) -> Served:
    """Without any answers yet."""
    _model_server.forget()
    return _model_server
