"""Several requests to one source at once, of which some may fail."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from automoney.errors import SourceUnavailable
from automoney.market.readings import Reading

_logger = logging.getLogger("automoney.sources")


async def what_comes(
    source: str,
    requests: Mapping[str, Callable[[], Awaitable[Iterable[Reading]]]],
    *,
    at_once: int,
) -> tuple[Reading, ...]:
    """The readings of all `requests` that answer, oldest first in each series.

    `requests` go by the name that a warning gives to the one that failed; up to `at_once` run
    at the same time.  Raises SourceUnavailable only when every one of them did.
    """
    came: list[Reading] = []
    failed: dict[str, SourceUnavailable] = {}
    slots = asyncio.Semaphore(at_once)

    async def run(name: str, request: Callable[[], Awaitable[Iterable[Reading]]]) -> None:
        async with slots:
            try:
                came.extend(await request())
            except SourceUnavailable as error:
                failed[name] = error

    async with asyncio.TaskGroup() as group:
        for name, request in requests.items():
            group.create_task(run(name, request))
    failed = {name: failed[name] for name in requests if name in failed}  # not as they came in
    if requests and len(failed) == len(requests):
        raise _nothing(source, failed)
    for name, error in failed.items():
        status = {"status": error.status}  # for whoever asks again later, such as the backfill
        _logger.warning("%s: going on without %s: %s", source, name, error.reason, extra=status)
    return tuple(sorted(came, key=lambda one: (one.series, one.asset or "", one.period)))


def _nothing(source: str, failed: Mapping[str, SourceUnavailable]) -> SourceUnavailable:
    """One error for all: that of the first, or of the first that says how long to stay away."""
    name, error = next(
        ((name, error) for name, error in failed.items() if error.retry_after is not None),
        next(iter(failed.items())),
    )
    reason = f"none of {len(failed)} requests gave anything; {name}: {error.reason}"
    return SourceUnavailable(source, reason, status=error.status, retry_after=error.retry_after)
