"""A world of fakes, and a client of the API over it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from tests.api.fakes_api import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """Ada's client: it sends her token with every request."""
    app = create_app(world.services())
    with TestClient(app, headers={"Authorization": "Bearer token-of-ada"}) as client:
        yield client
