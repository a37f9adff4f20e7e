"""Pushing committed events to the sockets that asked for them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from automoney.encoding import dumps
from automoney.errors import ConnectionGone, InvalidInput, SourceUnavailable
from automoney.observability import logger
from automoney.ports import Connection, Connections, Sockets

_AT_ONCE = 32  # users; a push is one round trip of waiting
_MANY = 25  # users from whom on reading all connections once is cheaper than each user's own


@dataclass(frozen=True, slots=True)
class Push:
    """One numbered event for one user, and the queue message it came in."""

    message_id: str
    user_id: str
    seq: int
    event: str
    strategy_id: str | None
    payload: bytes


def broadcast(
    bodies: Mapping[str, str], *, connections: Connections, sockets: Sockets
) -> list[str]:
    """Push every event in `bodies` (queue message id -> body); return the ids to deliver again.

    A body is `{"messages": [{"userId": "ada", "event": {envelope}}, …]}`.  Each user's events go
    out in the order of their `seq`.  A socket that is gone is forgotten.  One that can't be
    reached now gets nothing more in this call, and all queue messages it still needed something
    of are returned; what others see twice because of that they drop by `seq`.
    """
    failed: set[str] = set()
    by_user: defaultdict[str, list[Push]] = defaultdict(list)
    for message_id, body in bodies.items():
        try:
            for push in read_pushes(message_id, body):
                by_user[push.user_id].append(push)
        except InvalidInput as error:
            # again and again, until the queue gives it to the dead letters, where it raises alarm
            logger.error("unreadable events", extra={"id": message_id, "reason": str(error)})
            failed.add(message_id)
    if by_user:
        known: Mapping[str, Sequence[Connection]] | None = None
        if len(by_user) >= _MANY:
            try:
                known = _grouped(connections.all())
            except SourceUnavailable as error:
                logger.warning("connections unknown", extra={"reason": str(error)})
                return list(bodies)
        tell = partial(_tell_user, known=known, connections=connections, sockets=sockets)
        with ThreadPoolExecutor(min(_AT_ONCE, len(by_user))) as pool:
            failed.update(*pool.map(tell, by_user.values()))
    return [message_id for message_id in bodies if message_id in failed]


def read_pushes(message_id: str, body: str) -> list[Push]:
    """The events in one queue message.  Raises InvalidInput."""
    try:
        return [_push(message_id, entry["userId"], entry["event"]) for entry in _entries(body)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput("body", type(error).__name__, "messages of userId and event") from error


def _entries(body: str) -> list[Any]:
    entries: list[Any] = json.loads(body)["messages"]
    return entries


def _push(message_id: str, user_id: str, envelope: Mapping[str, Any]) -> Push:
    return Push(
        message_id,
        user_id,
        int(envelope["seq"]),
        envelope["event"],
        envelope["data"].get("strategyId"),
        dumps(envelope).encode(),
    )


def _grouped(found: Iterable[Connection]) -> Mapping[str, Sequence[Connection]]:
    by_user: defaultdict[str, list[Connection]] = defaultdict(list)
    for one in found:
        by_user[one.user_id].append(one)
    return by_user


def _tell_user(
    pushes: Sequence[Push],
    *,
    known: Mapping[str, Sequence[Connection]] | None,
    connections: Connections,
    sockets: Sockets,
) -> set[str]:
    """Push one user's events to all his sockets; return the queue messages that failed."""
    try:
        user_id = pushes[0].user_id
        open_now = connections.of_user(user_id) if known is None else known.get(user_id, ())
    except SourceUnavailable as error:
        logger.warning("connections unknown", extra={"reason": str(error)})
        return {push.message_id for push in pushes}
    in_order = sorted(pushes, key=lambda push: push.seq)
    failed: set[str] = set()
    for connection in open_now:
        wanted = [push for push in in_order if hears(connection, push)]
        unsent = _tell_socket(connection.connection_id, wanted, connections, sockets)
        failed.update(push.message_id for push in unsent)
    return failed


def _tell_socket(
    connection_id: str, pushes: Sequence[Push], connections: Connections, sockets: Sockets
) -> Iterable[Push]:
    """Push in order; return what did not get out and should."""
    for number, push in enumerate(pushes):
        try:
            sockets.post(connection_id, push.payload)
        except ConnectionGone:
            connections.remove(connection_id)
            return ()
        except SourceUnavailable as error:
            logger.warning("push failed", extra={"connection": connection_id, "reason": str(error)})
            return pushes[number:]  # later ones too: they must not overtake it
    return ()


def hears(connection: Connection, push: Push) -> bool:
    """Whether one of the connection's subscriptions takes in this event."""
    return any(
        wanted.event in (None, push.event) and wanted.strategy_id in (None, push.strategy_id)
        for wanted in connection.subscriptions
    )
