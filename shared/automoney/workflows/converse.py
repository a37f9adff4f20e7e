"""What a socket's other end may say to us: hello, goodbye, and what it wants to hear."""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from automoney.encoding import dumps
from automoney.errors import ConnectionGone, InvalidInput, SourceUnavailable, Unknown
from automoney.messages import Event
from automoney.observability import logger
from automoney.ports import Connection, Connections, Sockets, Subscription
from automoney.trading.strategies import STRATEGIES


class TooManyConnections(Exception):
    """This socket must not open."""


MOST_PER_USER = 3  # description 5.1.1
TOO_MANY = f"{MOST_PER_USER} newer connections of yours are open"

_OPENING = timedelta(seconds=10)
_OPENING_TRIES, _OPENING_WAIT = 30, 0.05  # seconds

_ACTIONS = ("subscribe", "unsubscribe", "ping")
_PROPERTIES = ("action", "event", "strategyId")
_LONGEST_ECHO = 64


def connect(
    connection_id: str,
    user_id: str,
    *,
    connections: Connections,
    sockets: Sockets,
    now: datetime,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Register a socket; if the user then has more than three, the oldest are told and closed.

    Raises TooManyConnections if this one is not among the newest three: of many that open at the
    same moment one may be overtaken by three others before it has been written down.
    """
    mine = Connection(connection_id, user_id, connected_at=now)
    connections.add(mine)
    # The index that answers may not know the new one yet, so it is counted by hand.
    others = [one for one in connections.of_user(user_id) if one.connection_id != connection_id]
    for old in surplus([*others, mine]):
        if old is mine:
            connections.remove(connection_id)
            raise TooManyConnections(TOO_MANY)
        try:
            _dismiss_opening(old, connections=connections, sockets=sockets, now=now, wait=wait)
        except SourceUnavailable as error:
            # a socket too many is better than none: the next connect or prune tries again
            logger.warning("socket not closed", extra={"reason": str(error)})


def surplus(of_one_user: Iterable[Connection]) -> list[Connection]:
    """Those that are not among the newest three, oldest first."""
    return sorted(of_one_user, key=lambda one: (one.connected_at, one.connection_id))[
        :-MOST_PER_USER
    ]


def _dismiss_opening(
    old: Connection,
    *,
    connections: Connections,
    sockets: Sockets,
    now: datetime,
    wait: Callable[[float], None],
) -> None:
    """Dismiss a socket that may still be opening, when API Gateway calls it gone.

    It opens as soon as its own $connect has been answered, so it is waited for: forgotten now, it
    would stay open unseen.  One that does not open meanwhile is left to `ws_prune`.
    """
    for _ in range(_OPENING_TRIES):
        try:
            _farewell(old.connection_id, TOO_MANY, sockets)
        except ConnectionGone:
            if now - old.connected_at < _OPENING:
                wait(_OPENING_WAIT)
                if connections.get(old.connection_id) is None:
                    return  # another one did it, or it has said goodbye
                continue
        connections.remove(old.connection_id)
        return


def disconnect(connection_id: str, *, connections: Connections) -> None:
    """Forget a socket that closed."""
    connections.remove(connection_id)


def dismiss(connection_id: str, reason: str, *, connections: Connections, sockets: Sockets) -> None:
    """Tell a socket why, close it and forget it.  One that is gone already is just forgotten."""
    with suppress(ConnectionGone):
        _farewell(connection_id, reason, sockets)
    connections.remove(connection_id)


def _farewell(connection_id: str, reason: str, sockets: Sockets) -> None:
    sockets.post(connection_id, _frame("connection:closed", {"reason": reason}))
    sockets.close(connection_id)


def message(connection_id: str, body: str, *, connections: Connections, sockets: Sockets) -> None:
    """Do what the message asks and say so; say what is wrong with it otherwise.

    `{"action": "subscribe", "event": "agent:scores", "strategyId": "hodl-wave"}`, or
    `unsubscribe` or `ping`; event and strategyId absent or null mean all of them.
    """
    try:
        reply = _answer(connection_id, body, connections)
    except InvalidInput as error:
        reply = _frame("error", {"reason": str(error)})
    except ConnectionGone:
        # An open socket that we have no record of would never hear of anything again.
        reason = "this connection is no longer registered; connect again"
        dismiss(connection_id, reason, connections=connections, sockets=sockets)
        return
    try:
        sockets.post(connection_id, reply)
    except ConnectionGone:
        connections.remove(connection_id)


def _answer(connection_id: str, body: str, connections: Connections) -> bytes:
    request = _parse(body)
    action = _one_of("action", request.get("action"), _ACTIONS)
    if action == "ping":
        return dumps({"event": "pong"}).encode()
    for name in request:
        # a misspelt `event` would otherwise subscribe to everything
        _one_of("property", name, _PROPERTIES)
    asked = Subscription(
        _one_of("event", request.get("event"), (None, *Event)),
        _one_of("strategyId", request.get("strategyId"), (None, *STRATEGIES)),
    )
    if action == "subscribe":
        connections.subscribe(connection_id, asked)
    else:
        _unsubscribe(connection_id, asked, connections)
    return _frame(f"{action}d", {"event": asked.event, "strategyId": asked.strategy_id})


def _unsubscribe(connection_id: str, dropped: Subscription, connections: Connections) -> None:
    """Take `dropped` away from everything that is heard, wider subscriptions included."""
    connection = connections.get(connection_id)
    if connection is None:
        raise ConnectionGone(connection_id)
    left = without(connection.subscriptions, dropped)
    # First what stays, then what goes, so that nothing is missed in between.
    for wanted in left - connection.subscriptions:
        connections.subscribe(connection_id, wanted)
    for unwanted in connection.subscriptions - left:
        connections.unsubscribe(connection_id, unwanted)


def without(held: Iterable[Subscription], dropped: Subscription) -> frozenset[Subscription]:
    """What is left of `held`; one that is only partly dropped is cut into its other parts."""
    left: set[Subscription] = set()
    for one in held:
        events = tuple(Event) if one.event is None else (one.event,)
        strategies = tuple(STRATEGIES) if one.strategy_id is None else (one.strategy_id,)
        pairs = {Subscription(str(event), id_) for event, id_ in product(events, strategies)}
        hit = {
            pair
            for pair in pairs
            if dropped.event in (None, pair.event)
            and dropped.strategy_id in (None, pair.strategy_id)
        }
        if not hit:
            left.add(one)
        else:
            left |= pairs - hit
    return frozenset(left)


def _parse(body: str) -> dict[str, Any]:
    expected = f'a JSON object such as {{"action": "subscribe"}}; actions: {", ".join(_ACTIONS)}'
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("message", _shown(body), expected) from None
    if not isinstance(request, dict):
        raise InvalidInput("message", _shown(body), expected)
    return request


def _one_of[Name: str | None](field: str, value: object, known: tuple[Name, ...]) -> Name:
    for name in known:
        if value == name:
            return name
    raise Unknown(field, _shown(value), [str(name) for name in known if name is not None])


def _shown(value: object) -> object:
    """The sender's own words, cut: an error is not the place for 128 KB of them."""
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "…"


def _frame(event: str, data: dict[str, Any]) -> bytes:
    return dumps({"event": event, "data": data}).encode()
