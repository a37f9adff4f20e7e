"""`./dev lookahead`: show that no slot of a backtest knows what comes after it."""

import json
import os
from argparse import ArgumentParser, Namespace
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from automoney.encoding import utc_text
from automoney.errors import InvalidInput
from automoney.settings import Settings
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from infra.local.backtest.asking import day, folder_of, recorded_span, recording_of
from infra.local.backtest.engine import Plan
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.progress import progress_bar
from infra.local.backtest.series import ONCHAIN
from infra.local.lookahead.checking import Check, Checked, chosen
from infra.local.lookahead.many import check_all
from infra.local.quiet import errors_only

_SLOTS = 200
_SHOWN = 20


def add_options(parser: ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument("--data", type=Path, help="folder of recorded data (the checkout's)")
    parser.add_argument("--strategy", default="hodl-wave", help="id of a strategy (hodl-wave)")
    parser.add_argument("--from", dest="start", type=day, help="first day (the data's)")
    parser.add_argument("--to", dest="end", type=day, help="the day to end before (the data's)")
    parser.add_argument("--slots", type=int, default=_SLOTS, help=f"how many ({_SLOTS})")
    parser.add_argument("--seed", type=int, default=0, help="by which slots are drawn (0)")
    parser.add_argument("--onchain", choices=ONCHAIN, default=ONCHAIN[0], help="whose values")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


@errors_only()
def run(given: Namespace) -> int:
    """Check; 0 if every slot says the same without the future, else 1."""
    if given.slots < 1:
        raise InvalidInput("--slots", given.slots, "a number of slots above 0")
    began = perf_counter()
    strategy = strategy_named(given.strategy)
    recording = recording_of(folder_of(given.data), strategy.assets)
    market = RecordedMarket.of(recording, onchain=given.onchain)
    begins, ends = recorded_span(market, given.start, given.end)
    here = Settings.parse(os.environ)
    plan = Plan(strategy, begins, ends, Decimal(here.paper_money), Costs(here.fee, here.slippage))
    wanted = chosen(plan, given.slots, seed=given.seed)
    jobs = os.cpu_count() or 1
    with progress_bar("playing", begins, ends) as progress:
        check = Check.of(
            plan, recording, market, wanted, onchain=given.onchain, jobs=jobs, progress=progress
        )
    with progress_bar("cutting", begins, ends) as progress:
        checked = check_all(check, wanted, jobs=jobs, progress=progress)
    _tell(given, plan, checked, perf_counter() - began)
    return 1 if checked.peeks else 0


def _tell(given: Namespace, plan: Plan, checked: Checked, seconds: float) -> None:
    if given.json:
        told = {
            "strategy": plan.strategy.id,
            "from": utc_text(plan.begins),
            "to": utc_text(plan.ends),
            "slots": checked.slots,
            "seed": given.seed,
            "pieces": checked.pieces,
            "peeks": [
                {
                    "slot": utc_text(peek.slot),
                    "what": peek.what,
                    "byte": peek.byte,
                    "full": peek.full,
                    "cut": peek.cut,
                }
                for peek in checked.peeks
            ],
            "seconds": round(seconds, 2),
        }
        print(json.dumps(told))
        return
    for peek in checked.peeks[:_SHOWN]:
        print(peek)
    if len(checked.peeks) > _SHOWN:
        print(f"... and {len(checked.peeks) - _SHOWN} more")
    verdict = "all the same" if not checked.peeks else f"{len(checked.peeks)} DIFFER"
    print(
        f"{plan.strategy.name}: {checked.slots} slots from {plan.begins:%Y-%m-%d} to"
        f" {plan.ends:%Y-%m-%d}, each with all later data cut away: {checked.pieces} pieces"
        f" (prices, bars, series, prompts, scores, decisions, fills) compared byte by byte,"
        f" {verdict}; {seconds:.0f} s"
    )
