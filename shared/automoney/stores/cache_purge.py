"""Which keys of ours in Redis nobody could want, and dropping them.  Keys of others stay."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError

from automoney.market.series import GROUPS
from automoney.market.tracking import TRACKED
from automoney.observability import logger
from automoney.ports import CachePurge
from automoney.stores import cached_values
from automoney.stores.cached_values import Entry
from automoney.stores.read_through import LOCKS
from automoney.stores.redis_link import RedisLink
from automoney.trading.strategies import AGENTS

# Whatever begins so is ours.  Breakers were kept here once; now they are in Postgres.
_OURS = ("market:data:*", "agent:score:*", f"{LOCKS}*", "breaker:*")
_PAGE = 1000  # keys that one step of a scan looks at
_NO_END = -1  # what Redis says of the life of a key that has none
_GONE = -2  # and of a key that is not there any more


def purge(link: RedisLink, assets: Sequence[str]) -> CachePurge | None:
    """Drop what is orphaned of ours; None if Redis is away, though some may have gone by then."""
    known = {entry.key: entry for entry in _entries(assets)}
    dropped: Counter[str] = Counter()
    try:
        for key, name in _scanned(link):
            replies = link.send(("TTL", key), ("MEMORY", "USAGE", key), ("GET", key))
            if replies is None:
                return None
            life, size, text = replies
            why = _reason(name, life, text, known)
            if why is not None and link.send(("UNLINK", key)) is not None:
                dropped[why] += 1
                dropped["bytes"] += size if isinstance(size, int) else 0
    except RedisError as error:
        logger.error("the cache went away", extra={"error": type(error).__name__})
        return None
    return CachePurge(**dropped)


def _entries(assets: Sequence[str]) -> Iterator[Entry[Any]]:
    for asset in assets:
        yield cached_values.latest_of(asset)
        for timeframe in TRACKED:
            yield cached_values.candles_of(asset, timeframe)
            yield cached_values.state_of(asset, timeframe)
    yield from map(cached_values.group_of, GROUPS)
    yield from map(cached_values.scores_of, AGENTS)


def _scanned(link: RedisLink) -> Iterator[tuple[bytes, str]]:
    """Each key once, as Redis has it and as text: a scan may name it twice."""
    seen: set[bytes] = set()
    for pattern in _OURS:
        for key in link.redis.scan_iter(match=pattern, count=_PAGE):
            if key not in seen:
                seen.add(key)
                yield key, key.decode(errors="replace")


def _reason(key: str, life: object, text: object, known: Mapping[str, Entry[Any]]) -> str | None:
    if life == _GONE:
        return None
    if key.startswith(LOCKS):
        return "undying" if life == _NO_END else None
    if key not in known:
        return "unknown"
    if life == _NO_END:
        return "undying"
    return "garbled" if known[key].decode(text) is None else None
