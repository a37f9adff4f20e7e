"""Snapshots as blobs, each named by the SHA-256 of its bytes, and back.  Pure but for a memory."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from automoney.errors import InvalidInput
from automoney.market.readings import Reading
from automoney.market.snapshot import Snapshot
from automoney.trading.receipts.columns import columns, quarters, readings_of
from automoney.trading.receipts.exact import exact, restore

Blobs = Mapping[str, bytes]
Fetch = Callable[[Iterable[str]], Blobs]
"""Gives the blobs of those names; it raises if one is absent or not what its name says."""

_REMEMBERED = 2_000  # pieces and lists: far more than the assets of an installation have


@dataclass(frozen=True, slots=True)
class Packed:
    """`name` is the snapshot's own blob; `blobs` has that one and all that it names."""

    name: str
    blobs: Blobs


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs snapshots, and remembers the bytes of series that have not changed since."""

    _pieces: dict[tuple[str, str | None, int], tuple[Sequence[Reading], str, bytes]] = field(
        default_factory=dict, repr=False
    )
    _lists: dict[tuple[str, ...], tuple[str, bytes]] = field(default_factory=dict, repr=False)

    def pack(self, snapshot: Snapshot) -> Packed:
        blobs: dict[str, bytes] = {}
        series = [
            (name, self._series(readings, blobs)) for name, readings in snapshot.series.items()
        ]
        data = {
            "asset": snapshot.asset,
            "as_of": snapshot.as_of,
            "mark": snapshot.mark,
            "timeframe": snapshot.timeframe,
            "outlooks": list(snapshot.outlooks.items()),
            "series": series,
            "stale": snapshot.stale,
        }
        body = exact(data)
        name = name_of(body)
        blobs[name] = body
        return Packed(name, blobs)

    def _series(self, readings: Sequence[Reading], blobs: dict[str, bytes]) -> str:
        pieces = []
        for quarter in quarters(readings):
            name, body = self._piece(quarter)
            blobs[name] = body
            pieces.append(name)
        names = tuple(pieces)
        listed = self._lists.get(names)
        if listed is None:
            body = exact({"pieces": names})
            if len(self._lists) > _REMEMBERED:
                self._lists.clear()
            listed = self._lists[names] = (name_of(body), body)
        blobs[listed[0]] = listed[1]
        return listed[0]

    def _piece(self, readings: Sequence[Reading]) -> tuple[str, bytes]:
        first = readings[0]
        key = (first.series, first.asset, 4 * first.period.year + (first.period.month - 1) // 3)
        known = self._pieces.get(key)
        # Mostly the same objects as before, so that comparing them costs next to nothing.
        if known is not None and known[0] == readings:
            return known[1:]
        body = exact(columns(readings))
        if len(self._pieces) > _REMEMBERED:
            self._pieces.clear()
        self._pieces[key] = (readings, name_of(body), body)
        return self._pieces[key][1:]


def unpack(name: str, fetch: Fetch) -> Snapshot:
    """The snapshot that was packed under that name.  Raises InvalidInput for other content."""
    data = _parsed(name, fetch([name])[name])
    lists = fetch({one for _, one in data["series"]})
    series = {one: _parsed(blob, lists[blob])["pieces"] for one, blob in data["series"]}
    pieces = fetch({piece for found in series.values() for piece in found})
    kept = restore(Snapshot, {**data, "outlooks": dict(data["outlooks"]), "series": {}}, name)
    return replace(
        kept,
        series={
            one: tuple(
                reading for piece in found for reading in readings_of(_parsed(piece, pieces[piece]))
            )
            for one, found in series.items()
        },
    )


def name_of(body: bytes) -> str:
    """What a blob is called."""
    return sha256(body).hexdigest()


def _parsed(name: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise InvalidInput("blob", name, "JSON") from error
