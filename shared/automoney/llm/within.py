"""Do something for so long and no longer, whatever it waits for."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def within[T](seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError if that takes longer.

    Time limits of HTTP clients hold for one read each, and for no look-up of a name at all.  Work
    that is given up goes on in its own thread until it ends by itself, and nobody hears of it.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # handed to whoever waits, as a future does
            outcome.set_exception(error)

    Thread(target=run, name="model", daemon=True).start()
    return outcome.result(timeout=seconds)
