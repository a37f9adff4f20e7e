"""`./dev backtest`: play a strategy over recorded years, and say what came of it."""

import json
import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from os import cpu_count, environ
from pathlib import Path
from time import perf_counter

from rich.console import Console

from automoney import wiring
from automoney.settings import Settings
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from infra.local import joining
from infra.local.backtest.asking import day, folder_of, money, recorded_span, recording_of, share
from infra.local.backtest.engine import Plan, play
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.progress import progress_bar
from infra.local.backtest.publishing import published
from infra.local.backtest.replaying import FORM, replayed
from infra.local.backtest.result import Result, summed_up
from infra.local.backtest.screen import show
from infra.local.backtest.series import ONCHAIN
from infra.local.quiet import errors_only


def add_options(parser: ArgumentParser) -> None:
    """What can be asked for."""
    here = Settings.parse(environ)
    parser.add_argument("--data", type=Path, help="folder of recorded data (the checkout's)")
    parser.add_argument("--strategy", default="hodl-wave", help="id of a strategy (hodl-wave)")
    parser.add_argument("--from", dest="start", type=day, help="first day (the data's)")
    parser.add_argument("--to", dest="end", type=day, help="the day to end before (the data's)")
    parser.add_argument("--fee", default=str(here.fee), help=f"share of a trade ({here.fee})")
    parser.add_argument(
        "--slippage", default=str(here.slippage), help=f"share of the price ({here.slippage})"
    )
    parser.add_argument("--money", default=str(here.paper_money), help=f"({here.paper_money})")
    parser.add_argument(
        "--onchain", choices=ONCHAIN, default=ONCHAIN[0], help=f"whose values ({ONCHAIN[0]})"
    )
    parser.add_argument(
        "--jobs", type=int, default=cpu_count() or 1, help="processes, of which one keeps the books"
    )
    parser.add_argument(
        "--models", metavar="ANSWERS", help=f"let models judge by what they answered before: {FORM}"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="keep the result where GET /api/backtests finds it: in --state or --database-url",
    )
    joining.add_options(parser)
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page of HTML as well")


@errors_only()
def run(given: Namespace) -> int:
    """Play what was asked for; the exit status.  Raises InvalidInput for what makes no sense."""
    with ExitStack() as ending:
        if given.publish:  # joined first of all: what cannot be kept need not be played
            ending.enter_context(joining.joined(given))
        result = backtest(given)
        if given.publish:
            _publish(result)
    if given.report is not None:
        from infra.local.backtest.report import write_report

        write_report(result, given.report)
    if given.json:
        print(json.dumps(result.as_json()))
    else:
        show(result, Console())
    return 0


def _publish(result: Result) -> None:
    row = published(result.as_json(), now=wiring.clock())
    told = "published" if wiring.backtests().put(row) else "published before"
    print(f"{told}: /api/backtests/{row.backtest_id}", file=sys.stderr)


def backtest(given: Namespace) -> Result:
    """Load the data, play, and sum up."""
    strategy = strategy_named(given.strategy)
    costs = Costs(share("--fee", given.fee), share("--slippage", given.slippage))
    paper_money = money("--money", given.money)
    with ExitStack() as ending:
        panel = ending.enter_context(replayed(given.models)) if given.models else None
        began = perf_counter()
        recording = recording_of(folder_of(given.data), strategy.assets)
        market = RecordedMarket.of(recording, onchain=given.onchain)
        begins, ends = recorded_span(market, given.start, given.end)
        plan = Plan(strategy, begins, ends, paper_money, costs)
        loaded = perf_counter() - began
        progress = ending.enter_context(progress_bar(strategy.name, begins, ends))
        played = play(plan, market, panel=panel, progress=progress, jobs=given.jobs)
    prices = Settings.parse(environ).models.prices
    return summed_up(played, market, load_seconds=loaded, prices=prices)
