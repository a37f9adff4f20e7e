"""The stores in memory and those in Postgres, told the same, say the same."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automoney.errors import InvalidInput, Misfired, StaleFence
from automoney.market.candles import Candle, Mark, Timeframe
from automoney.market.readings import Reading
from automoney.messages import scores_message
from automoney.ports import (
    Books,
    Candles,
    Evidence,
    Executions,
    Kind,
    Marks,
    Outbox,
    Pause,
    Pauses,
    Readings,
    run_id,
)
from automoney.schedule import Slot
from automoney.stores.books import PostgresBooks
from automoney.stores.candles import PostgresCandles
from automoney.stores.database import Database
from automoney.stores.executions import PostgresExecutions
from automoney.stores.marks import PostgresMarks
from automoney.stores.memory.books import MemoryBooks
from automoney.stores.memory.candles import MemoryCandles
from automoney.stores.memory.executions import MemoryExecutions
from automoney.stores.memory.marks import MemoryMarks
from automoney.stores.memory.outbox import MemoryOutbox
from automoney.stores.memory.pauses import MemoryPauses
from automoney.stores.memory.readings import MemoryReadings
from automoney.stores.memory.tables import Tables
from automoney.stores.outbox import PostgresOutbox
from automoney.stores.pauses import PostgresPauses
from automoney.stores.readings import PostgresReadings
from automoney.stores.starting_over import BEGAN_ANEW
from automoney.trading.account import Account
from automoney.trading.judgement import Judgement, Signal
from automoney.trading.orders import Fill
from tests.builders import NOON, buy, candle, follower, judgement, mark, part, score, sell, view

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONEY = Decimal(100_000)
USERS = ("ada", "bob", "cleo")


@dataclass(frozen=True, slots=True)
class Kept:
    """What belongs together."""

    executions: Executions
    books: Books
    pauses: Pauses
    outbox: Outbox


@pytest.fixture
def both(database: Database) -> tuple[Kept, Kept]:
    tables = Tables()
    return (
        Kept(
            MemoryExecutions(tables),
            MemoryBooks(tables),
            MemoryPauses(tables),
            MemoryOutbox(tables),
        ),
        Kept(
            PostgresExecutions(database),
            PostgresBooks(database),
            PostgresPauses(database),
            PostgresOutbox(database),
        ),
    )


@pytest.mark.parametrize("seed", range(12))
def test_runs_and_books_come_out_alike(both: tuple[Kept, Kept], seed: int) -> None:
    for step in story(random.Random(seed)):
        told = [answer(step, kept) for kept in both]
        assert told[0] == told[1]
    assert everything(both[0]) == everything(both[1])


def answer(step: Callable[[Kept], Any], kept: Kept) -> Any:
    """What the step says, be it an error."""
    try:
        return step(kept)
    except (StaleFence, Misfired, InvalidInput, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"


def story(dice: random.Random) -> Iterator[Callable[[Kept], Any]]:
    """Things that happen to a strategy and its followers, in a likely order and others."""
    yield lambda kept: [kept.books.open_account(user, at=NOON, paper_money=MONEY) for user in USERS]
    for number in range(40):
        at = NOON + dice.randrange(6) * 4 * HOUR
        user = dice.choice(USERS)
        yield dice.choice(
            [
                following(dice, user),
                beginning(dice, at, number),
                recording(dice, at, number),
                recording(dice, at, number),
                failing(dice, at, number),
                serving(dice, user, at),
                serving(dice, user, at),
                serving(dice, user, at),
                pausing(dice, user, at),
                telling(user, at),
                starting_over(dice, user, at),
                relaying(dice),
            ]
        )


def following(dice: random.Random, user: str) -> Callable[[Kept], Any]:
    strategy = dice.choice(["hodl-wave", "hodl-wave", "high-freq"])
    if dice.random() < 0.2:
        return lambda kept: kept.books.unfollow(user, strategy)
    one = follower(user, strategy=strategy, max_position=dice.choice(["0.5", "0.25"]))
    return lambda kept: kept.books.follow(one, at=NOON)


def beginning(dice: random.Random, at: datetime, number: int) -> Callable[[Kept], Any]:
    fence = max(number + dice.randrange(-9, 3), 1)
    return lambda kept: kept.executions.begin("hodl-wave", Slot(at), fence=fence)


def recording(dice: random.Random, at: datetime, number: int) -> Callable[[Kept], Any]:
    fence, kind = max(number + dice.randrange(-5, 3), 1), dice.choice([*[Kind.TURN] * 4, Kind.LOOK])
    made = judged(dice, at)
    if kind is Kind.LOOK:
        made = replace(made, execution_id=run_id("hodl-wave", at, kind))
    return lambda kept: kept.executions.record(
        made, fence=fence, evidence=Evidence(), kind=kind, asked_by=None
    )


def judged(dice: random.Random, at: datetime) -> Judgement:
    views = []
    for asset in ("BTC", "ETH"):
        one = view(asset, str(dice.randrange(-60, 60)))
        scores = {
            agent: score(agent, float(dice.randrange(-60, 60)), degraded=dice.random() < 0.3)
            for agent in one.scores
        }
        views.append(replace(one, scores=scores))
    return judgement(*views, at=at)


def failing(dice: random.Random, at: datetime, number: int) -> Callable[[Kept], Any]:
    fence, status = max(number + dice.randrange(-5, 3), 1), dice.choice(["aborted", "skipped"])
    return lambda kept: kept.executions.record_failure(
        "hodl-wave", Slot(at), fence=fence, status=status, reason="no price"
    )


def serving(dice: random.Random, user: str, at: datetime) -> Callable[[Kept], Any]:
    """Execute a part of the run, if there is one; now and then it breaks before the end."""
    name = judgement(at=at).execution_id
    fill = dice.choice([None, buy("0.5"), buy("0.25", asset="ETH", price="4000"), sell("0.25")])
    breaks = dice.random() < 0.2

    def serve(kept: Kept) -> Any:
        fixed = (
            kept.executions.fix_fill_mark(name, mark(at=at)) if kept.executions.find(name) else None
        )
        with kept.books.trading(user, name) as desk:
            if desk is None:
                return fixed, None
            standing = desk.standing()
            holding = standing.account.holdings.get("BTC")
            wanted = fill and (
                fill.side == "BUY" or (holding and holding.quantity >= fill.quantity)
            )
            if standing.paused == BEGAN_ANEW:
                wanted = False
            done = part(standing.account, *([replace(fill, at=at)] if fill and wanted else []))
            desk.record(done, [scores_message(judgement(at=at))], receipt=b"{}")
            if breaks:
                raise RuntimeError("pulled the plug")
            return fixed, standing

    return serve


def can(account: Account, fill: Fill) -> bool:
    """Whether it does not sell what is not there."""
    holding = account.holdings.get(fill.asset)
    return fill.side is Signal.BUY or (holding is not None and holding.quantity >= fill.quantity)


def pausing(dice: random.Random, user: str, at: datetime) -> Callable[[Kept], Any]:
    whose = dice.choice([None, user])
    if dice.random() < 0.5:
        pause = Pause("hodl-wave", whose, at, "on a journey", user)
        return lambda kept: kept.pauses.pause(pause)
    return lambda kept: kept.pauses.resume("hodl-wave", whose, author=user, reason="back", at=at)


def starting_over(dice: random.Random, user: str, at: datetime) -> Callable[[Kept], Any]:
    whose, money = dice.choice([user, user, "nobody"]), Decimal(dice.randrange(100, 999))
    return lambda kept: kept.books.start_over(whose, at=at, paper_money=money)


def telling(user: str, at: datetime) -> Callable[[Kept], Any]:
    made = judgement(at=at)
    return lambda kept: (
        kept.executions.find(made.execution_id) is not None
        and kept.books.tell(user, made.execution_id, [scores_message(made)])
    )


def relaying(dice: random.Random) -> Callable[[Kept], Any]:
    limit = dice.randrange(1, 6)

    def relay(kept: Kept) -> Any:
        with kept.outbox.relaying(limit) as messages:
            return [(one.user_id, one.seq) for one in messages]

    return relay


def everything(kept: Kept) -> list[Any]:
    """All that the ports let out."""
    found: list[Any] = [kept.books.followers(name) for name in ("hodl-wave", "high-freq")]
    found += [kept.pauses.log("hodl-wave", None, 50), kept.executions.latest("hodl-wave")]
    for slot in range(7):
        at = NOON + slot * 4 * HOUR
        name = judgement(at=at).execution_id
        found += [
            kept.executions.find(name),
            kept.executions.pending_users(name),
            kept.executions.fill_marks(name),
            kept.executions.unfinished("hodl-wave", up_to=at),
        ]
        found += [
            kept.executions.last_scores("hodl-wave", asset, before=at) for asset in ("BTC", "ETH")
        ]
    for user in USERS:
        found += [
            kept.books.portfolio(user, {"BTC": mark(), "ETH": mark("ETH", "4000")}),
            kept.books.account(user, as_of=NOON + 9 * HOUR),
            list(kept.books.valuations(user, since=NOON, until=NOON + DAY)),
            kept.outbox.last_seq(user),
            [(one.seq, one.message.event) for one in kept.outbox.since(user, 1, 10)],
            kept.pauses.current("hodl-wave", user),
            kept.pauses.log("hodl-wave", user, 50),
        ]
    return found


# ---------------------------------------------------------------- the market


@pytest.mark.parametrize("seed", range(8))
def test_candles_come_out_alike(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    stores: Sequence[Candles] = (MemoryCandles(), PostgresCandles(database))
    for _ in range(12):
        bars = [a_bar(dice) for _ in range(dice.randrange(1, 6))]
        since, by = (NOON + dice.randrange(-12, 12) * DAY for _ in range(2))
        if dice.random() < 0.15:
            assert len({store.purge(Timeframe.H1, before=since) for store in stores}) == 1
        for store in stores:
            store.put(bars)
        for asset in ("BTC", "ETH"):
            for timeframe in (Timeframe.H1, Timeframe.D1):
                told = [
                    (
                        store.revision(asset, timeframe),
                        store.last_open(asset, timeframe),
                        store.closed(asset, timeframe, since=since, by=by),
                    )
                    for store in stores
                ]
                assert told[0] == told[1]


def a_bar(dice: random.Random) -> Candle:
    timeframe = dice.choice([Timeframe.H1, Timeframe.D1])
    opened = timeframe.open_time(NOON + dice.randrange(-200, 200) * HOUR)
    asset = dice.choice(["BTC", "ETH"])
    return candle(opened, str(dice.randrange(90, 99)), asset=asset, timeframe=timeframe)


@pytest.mark.parametrize("seed", range(4))
def test_marks_come_out_alike(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    stores: Sequence[Marks] = (MemoryMarks(), PostgresMarks(database))
    for _ in range(15):
        given = [a_mark(dice) for _ in range(dice.randrange(1, 4))]
        given = list({(one.asset, one.at): one for one in given}.values())
        as_of = NOON + dice.randrange(20) * HOUR
        for store in stores:
            store.put_marks(given)
        assert len({store.purge(before=NOON + 2 * HOUR) for store in stores}) == 1
        told = [store.marks(("BTC", "ETH", "SOL"), as_of=as_of) for store in stores]
        assert told[0] == told[1]


def a_mark(dice: random.Random) -> Mark:
    at = NOON + dice.randrange(20) * HOUR
    return mark(dice.choice(["BTC", "ETH"]), str(dice.randrange(1, 9)), at)


@pytest.mark.parametrize("seed", range(8))
def test_readings_come_out_alike(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    stores: Sequence[Readings] = (MemoryReadings(), PostgresReadings(database))
    for _ in range(10):
        given = [a_reading(dice) for _ in range(dice.randrange(1, 9))]
        assert len({store.put_readings(given) for store in stores}) == 1
        since, as_of = NOON - dice.randrange(12) * DAY, NOON + dice.randrange(-12, 12) * DAY
        for asset, names in ((None, ("m2", "cpi")), ("BTC", ("mvrv", "nvt", "mvrv_z"))):
            told = [store.history(names, asset, since=since, as_of=as_of) for store in stores]
            assert told[0] == told[1]
        for source in ("fred", "coinmetrics", "glassnode", "nobody"):
            assert len({store.last_period(source) for store in stores}) == 1


def a_reading(dice: random.Random) -> Reading:
    series, asset, sources = dice.choice(
        [
            ("m2", None, ("fred",)),
            ("cpi", None, ("fred",)),
            ("mvrv", "BTC", ("coinmetrics", "glassnode")),
            ("nvt", "BTC", ("coinmetrics", "glassnode")),
        ]
    )
    period = NOON.replace(hour=0) - dice.randrange(10) * DAY
    available = period + DAY
    return Reading(
        series,
        asset,
        period,
        float(dice.randrange(3)),
        available,
        available + dice.randrange(4) * DAY,
        dice.choice(sources),
    )
