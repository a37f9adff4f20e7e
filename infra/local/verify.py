"""`./dev verify EXECUTION_ID`: make a run once more from its receipts, and name what differs."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from automoney import wiring
from automoney.encoding import dumps, plain
from automoney.errors import DataMissing
from automoney.workflows.verify import Finding, Verdict, verify
from infra.local import joining


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("execution_id", metavar="EXECUTION_ID", help="hodl-wave:2025-11-05T12:00Z")
    parser.add_argument(
        "--user", action="append", metavar="NAME", help="whose part, may be given again (all)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    joining.add_options(parser)


def run(given: Namespace) -> int:
    """Verify and tell; 0 if all holds, 1 if anything differs."""
    with joining.joined(given):
        _complain_if_gone(given.execution_id)
        verdict = verify(
            given.execution_id,
            given.user,
            archive=wiring.archive(),
            panel_of=wiring.judges_again,
        )
    if given.json:
        print(dumps(_plain(verdict)))
    else:
        for line in told(verdict):
            Console(highlight=False, soft_wrap=True).print(line)
    return 0 if verdict.ok else 1


def _complain_if_gone(execution_id: str) -> None:
    """A chain cannot tell that its last receipt was taken away; that the run was judged can."""
    if (
        wiring.archive().run(execution_id) is None
        and wiring.executions().find(execution_id) is not None
    ):
        raise DataMissing(
            f"{execution_id} was judged, but there is no receipt of it: it is older than receipts"
            " are, or somebody took it away"
        )


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"ok": verdict.ok, **plain(verdict)}


def told(verdict: Verdict) -> Iterator[Text]:
    """Line by line: what is wrong first, or else that nothing is."""
    if verdict.ok:
        yield Text(f"OK  {verdict.execution_id} comes out the same, byte for byte.", "bold green")
    else:
        wrong = f"{len(verdict.findings)} thing{'s' * (len(verdict.findings) > 1)} wrong"
        yield Text(f"NOT OK  {verdict.execution_id}: {wrong}.", "bold red")
    for finding in verdict.findings:
        yield from _finding(finding)
    for receipt in verdict.receipts:
        yield Text(
            f"{receipt.what}: {receipt.bytes:,} bytes, number {receipt.number} of its chain\n"
            f"  sha256 {receipt.sha256}\n"
            f"  link   {receipt.link}"
        )
    yield Text(
        f"made from {verdict.readings:,} readings in {verdict.blobs} blobs and"
        f" {verdict.answers} answers of models; {verdict.links:,} receipts in the chains walked"
    )


def _finding(finding: Finding) -> Iterator[Text]:
    yield Text.assemble((f"{finding.fault}: ", "red"), f"{finding.what}: {finding.detail}")
    if finding.place is not None:
        yield Text(f"  first byte: {finding.place.offset}, at {finding.place.path}")
        yield Text(f"  expected: {finding.place.expected}")
        yield Text(f"  found:    {finding.place.found}")
