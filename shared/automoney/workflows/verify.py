"""Verify an execution: make it once more from its receipts alone, and compare byte for byte.

Nothing but receipts and the blobs they name is read: no candles, no readings, no books.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from automoney.errors import AutomoneyError, InvalidInput, Unknown
from automoney.ports.receipts import Archive, Filed
from automoney.trading.receipts.bodies import PartReceipt, RunReceipt, receipt_from
from automoney.trading.receipts.chains import START, Break, Link, breaks
from automoney.trading.receipts.places import Place, changed_byte, first_difference, place_at
from automoney.trading.strategies import STRATEGIES
from automoney.workflows.checked_blobs import BlobChanged, BlobGone, CheckedBlobs
from automoney.workflows.remaking import PanelOf, remade_part, remade_run

_NEWEST = 5  # ids of each strategy that are listed for one that is not known


class Fault(StrEnum):
    CHANGED = "changed"  # it is not what was written
    DIFFERS = "differs"  # what follows from it is not what it says
    MISSING = "missing"  # it was there, and is gone
    UNREADABLE = "unreadable"  # it is no receipt


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with `what`; `place` is the first byte that is, where that is known.

    `execution_id` is of the receipt that is to blame, which need not be the one asked for.
    """

    what: str
    execution_id: str
    fault: Fault
    detail: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt that was made again: how long it is, its SHA-256, and its place in its chain."""

    what: str
    number: int
    bytes: int
    sha256: str
    link: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`links` counts the receipts in the chains that were walked; `readings` those that the judges
    saw, in `blobs` that were hashed; `answers` those of models.
    """

    execution_id: str
    receipts: Sequence[Checked]
    links: int
    blobs: int
    readings: int
    answers: int
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        return not self.findings


def verify(
    execution_id: str,
    users: Sequence[str] | None = None,
    *,
    archive: Archive,
    panel_of: PanelOf,
) -> Verdict:
    """Check a run's receipt and those of its followers' parts, and the chains that they are in.

    Args:
        execution_id: of the run.
        users: whose parts; None is everyone's.
        archive: where the receipts are.
        panel_of: today's judges; they have to say what those of the run said.

    Raises:
        Unknown: there is no receipt of such a run, or of such a user's part of it.
    """
    filed = archive.run(execution_id)
    if filed is None:
        known = [one for name in STRATEGIES for one in archive.newest(name, _NEWEST)]
        raise Unknown("execution", execution_id, known)
    # Whoever was served and has no receipt had one.
    parts = sorted({*archive.users(execution_id), *archive.served(execution_id)})
    for user in users or ():
        if user not in parts:
            raise Unknown("user", user, parts)
    check = _Check(archive, panel_of, execution_id, CheckedBlobs(archive))
    run = check.run(filed)
    for user in parts if users is None else users:
        check.part(run, user)
    return check.verdict()


@dataclass(slots=True)
class _Check:
    """One verification as it goes on."""

    archive: Archive
    panel_of: PanelOf
    execution_id: str
    blobs: CheckedBlobs
    findings: list[Finding] = field(default_factory=list)
    receipts: list[Checked] = field(default_factory=list)
    readings: int = 0
    answers: int = 0
    links: int = 0

    def verdict(self) -> Verdict:
        return Verdict(
            self.execution_id,
            tuple(self.receipts),
            self.links,
            len(self.blobs),
            self.readings,
            self.answers,
            tuple(self.findings),
        )

    def run(self, filed: Filed) -> RunReceipt | None:
        what = f"the receipt of {self.execution_id}"
        links = list(self.archive.run_chain(filed.chain))
        self._walk(f"the receipts of {filed.chain}", filed, links, parts=False)
        receipt = self._read(RunReceipt, what, filed)
        if receipt is not None:
            self.answers = sum(one.answer is not None for one in receipt.asked)
            self._compare(what, filed, lambda: self._run_again(receipt))
        return receipt

    def part(self, run: RunReceipt | None, user: str) -> None:
        what = f"{user}'s receipt of {self.execution_id}"
        filed = self.archive.part(self.execution_id, user)
        if filed is None:
            self._find(what, Fault.MISSING, "it is gone")
            return
        links = list(self.archive.part_chain(user))
        self._walk(f"{user}'s receipts", filed, links, parts=True)
        receipt = self._read(PartReceipt, what, filed)
        if receipt is not None and run is not None:
            self._compare(what, filed, lambda: remade_part(run, receipt, user_id=user))

    def _run_again(self, receipt: RunReceipt) -> bytes:
        made = remade_run(receipt, fetch=self.blobs, panel_of=self.panel_of)
        self.readings = made.readings
        return made.body

    def _walk(self, chain: str, filed: Filed, links: Sequence[Link], *, parts: bool) -> None:
        """Check the whole chain; of a receipt that was changed, look for the byte if it is ours."""
        self.links += len(links)
        for one in breaks(links, parts=parts):
            fault = Fault.MISSING if one.gone else Fault.CHANGED
            place = _changed_byte(filed, links, parts=parts) if _is_ours(one, filed) else None
            what = f"{chain}, number {one.number}"
            self.findings.append(Finding(what, one.execution_id, fault, one.detail, place))

    def _read[R: (RunReceipt, PartReceipt)](
        self, kind: type[R], what: str, filed: Filed
    ) -> R | None:
        try:
            return receipt_from(kind, filed.body)
        except InvalidInput as error:
            self._find(what, Fault.UNREADABLE, str(error))
        except json.JSONDecodeError as error:
            # Its position counts characters, a place bytes.
            offset = len(error.doc[: error.pos].encode())
            detail = f"it is no JSON: {error.msg}"
            self._find(what, Fault.UNREADABLE, detail, place_at(filed.body, offset))
        except UnicodeDecodeError as error:
            self._find(what, Fault.UNREADABLE, "no UTF-8", place_at(filed.body, error.start))
        return None

    def _compare(self, what: str, filed: Filed, again: Callable[[], bytes]) -> None:
        try:
            made = again()
        except BlobGone as error:
            self._find(f"blob {error.name}", Fault.MISSING, str(error))
            return
        except BlobChanged as error:
            self._find(f"blob {error.name}", Fault.CHANGED, str(error))
            return
        except (AutomoneyError, ArithmeticError, LookupError, ValueError) as error:
            # What was put in place of an input may be anything, and lead to anything.
            detail = f"it cannot be made again: {type(error).__name__}: {error}"
            self._find(what, Fault.DIFFERS, detail)
            return
        place = first_difference(made, filed.body)
        if place is not None:
            self._find(what, Fault.DIFFERS, "made again it comes out differently", place)
        digest = sha256(filed.body).hexdigest()
        self.receipts.append(Checked(what, filed.number, len(filed.body), digest, filed.link))

    def _find(self, what: str, fault: Fault, detail: str, place: Place | None = None) -> None:
        self.findings.append(Finding(what, self.execution_id, fault, detail, place))


def _is_ours(found: Break, filed: Filed) -> bool:
    return found.number == filed.number and not found.gone


def _changed_byte(filed: Filed, links: Sequence[Link], *, parts: bool) -> Place | None:
    """The byte of the receipt that, put back, gives its link again."""
    before, tail = bytes.fromhex(START), b""
    for one in links:
        if one.number == filed.number:
            tail = bytes.fromhex(one.run or START) if parts else b""
            break
        before = bytes.fromhex(one.link)
    link = bytes.fromhex(filed.link)
    return changed_byte(filed.body, lambda digest: sha256(before + digest + tail).digest() == link)
