"""One mutated answer of one source: `mutant(source, 17, bodies)` is the same one every time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from automoney.market.candles import Timeframe
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.tree import Node, Shape
from tests.fuzz.wire import WIRE, Sent

PAYLOADS = 50_000  # of each source
_SEED = 20_250_921

_INSIDE, _INSIDE_WEIGHTS = zip(*MUTATIONS, strict=True)
_AROUND, _AROUND_WEIGHTS = zip(*WIRE, strict=True)
# Of 100 payloads so many have no mutation at all, one, two, three or five.
_AROUND_SHARE = 0.25  # of the mutations are around the body, not in it
_HOW_MANY, _SHARES = (0, 1, 2, 3, 5), (3, 56, 24, 12, 5)


@dataclass(frozen=True, slots=True)
class Body:
    """What a source would answer to one request at `slot`: `sent` as a tree, with its `shape`.

    `kind` names the request: `tickers`, `klines`, ...  `asset`, `timeframe` and `series` say what
    was asked for, `before` the price that was known before, where there is one, and `known_until`
    up to when bars of the timeframe were.
    """

    kind: str
    slot: datetime
    tree: Node
    shape: Shape
    asset: str = "BTC"
    timeframe: Timeframe | None = None
    series: str | None = None
    before: str | None = None
    known_until: datetime | None = None
    content_type: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`body` as it was, what is `sent` instead, and the `mutations` that were made, by name."""

    source: str
    index: int
    body: Body
    sent: Sent
    mutations: tuple[str, ...]

    def __str__(self) -> str:
        """All that it takes to see what went wrong, and to do it again."""
        body = self.sent.body if len(self.sent.body) < 3_000 else self.sent.body[:3_000] + b"..."
        return (
            f"{self.source} {self.index}: {self.body.kind} of {self.body.asset} at "
            f"{self.body.slot}, {', '.join(self.mutations) or 'not mutated'}\n"
            f"  {self.sent.status} {dict(self.sent.headers)} {self.sent.broken or ''}\n  {body!r}"
        )


def mutant(source: str, index: int, make: Callable[[Random], Body]) -> Mutant:
    """The mutated answer number `index` of `source`, whose answers `make` builds."""
    rng = Random(f"{_SEED}/{source}/{index}")
    body = make(rng)
    names: list[str] = []
    around = []
    for _ in range(rng.choices(_HOW_MANY, _SHARES)[0]):
        if rng.random() < _AROUND_SHARE:
            (change,) = rng.choices(_AROUND, _AROUND_WEIGHTS)
            around.append(change)
        else:
            (mutate,) = rng.choices(_INSIDE, _INSIDE_WEIGHTS)
            mutate(rng, body.tree, body.shape)
            names.append(mutate.__name__)
    text = body.shape.to_text(body.tree)
    sent = Sent(text.encode(), headers=(("content-type", body.content_type),))
    for change in around:
        sent = change(rng, sent)
        names.append(change.__name__)
    return Mutant(source, index, body, sent, tuple(names))
