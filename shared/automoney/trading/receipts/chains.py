"""Chains of receipts: each link takes in the one before, so none can be changed or left out.  Pure.

link = SHA-256(link before || SHA-256(body)), over bytes; 32 zero bytes come before the first.  The
link of a follower's part takes in, at the end, the link of the run's receipt: to forge a run one
would have to forge the chains of all who followed it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One receipt's place in its chain: `number` counts from 1, hashes are lower-case hex.

    `digest` is the SHA-256 of the body as it is kept, `run` the link of the run's receipt: of a
    follower's part alone, and None if its run has no receipt.
    """

    number: int
    execution_id: str
    digest: str
    link: str
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, in words; `number` is the receipt that shows it.

    `gone` says that one is missing before it; else it is itself not as it was written.
    """

    number: int
    execution_id: str
    gone: bool
    detail: str


def linked(before: str, digest: str, run: str | None = None) -> str:
    """The link of a receipt whose body has that `digest`."""
    tail = bytes.fromhex(run) if run is not None else b""
    return sha256(bytes.fromhex(before) + bytes.fromhex(digest) + tail).hexdigest()


def breaks(links: Iterable[Link], *, parts: bool) -> Iterator[Break]:
    """Every place where a chain, oldest first, does not hold: nothing if it does.

    A changed receipt breaks its own link and no other; one that was taken out leaves its number
    free, and the next link follows from something that is not there.
    """
    before, number = {START}, 0
    for one in links:
        number += 1
        run = (one.run or START) if parts else None
        right = {linked(link, one.digest, run) for link in before}
        if one.number != number:
            gone = f"{number}" if one.number == number + 1 else f"{number} to {one.number - 1}"
            yield Break(one.number, one.execution_id, True, f"receipt {gone} before it is missing")
            number = one.number
        elif one.link not in right:
            yield Break(
                one.number,
                one.execution_id,
                False,
                f"receipt {one.number} is not as it was written: its body does not give its link",
            )
        # Whichever of the two was changed, body or link, the receipts after it are not to blame.
        before = {one.link} if one.link in right else right | {one.link}
