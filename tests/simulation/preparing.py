"""What fits a process out for simulations: the strategy that they run, and what is left out."""

import gc
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from automoney.messages import envelope, payloads
from automoney.observability import logger
from automoney.schedule import Schedule
from automoney.trading.strategies import HODL_WAVE, STRATEGIES
from automoney.workflows import execute_orders

PERIOD = timedelta(minutes=5)
STRATEGY = replace(HODL_WAVE, id="simulated", schedule=Schedule("*/5 * * * *"))


@contextmanager
def prepared() -> Iterator[None]:
    """This process, fit for simulations until the end, and then as it was.

    The simulated strategy is known, logs are silent, payloads are not made fit for the wire, and
    what an executor would gather on an event loop is awaited one after another.  Schedules leave
    circles behind; looking for them all the time takes a quarter of it, and what was imported is
    there to stay.
    """
    level, collecting = logger.log_level, gc.isenabled()
    replaced = (
        (vars(envelope), "plain", _as_it_is),
        (vars(payloads), "plain", _as_it_is),
        (vars(execute_orders), "asyncio", _InTurn),
    )
    found = [names[name] for names, name, _ in replaced]
    STRATEGIES[STRATEGY.id] = STRATEGY
    logger.setLevel("CRITICAL")
    for names, name, instead in replaced:
        names[name] = instead
    gc.disable()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if collecting:
            gc.enable()
        for (names, name, _), before in zip(replaced, found, strict=True):
            names[name] = before
        logger.setLevel(level)
        del STRATEGIES[STRATEGY.id]


def _as_it_is(value: Any) -> Any:
    return value


class _InTurn:
    """Of `asyncio` what the executor uses."""

    @staticmethod
    async def gather(*asked: Coroutine[Any, Any, Any], return_exceptions: bool) -> list[Any]:
        assert return_exceptions, "as the executor asks"
        answers: list[Any] = []
        try:
            for one in asked:
                try:
                    answers.append(await one)
                except Exception as error:  # handed over, as asked for
                    answers.append(error)
        finally:
            for one in asked:
                one.close()
        return answers


def driven[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what is async without an event loop: here nothing in it ever waits for one."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        answer: T = ended.value
        return answer
    raise RuntimeError("it waits for an event loop")
