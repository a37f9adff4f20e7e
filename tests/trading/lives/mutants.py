"""Planted bugs: each changes one thing that books or guards must never get wrong."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any
from unittest.mock import patch

from automoney.trading import account, bookkeeping, deciding, filling, sizing, turn
from automoney.trading.account import Account
from automoney.trading.bookkeeping import Holding
from automoney.trading.filling import QUANTUM
from automoney.trading.judgement import Signal
from automoney.trading.ledger import Entry
from automoney.trading.orders import Costs, Fill, Order
from automoney.trading.portfolio import Portfolio

Plant = Callable[[], AbstractContextManager[Any]]

_fill, _fill_price, _fill_entry = filling.fill, filling.fill_price, bookkeeping.fill_entry
_apply, _book, _trade = Account.apply, Account.book, Holding.trade
_portfolio_of, _lots, _decide = bookkeeping.portfolio_of, sizing._lots, deciding.decide


def _paid_at_the_mark(order: Order, *rest: Any) -> Fill:
    met = _fill(order, *rest)
    return replace(met, notional=(order.quantity * met.mark_price).quantize(QUANTUM))


def _fee_cut_off(order: Order, mark: Any, costs: Costs) -> Fill:
    met = _fill(order, mark, costs)
    return replace(met, fee=(met.notional * costs.fee).quantize(QUANTUM, ROUND_DOWN))


def _price_for_the_trader(side: Signal, *rest: Any) -> Decimal:
    return _fill_price(Signal.SELL if side is Signal.BUY else Signal.BUY, *rest)


def _fee_not_paid(self: Account, fill: Fill) -> Account:
    after = _apply(self, fill)
    return replace(after, cash=after.cash + fill.fee)


def _fee_not_counted(self: Account, fill: Fill) -> Account:
    return replace(_apply(self, fill), fees=self.fees)


def _entry_with(change: Callable[[Any], Any]) -> Callable[..., Entry]:
    def entry(fill: Fill, memo: str) -> Entry:
        made = _fill_entry(fill, memo)
        return Entry(made.at, made.memo, tuple(change(one) for one in made.postings))

    return entry


def _sign_turned(posting: Any) -> Any:
    return replace(posting, units=-posting.units)


def _fee_forgotten(posting: Any) -> Any:
    return replace(posting, units=Decimal(0)) if posting.account == "fees" else posting


def _units_to_exchange(posting: Any) -> Any:
    """Booked and balanced, but what was bought never gets to the user."""
    mine = posting.account.startswith("assets:") and posting.currency != "USDT"
    return replace(posting, account="exchange") if mine else posting


def _cost_kept(self: Holding, units: Decimal, cash: Decimal) -> Holding:
    after = _trade(self, units, cash)
    return after if units > 0 else replace(after, cost=self.cost)


def _dust_of_cost(self: Holding, units: Decimal, cash: Decimal) -> Holding:
    """The share of the cost that goes is cut off, also for the last unit."""
    after = _trade(self, units, cash)
    return after if units > 0 else replace(after, cost=after.cost + QUANTUM)


def _gross_profit(self: Holding, units: Decimal, cash: Decimal) -> Holding:
    after = _trade(self, units, cash)
    return replace(after, realised=after.realised + self.cost) if units < 0 else after


def _sold_out_forgotten(*given: Any) -> Portfolio:
    cash, deposits, fees, holdings, marks = given
    return _portfolio_of(cash, deposits, fees, [one for one in holdings if one.quantity], marks)


def _deposit_taken_for_profit(self: Account, entry: Entry) -> Account:
    return replace(_book(self, entry), deposits=self.deposits or _book(self, entry).deposits)


def _rounded_up_to_the_lot(quantity: Decimal, lot: Decimal) -> Decimal:
    down = _lots(quantity, lot)
    return down + lot if quantity > down else down


def _any_quantity(quantity: Decimal, lot: Decimal) -> Decimal:
    return max(quantity, Decimal(0)).quantize(QUANTUM, ROUND_DOWN)


def _twice_as_bold(strategy: Any, view: Any, portfolio: Any, standing: Any, **more: Any) -> Any:
    decision = _decide(strategy, view, portfolio, standing, **more)
    return replace(decision, target_weight=min(2 * decision.target_weight, Decimal(1)))


def _pause_ignored(strategy: Any, view: Any, portfolio: Any, standing: Any, **more: Any) -> Any:
    return _decide(strategy, view, portfolio, replace(standing, paused=None), **more)


def _buys_first(decisions: Any, *, key: Any) -> list[Any]:
    return sorted(decisions, key=lambda one: not key(one))


def _no_veto(*_: Any, **__: Any) -> None:
    return None


def _holding(change: Callable[..., Holding]) -> Plant:
    return lambda: patch.object(Holding, "trade", change)


def _entry(change: Callable[[Any], Any]) -> Plant:
    return lambda: patch.object(bookkeeping, "fill_entry", _entry_with(change))


def _fills(change: Callable[..., Fill]) -> Plant:
    return lambda: patch.object(filling, "fill", change)


MUTANTS: Mapping[str, Plant] = {
    "the price is shown, but the mark is paid": _fills(_paid_at_the_mark),
    "the fee is cut off, not rounded": _fills(_fee_cut_off),
    "slippage is for the trader": lambda: patch.object(
        filling, "fill_price", _price_for_the_trader
    ),
    "the fee is not paid": lambda: patch.object(Account, "apply", _fee_not_paid),
    "the fee is not counted": lambda: patch.object(Account, "apply", _fee_not_counted),
    "the signs of an entry are turned": _entry(_sign_turned),
    "an entry forgets the fee": _entry(_fee_forgotten),
    "an entry leaves the units at the exchange": _entry(_units_to_exchange),
    "a sell leaves the cost": _holding(_cost_kept),
    "a sell leaves dust of the cost": _holding(_dust_of_cost),
    "profit is reckoned without the cost": _holding(_gross_profit),
    "sold-out holdings lose their profit": lambda: patch.object(
        account, "portfolio_of", _sold_out_forgotten
    ),
    "a second deposit is taken for profit": lambda: patch.object(
        Account, "book", _deposit_taken_for_profit
    ),
    "lots are rounded up": lambda: patch.object(sizing, "_lots", _rounded_up_to_the_lot),
    "lots are ignored": lambda: patch.object(sizing, "_lots", _any_quantity),
    "targets pass the largest position": lambda: patch.object(turn, "decide", _twice_as_bold),
    "a pause is ignored": lambda: patch.object(turn, "decide", _pause_ignored),
    "vetoes are ignored": lambda: patch.object(deciding, "veto", _no_veto),
    "buys come before sells": lambda: patch.object(turn, "sorted", _buys_first, create=True),
}
