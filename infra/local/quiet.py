"""What a command on a terminal leaves out of its log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def errors_only() -> Iterator[None]:
    """For a block: warnings of what years of data lack would bury the answer."""
    log = logging.getLogger("automoney")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
