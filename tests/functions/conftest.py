"""Handlers leave an event loop behind for the next invocation; here there is none."""

from collections.abc import Iterator

import pytest

from automoney import wiring


@pytest.fixture(autouse=True)
def left() -> Iterator[None]:
    """Close what a handler has opened on this thread."""
    yield
    wiring.leave()
