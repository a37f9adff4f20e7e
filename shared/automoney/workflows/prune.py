"""Closing sockets on which nothing has moved for a while, and forgetting those that are gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.errors import ConnectionGone, SourceUnavailable
from automoney.observability import logger
from automoney.ports import Connections, Sockets
from automoney.workflows.converse import dismiss

IDLE = timedelta(minutes=5)  # description 5.1.1; a client pings every 30 seconds

# API Gateway calls a socket gone until $connect has been answered, which is after we recorded it.
_OPENING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many sockets were closed for being idle, were gone already, and could not be asked."""

    closed: int
    gone: int
    unknown: int


def prune(*, connections: Connections, sockets: Sockets, now: datetime) -> Pruned:
    """Close what has been idle for five minutes; what can't be asked waits for the next time."""
    closed = gone = unknown = 0
    for connection in connections.all():
        if now - connection.connected_at < _OPENING:
            continue
        try:
            if now - sockets.last_active(connection.connection_id) < IDLE:
                continue
            reason = f"nothing was sent for {IDLE.seconds // 60} minutes"
            dismiss(connection.connection_id, reason, connections=connections, sockets=sockets)
            closed += 1
        except ConnectionGone:
            connections.remove(connection.connection_id)
            gone += 1
        except SourceUnavailable as error:
            logger.warning("socket not asked", extra={"reason": str(error)})
            unknown += 1
    return Pruned(closed, gone, unknown)
