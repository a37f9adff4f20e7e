"""Relay: hand committed events to the queue.  Tell after commit, and at least once."""

from automoney.ports import EventQueue, Outbox

_AT_ONCE = 500


def relay(outbox: Outbox, queue: EventQueue) -> int:
    """Hand over everything that waits, whoever committed it; return how many.

    Called at the end of each function that commits events.  What a crash leaves waiting goes out
    with the retry or the next run; a client that misses it meanwhile asks `/api/events`.
    """
    sent = 0
    while True:
        with outbox.relaying(_AT_ONCE) as messages:
            if not messages:
                return sent
            queue.send(messages)
        sent += len(messages)
