"""Closing sockets on which nothing has moved for a while, and forgetting those that are gone."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from automoney.errors import ConnectionGone, SourceUnavailable
from automoney.observability import logger
from automoney.ports import Connection, Connections, Sockets
from automoney.workflows.converse import TOO_MANY, dismiss, surplus

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
    found = connections.all()
    by_user: defaultdict[str, list[Connection]] = defaultdict(list)
    for one in found:
        by_user[one.user_id].append(one)
    too_many = {old.connection_id for theirs in by_user.values() for old in surplus(theirs)}
    for connection in found:
        if now - connection.connected_at < _OPENING:
            continue
        try:
            if connection.connection_id in too_many:  # left over by connects at the same moment
                dismiss(
                    connection.connection_id, TOO_MANY, connections=connections, sockets=sockets
                )
                closed += 1
                continue
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
