"""Why it did not trade: the last decision about an asset, and what holds the next one back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automoney.encoding import parse_utc
from automoney.ports import Books, Executions, Follower, History, Kind, Pause, Pauses, run_id
from automoney.trading.judgement import Judgement
from automoney.trading.strategies import Strategy
from automoney.workflows.freshness import FRESH_PRICE
from automoney.workflows.kill_switch import is_of_kill_switch, spoken
from automoney.workflows.market_view import MarketView
from automoney.workflows.pausing import pause_in_force

_LOOKED_THROUGH = 200  # rows of decisions, newest first: fifty days of two assets at four hours


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that keeps a trade from being made: a name for programs, and words for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Where all of it is read.  Prices and readings are those of the moment, not of the run."""

    executions: Executions
    books: Books
    history: History
    pauses: Pauses
    view: MarketView

    def answer(
        self, strategy: Strategy, asset: str, user_id: str, *, now: datetime
    ) -> dict[str, Any]:
        """What was decided last about `asset` for that user, and what holds it back at `now`.

        Of what holds it back the most sweeping comes first, and last when it runs next.
        """
        follower = self.books.follower(strategy.id, user_id)
        decision = self._last_decision(strategy, asset, user_id)
        latest = self.executions.latest(strategy.id)
        holds = [
            *self._stopped(strategy, follower, user_id),
            *self._run(strategy, now),
            *_part(follower, decision, latest),
            *_decided(decision),
            *_guarded(follower, asset, decision),
            *self._data(asset, now),
        ]
        due = strategy.schedule.next_after(now)
        holds.append(Hold("next_run", f"{strategy.name} runs next at {due:%Y-%m-%d %H:%M} UTC."))
        return {
            "strategyId": strategy.id,
            "asset": asset,
            "traded": decision is not None and decision["order"]["status"] == "filled",
            "words": _in_words(decision, asset),
            "decision": decision,
            "holds": [{"code": hold.code, "words": hold.words} for hold in holds],
            "nextRun": due,
        }

    def _last_decision(
        self, strategy: Strategy, asset: str, user_id: str
    ) -> Mapping[str, Any] | None:
        rows, _ = self.history.decisions(user_id, limit=_LOOKED_THROUGH, cursor=None)
        ours = (row for row in rows if (row["strategyId"], row["asset"]) == (strategy.id, asset))
        return next(ours, None)

    def _stopped(
        self, strategy: Strategy, follower: Follower | None, user_id: str
    ) -> Iterator[Hold]:
        if follower is None:
            yield Hold("not_following", f"You do not follow {strategy.name}.")
        found = pause_in_force(strategy, self.pauses)
        if found is not None:
            yield _pause(found, f"{strategy.name} is paused for everybody")
        own = self.pauses.current(strategy.id, user_id)
        if own is not None:
            yield _pause(own, "You have paused it for yourself")

    def _run(self, strategy: Strategy, now: datetime) -> Iterator[Hold]:
        """What became of the run that was due last."""
        slot = strategy.schedule.slot_at(now)
        run = self.history.execution(run_id(strategy.id, slot.at, Kind.TURN))
        if run is not None and run["status"] in ("aborted", "skipped"):
            words = f"Its run of {_when(run['slot'])} UTC was {run['status']}: {run['reason']}."
            yield Hold(run["status"], words)
        elif run is not None and run["status"] == "begun":
            yield Hold("running", f"Its run of {_when(run['slot'])} UTC is not through yet.")
        elif self.executions.latest(strategy.id) is None:
            yield Hold("never_ran", f"{strategy.name} has not judged anything yet.")

    def _data(self, asset: str, now: datetime) -> Iterator[Hold]:
        price = self.view.price(asset, now).value
        if price is None:
            yield Hold("no_price", f"No price of {asset} has been collected yet.")
        elif now - parse_utc(price["at"]) > FRESH_PRICE:
            words = f"The newest price of {asset} is of {_when(price['at'])} UTC, which is too old."
            yield Hold("stale_data", words)
        for group, series in self.view.groups(asset, now).items():
            stale = [name for name, reading in series.items() if reading["isStale"]]
            if stale:
                words = f"Some {group} data are older than they should be: {', '.join(stale)}."
                yield Hold("stale_data", words)


def _pause(pause: Pause, opening: str) -> Hold:
    code = "kill_switch" if is_of_kill_switch(pause) else "paused"
    means = " by the kill switch" if code == "kill_switch" else ""
    return Hold(code, f"{opening}{means}: {spoken(pause.reason)}.")


def _part(
    follower: Follower | None, decision: Mapping[str, Any] | None, latest: Judgement | None
) -> Iterator[Hold]:
    if follower is None or latest is None:
        return
    if decision is None:
        yield Hold("no_decision", "Nothing has been decided for you about it since you follow.")
    elif decision["executionId"] != latest.execution_id:
        when = f"{latest.slot_at:%Y-%m-%d %H:%M}"
        yield Hold("under_way", f"Your part of its run of {when} UTC is not done, or not yours.")


def _decided(decision: Mapping[str, Any] | None) -> Iterator[Hold]:
    """By the rule that made it hold, or by why there was no order."""
    if decision is None:
        return
    order = decision["order"]
    if order["status"] == "refused":
        code = "minimum_order" if order["reason"] == "minimum" else order["reason"]
        yield Hold(code, order["detail"])
    elif decision["signal"] == "HOLD":
        yield Hold(decision["rule"] or "hold", decision["reasoning"])


def _guarded(
    follower: Follower | None, asset: str, decision: Mapping[str, Any] | None
) -> Iterator[Hold]:
    """A guard of today that the last decision did not have to name."""
    allowed = follower.guards.allowed_assets if follower else None
    if allowed is None or asset in allowed or (decision and decision["rule"] == "not_allowed"):
        return
    among = f"only {', '.join(sorted(allowed))} may be bought" if allowed else "nothing may"
    yield Hold("not_allowed", f"Your guards keep it from buying {asset}: {among}.")


def _in_words(decision: Mapping[str, Any] | None, asset: str) -> str:
    if decision is None:
        return f"Nothing has been decided for you about {asset} lately."
    did = {"BUY": "bought", "SELL": "sold", "HOLD": "left alone"}[decision["signal"]]
    if decision["order"]["status"] == "refused":
        did = f"not {did}, though it was to be"
    words = f"At {_when(decision['slot'])} UTC {asset} was {did}. {decision['reasoning']}"
    detail = decision["order"]["detail"]
    return f"{words} {detail}" if detail else words


def _when(utc: str) -> str:
    return utc[:16].replace("T", " ")
