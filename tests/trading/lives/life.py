"""One random life: deposits, fills and whole runs, at ordinary and at absurd figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from automoney.market.candles import Mark
from automoney.trading import bookkeeping, filling
from automoney.trading.account import Account
from automoney.trading.bookkeeping import portfolio_from
from automoney.trading.judgement import Signal
from automoney.trading.orders import Costs, Fill, Order
from tests.trading.lives import turns
from tests.trading.lives.checks import Ledger, check_account, check_value
from tests.trading.lives.shadow import LOTS, ONE, TICK, Shadow, exact

STATES = 400  # in one life, at least
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_SLOT = timedelta(hours=4)
_COSTS = tuple(
    Costs(Decimal(fee), Decimal(slippage))
    for fee, slippage in (
        ("0.001", "0.0005"),
        ("0", "0"),
        ("0.00123457", "0.00000001"),
        ("0.5", "0.25"),
        ("0.99999999", "0.99999999"),
    )
)
_RICHEST = 10**9 * ONE
_DEAREST = 10**7 * ONE
_MOST_EVER = 10**17 * ONE  # figures are exact up to 28 digits


class Life:
    """Walks from state to state; AssertionError at the first one that cannot be."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # to be repeated, not to be secret
        self.dice = self.random.random
        self.account, self.shadow, self.ledger = Account(), Shadow(), Ledger()
        self.fills: list[Fill] = []
        self.states = 0
        self.at = _BEGIN
        self.costs = self.random.choice(_COSTS)
        self.marks: dict[str, Mark] = {}
        for asset in LOTS:
            self._mark(asset, self._amount(TICK, _DEAREST))
        self.deposits = [self._amount(ONE, _RICHEST)]
        self._deposit(self.deposits[0])

    def live(self) -> int:
        """The count of states that were checked."""
        while self.states < STATES:
            dice = self.dice()
            if dice < 0.5:
                self._trade()
            elif dice < 0.973:
                self._move()
            elif dice < 0.983:
                self._part()
            else:
                self._add()
        self.ledger.replay()
        if len(self.deposits) == 1:
            replayed = portfolio_from(self.fills, exact(self.deposits[0]), self.marks)
            assert replayed == self.account.portfolio(self.marks)
        return self.states

    def _trade(self) -> None:
        asset = self._asset()
        lot, held = LOTS[asset], self.shadow.quantity[asset]
        if held and self.dice() < 0.5:
            quantity = held if self.dice() < 0.2 else self._part_of(held, lot)
            side = Signal.SELL
        else:
            dearest = (self.shadow.price[asset] + TICK) * 4 * ONE  # no costs are twice twice
            quantity = self._part_of(self.shadow.cash * ONE * ONE // dearest, lot)
            side = Signal.BUY
        if not quantity:
            return self._move()
        order = Order(asset, side, exact(quantity))
        self._fill(order, filling.fill(order, self.marks[asset], self.costs), self.costs)
        return self._checked()

    def _move(self) -> None:
        """The price moves: a little, or to anything there is."""
        asset = self._asset()
        price = self.shadow.price[asset] * int(90 + 22 * self.dice()) // 100
        if self.dice() < 0.1:
            price = self._amount(TICK, _DEAREST)
        most = _MOST_EVER * ONE // max(self.shadow.quantity[asset], 1)
        self._mark(asset, min(price, most))
        check_value(self.account, self.marks, self.shadow)
        self.states += 1

    def _part(self) -> None:
        """A run of the strategy, with some follower's guards."""
        self.at += _SLOT
        stands, part = turns.take(self.random, self.account, self.marks, self.costs, self.at)
        for fill in part.fills:
            order = Order(fill.asset, fill.side, fill.quantity)
            self._fill(order, fill, stands.guards.costs or self.costs)
            self._checked()
        assert self.account == part.after
        assert part.portfolio == self.account.portfolio(self.marks)

    def _add(self) -> None:
        self.deposits.append(self._amount(1, _RICHEST))
        self._deposit(self.deposits[-1])

    def _deposit(self, amount: int) -> None:
        entry = bookkeeping.deposit_entry(exact(amount), self.at)
        self.account = self.account.book(entry)
        self.shadow.deposit(amount)
        self.ledger.book(entry, self.account)
        self._checked()

    def _fill(self, order: Order, met: Fill, costs: Costs) -> None:
        self.account = self.account.apply(met)
        self.shadow.fill(order, costs, met)
        self.ledger.book(bookkeeping.fill_entry(met, "run"), self.account)
        self.fills.append(met)

    def _checked(self) -> None:
        check_account(self.account, self.shadow, self.ledger)
        check_value(self.account, self.marks, self.shadow)
        self.states += 1

    def _mark(self, asset: str, price: int) -> None:
        price = max(price // TICK, 1) * TICK
        self.shadow.price[asset] = price
        self.marks[asset] = Mark(asset, exact(price), self.at, "made up")

    def _asset(self) -> str:
        return "BTC" if self.dice() < 0.5 else "ETH"

    def _amount(self, least: int, most: int) -> int:
        """Each order of magnitude is as likely as the others."""
        return int(least * (most / least) ** self.dice())

    def _part_of(self, all_of_it: int, lot: int) -> int:
        """In whole lots."""
        return int(all_of_it // lot * self.dice()) * lot


def lives(first: int, states: int) -> int:
    """Live from seed `first` on until that many states were checked; returns the exact count."""
    seed, seen = first, 0
    while seen < states:
        try:
            seen += Life(seed).live()
        except AssertionError as error:
            raise AssertionError(f"life {seed}: {error}") from error
        seed += 1
    return seen
