"""A follower's part of a run in memory: put together beside the tables, and put in at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from automoney.messages import Message
from automoney.ports import Valuation
from automoney.stores.memory.tables import Booked, Run, Tables, User
from automoney.trading.bookkeeping import fill_entry
from automoney.trading.standing import Standing, midnight
from automoney.trading.strategies import strategy_named
from automoney.trading.turn import Part

_LEFT = "he does not follow it any more"
_BEGAN_ANEW = "his account began anew after it"


@dataclass(slots=True)
class MemoryDesk:
    """Meets `ports.Desk`; `commit` puts in what `record` was given."""

    tables: Tables
    user: User
    run: Run
    keeps_messages: bool = True
    _recorded: tuple[Part, tuple[Message, ...], bytes] | None = field(default=None, init=False)

    def standing(self) -> Standing:
        strategy_id, user_id = self.run.strategy_id, self.user.user_id
        follower = self.tables.follows.get(strategy_id, {}).get(user_id)
        today = self._today()
        return Standing(
            self.user.account,
            follower.guards if follower else strategy_named(strategy_id).guards,
            paused=self._paused() if follower else _LEFT,
            day_opened_with=today[0] if today else None,
            day_lowest=min(today, default=None),
            last_traded=dict(self.user.last_traded),
        )

    def record(self, part: Part, messages: Iterable[Message], *, receipt: bytes) -> None:
        self._recorded = part, tuple(messages) if self.keeps_messages else (), receipt

    def commit(self) -> None:
        """Put in all of it at once."""
        if self._recorded is None:
            return
        part, messages, receipt = self._recorded
        user, run = self.user, self.run
        entries = [
            fill_entry(one, f"{run.execution_id} {one.side} {one.asset}") for one in part.fills
        ]
        booked = Booked(
            run.execution_id,
            run.strategy_id,
            run.slot_at,
            tuple(part.decisions),
            tuple(part.fills),
            tuple(part.rejections),
            receipt,
        )
        before = part.before
        valuation = Valuation(
            run.slot_at,
            run.execution_id,
            before.equity,
            before.cash,
            before.fees,
            before.realised_pnl,
        )
        # From here on nothing can fail.
        self.tables.done(run.execution_id, run.strategy_id, user.user_id)
        user.entries += entries
        user.parts.append(booked)
        user.valuations.append(valuation)
        user.account = part.after
        user.outbox += messages
        user.last_traded |= {fill.asset: run.slot_at for fill in part.fills}

    def _paused(self) -> str | None:
        """Why nothing is done for him though he follows, if that is so."""
        began = self.user.started_at
        if began is not None and self.run.slot_at <= began:
            return _BEGAN_ANEW
        paused = self.tables.paused(self.run.strategy_id, self.user.user_id)
        return paused.reason if paused else None

    def _today(self) -> list[Decimal]:
        """His equities at the slot's UTC day's runs before it, oldest first."""
        since, began = midnight(self.run.slot_at), self.user.started_at
        found: list[Decimal] = []
        for valuation in reversed(self.user.valuations):
            if valuation.at < since:
                break
            if began is not None and valuation.at <= began:
                continue
            if valuation.at < self.run.slot_at:
                found.append(valuation.equity)
        return found[::-1]
