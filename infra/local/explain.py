"""`./dev explain EXECUTION_ID`: what was decided and why, like an analyst's note."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from automoney import wiring
from automoney.encoding import dumps
from automoney.errors import Unknown
from automoney.trading.strategies import STRATEGIES
from infra.local import joining
from infra.local.explain_note import show
from infra.local.runtime import DEMO_USER

_NEWEST = 5  # ids of each strategy that are listed for one that is not known


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("execution_id", metavar="EXECUTION_ID", help="hodl-wave:2025-11-05T12:00Z")
    parser.add_argument("--user", metavar="NAME", help=f"whose part is told ({DEMO_USER})")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    joining.add_options(parser)


def run(given: Namespace) -> int:
    """Explain; Unknown, which lists the newest runs, if there was none of that name."""
    with joining.joined(given):
        told = _told(given.execution_id, given.user)
    if given.json:
        print(dumps(told))
    else:
        show(told, sys.stdout)
    return 0


def _told(execution_id: str, user: str | None) -> dict[str, Any]:
    archive = wiring.archive()
    followers = archive.users(execution_id)
    if user is not None and user not in followers:
        raise Unknown("--user", user, followers)
    chosen = user or (DEMO_USER if DEMO_USER in followers else next(iter(followers), None))
    told = wiring.explainer().explain(execution_id, chosen)
    if told is None:
        known = [one for name in STRATEGIES for one in archive.newest(name, _NEWEST)]
        raise Unknown("execution", execution_id, known)
    return {**told, "others": [one for one in followers if one != chosen]}
