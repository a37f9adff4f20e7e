"""Backfill jobs over stores in memory: any order of runs and kills ends with the same rows."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automoney.errors import SourceUnavailable
from automoney.market.candles import Candle, Timeframe
from automoney.market.readings import Filled, Reading
from automoney.workflows.backfill import Chunk, Job, Report, Span, backfill
from automoney.workflows.backfill_candles import CandleJob, wanted_span
from automoney.workflows.backfill_readings import ReadingJob
from tests.builders import candle, reading
from tests.fakes import FakePrices

DAY = timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 40
NOW = START + 400 * DAY


class Killed(BaseException):
    """Our process has ended here."""


@dataclass
class Store:
    """Candles, readings and progress in memory.  It is killed at the put number `dies_at`, before
    that one has changed anything, or just `after` it has.
    """

    bars: dict[tuple[str, Timeframe, datetime], Candle] = field(default_factory=dict)
    readings: dict[tuple[str, str | None, str, datetime, datetime], Reading] = field(
        default_factory=dict
    )
    progress: dict[str, datetime] = field(default_factory=dict)
    dies_at: int = 0
    after: bool = False
    puts: int = 0

    def reached(self, job: str) -> datetime | None:
        return self.progress.get(job)

    def closed(
        self, asset: str, timeframe: Timeframe, *, since: datetime, by: datetime
    ) -> list[Candle]:
        found = [
            bar
            for (one, length, opens), bar in self.bars.items()
            if (one, length) == (asset, timeframe) and opens >= since and bar.close_time <= by
        ]
        return sorted(found, key=lambda bar: bar.open_time)

    def put_candles(self, job: str, candles: Sequence[Candle], *, reached: datetime) -> int:
        self._count()
        changed = 0
        for bar in candles:
            key = (bar.asset, bar.timeframe, bar.open_time)
            changed += self.bars.get(key) != bar
            self.bars[key] = bar
        return self._done(job, reached, changed)

    def put_readings(self, job: str, readings: Sequence[Reading], *, reached: datetime) -> int:
        self._count()
        kept = 0
        for one in readings:
            older = [
                other
                for (series, asset, source, period, vintage), other in self.readings.items()
                if (series, asset, source, period)
                == (one.series, one.asset, one.source, one.period)
                and vintage <= one.vintage
            ]
            last = max(older, key=lambda other: other.vintage, default=None)
            if last is None or last.value != one.value:
                key = (one.series, one.asset, one.source, one.period, one.vintage)
                kept += self.readings.setdefault(key, one) is one
        return self._done(job, reached, kept)

    def _count(self) -> None:
        self.puts += 1
        if self.puts == self.dies_at and not self.after:
            raise Killed

    def _done(self, job: str, reached: datetime, changed: int) -> int:
        self.progress[job] = reached
        if self.puts == self.dies_at:
            raise Killed
        return changed

    # the rest of ports.Candles, which no job asks for

    def put(self, candles: object) -> None:
        raise NotImplementedError

    def revision(self, asset: str, timeframe: Timeframe) -> int:
        raise NotImplementedError

    def last_open(self, asset: str, timeframe: Timeframe) -> datetime | None:
        raise NotImplementedError

    def days(self, asset: str, *, since: datetime, closed_by: datetime) -> list[Candle]:
        raise NotImplementedError

    def purge(self, timeframe: Timeframe, *, before: datetime) -> int:
        raise NotImplementedError


@dataclass
class Values:
    """A source of readings that knows them all, and shows what is out; `without` goes missing."""

    known: list[Reading]
    name: str = "fred"
    asked: list[datetime] = field(default_factory=list)
    without: str = ""
    status: int | None = None

    async def readings(
        self, assets: Sequence[str], *, since: datetime, now: datetime
    ) -> tuple[Reading, ...]:
        self.asked.append(since)
        if self.without:
            logging.getLogger("automoney.sources").warning(
                "%s: going on without %s: %s",
                *(self.name, self.without, "it said no"),
                extra={"status": self.status},
            )
        return tuple(
            replace(one, vintage=now)
            for one in self.known
            if one.period >= since and one.available_at <= now and one.series != self.without
        )


@dataclass
class Told:
    reports: list[Report] = field(default_factory=list)
    ends: list[Report] = field(default_factory=list)

    def came(self, report: Report) -> None:
        self.reports.append(report)

    def ended(self, report: Report) -> None:
        self.ends.append(report)


def run(*jobs: Job, told: Told | None = None) -> tuple[Report, ...]:
    ticks = iter(range(10_000))
    return asyncio.run(backfill(jobs, watcher=told or Told(), timer=lambda: float(next(ticks))))


def load(job: Job) -> list[Chunk]:
    async def all_of_it() -> list[Chunk]:
        return [chunk async for chunk in job.load()]

    return asyncio.run(all_of_it())


def prices(bars: Sequence[Candle]) -> FakePrices:
    return FakePrices("binance", bars={("BTC", Timeframe.D1): list(bars)})


def days(*missing: int, spike: int = -1) -> list[Candle]:
    return [
        candle(START + number * DAY, "90000" if number == spike else "50000")
        for number in range(DAYS)
        if number not in missing
    ]


def candle_job(source: FakePrices, store: Store, start: int, end: int, page: int = 7) -> CandleJob:
    span = wanted_span(Timeframe.D1, START + start * DAY, START + end * DAY)
    return CandleJob(source, "BTC", Timeframe.D1, span, store, store, page)


def reading_job(
    source: Values, store: Store, start: datetime, end: datetime, now: datetime = NOW
) -> ReadingJob:
    return ReadingJob(source, "macro", None, Span(start, end), now, store)


# ---------------------------------------------------------------- candles


def test_a_page_a_transaction_gaps_filled_and_jumps_flagged() -> None:
    source, store = prices(days(10, 11, spike=20)), Store()
    told = Told()
    (report,) = run(candle_job(source, store, 0, DAYS), told=told)

    assert (report.fetched, report.new, report.changed) == (DAYS - 2, DAYS, 0)
    assert (report.filled, report.anomalies, report.error) == (2, 2, None)
    assert (report.start, report.end, report.share) == (START, START + DAYS * DAY, 1.0)
    filled = [bar for bar in store.bars.values() if bar.filled is Filled.FORWARD]
    assert [bar.open_time for bar in filled] == [START + 10 * DAY, START + 11 * DAY]
    flagged = [bar.open_time for bar in store.bars.values() if bar.anomalous]
    assert flagged == [START + 20 * DAY, START + 21 * DAY]
    shares = [one.share for one in told.reports]
    assert shares == sorted(shares)
    assert len(shares) == 1 + 6  # the start and, with the gap in one of them, six pages


def test_a_second_run_asks_for_nothing_and_a_later_one_for_what_is_new() -> None:
    source, store = prices(days()), Store()
    run(candle_job(source, store, 0, 20))
    source.asked.clear()
    (report,) = run(candle_job(source, store, 5, 20))
    assert (source.asked, report.share, report.new) == ([], 1.0, 0)

    (report,) = run(candle_job(source, store, 0, 22))
    assert source.asked == [("BTC", Timeframe.D1, START + 20 * DAY, 2)]
    assert report.new == 2


def test_an_earlier_start_loads_the_earlier_part_and_judges_the_bar_after_it() -> None:
    source, store = prices(days(18, spike=20)), Store()
    run(candle_job(source, store, 20, DAYS))
    assert not store.bars["BTC", Timeframe.D1, START + 20 * DAY].anomalous
    source.asked.clear()

    (report,) = run(candle_job(source, store, 0, DAYS))
    assert all(start is not None and start < START + 20 * DAY for _, _, start, _ in source.asked)
    assert (report.new, report.filled) == (20, 1)
    whole = Store()
    run(candle_job(source, whole, 0, DAYS))
    assert store.bars == whole.bars


def test_a_bar_of_another_source_stands_where_this_one_has_none() -> None:
    source, store = prices(days(10)), Store()
    other = replace(candle(START + 10 * DAY, "51000"), source="coingecko")
    stale = replace(candle(START + 5 * DAY, "1"), source="coingecko")
    for bar in (other, stale):
        store.bars["BTC", Timeframe.D1, bar.open_time] = bar

    (report,) = run(candle_job(source, store, 0, DAYS))
    assert store.bars["BTC", Timeframe.D1, START + 10 * DAY] == other
    assert store.bars["BTC", Timeframe.D1, START + 5 * DAY].source == "binance"
    assert (report.changed, report.filled) == (1, 0)


def test_the_bar_that_is_open_at_the_end_is_left_out() -> None:
    source, store = prices(days()), Store()
    span = Span(START, START + 3.5 * DAY)
    run(CandleJob(source, "BTC", Timeframe.D1, span, store, store))
    assert [opens for _, _, opens in store.bars] == [START, START + DAY, START + 2 * DAY]


def test_hours_are_loaded_as_far_back_as_they_are_kept_and_weeks_whole() -> None:
    end = START + 300 * DAY
    assert wanted_span(Timeframe.H1, START, end) == Span(end - 60 * DAY, end)
    assert wanted_span(Timeframe.H4, START, end) == Span(end - 240 * DAY, end)
    assert wanted_span(Timeframe.H4, end - DAY, end) == Span(end - DAY, end)
    thursday = datetime(2017, 8, 17, tzinfo=UTC)
    assert wanted_span(Timeframe.W1, thursday, end).start == thursday - 3 * DAY


def test_hours_that_are_no_longer_kept_are_not_loaded_to_join_the_new_ones() -> None:
    hour = timedelta(hours=1)
    bars = [candle(START + n * hour, timeframe=Timeframe.H1) for n in range(48)]
    source = FakePrices("binance", bars={("BTC", Timeframe.H1): bars})
    store = Store()
    for start, end in ((0, 10), (30, 40)):
        span = Span(START + start * hour, START + end * hour)
        run(CandleJob(source, "BTC", Timeframe.H1, span, store, store))
    assert len(store.bars) == 20
    assert store.progress["binance BTC 1h since"] == START + 30 * hour


@st.composite
def runs(draw: st.DrawFn) -> list[tuple[int, int, int, bool]]:
    """Spans of days, each with the put at which the run is killed (0: it is not)."""
    found = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, DAYS - 2))
        end = draw(st.integers(start + 1, DAYS))
        found.append((start, end, draw(st.integers(0, 6)), draw(st.booleans())))
    return found


@settings(max_examples=120, deadline=None)
@given(
    runs=runs(),
    missing=st.sets(st.integers(0, DAYS - 1), max_size=12),
    spike=st.integers(0, DAYS - 1),
    page=st.integers(1, 12),
)
def test_any_runs_and_kills_end_with_the_candles_of_one_undisturbed_run(
    runs: list[tuple[int, int, int, bool]], missing: set[int], spike: int, page: int
) -> None:
    source, store = prices(days(*missing, spike=spike)), Store()
    for start, end, store.dies_at, store.after in runs:
        store.puts = 0
        with suppress(Killed):
            load(candle_job(source, store, start, end, page))
    store.dies_at = 0
    load(candle_job(source, store, 0, DAYS, page))
    whole = Store()
    load(candle_job(source, whole, 0, DAYS))
    assert store.bars == whole.bars


# ---------------------------------------------------------------- readings


def months(count: int = 13, lag: timedelta = 20 * DAY) -> list[Reading]:
    """A monthly series that comes out late, and a daily one."""
    cpi = []
    for number in range(count):
        period = datetime(2024 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
        end = datetime(2024 + (number + 1) // 12, (number + 1) % 12 + 1, 1, tzinfo=UTC)
        cpi.append(replace(reading("cpi", period, 300.0 + number), available_at=end + lag))
    rates = [reading("us10y", START + n * DAY, 4 + n / 100) for n in range(30 * count)]
    return [*cpi, *rates]


def test_history_is_taken_as_seen_when_it_was_published_a_quarter_at_a_time() -> None:
    source, store = Values(months()), Store()
    end = START + 366 * DAY
    (report,) = run(reading_job(source, store, START, end))

    assert report.fetched == report.new == len(store.readings) > 300
    assert report.error is None
    assert store.puts == 2 + 4  # the two ends of an empty span, then four quarters
    for one in store.readings.values():
        assert one.vintage == one.available_at <= end
        assert one.vintage_assumed
    known = {one.period for one in store.readings.values() if one.series == "cpi"}
    assert datetime(2024, 12, 1, tzinfo=UTC) not in known  # it came out in January


def test_a_later_run_gets_what_came_out_late_and_sees_revisions_now() -> None:
    source, store = Values(months()), Store()
    end = START + 366 * DAY
    run(reading_job(source, store, START, end))
    december = datetime(2024, 12, 1, tzinfo=UTC)
    source.known = [
        replace(one, value=one.value + 1) if one.period == december - 30 * DAY else one
        for one in source.known
    ]
    (report,) = run(reading_job(source, store, START, end + 30 * DAY))

    assert source.asked[1] == end - 100 * DAY
    (late,) = [
        one for one in store.readings.values() if (one.series, one.period) == ("cpi", december)
    ]
    assert (late.vintage, late.vintage_assumed) == (late.available_at, True)
    revised = [one for one in store.readings.values() if not one.vintage_assumed]
    assert {one.vintage for one in revised} == {NOW}
    assert report.changed == len(revised) == 2  # of both series


def test_other_series_and_what_came_out_after_the_end_are_left_out() -> None:
    source = Values([reading("us10y", START, 4.0), reading("unheard_of", START, 1.0)])
    store = Store()
    run(reading_job(source, store, START, START + DAY / 2))
    assert store.readings == {}
    run(reading_job(source, store, START, START + 2 * DAY))
    assert [one.series for one in store.readings.values()] == ["us10y"]


def test_a_part_is_kept_but_all_of_it_is_asked_for_again() -> None:
    source, store = Values(months(), without="us10y"), Store()
    end = START + 366 * DAY
    (report,) = run(reading_job(source, store, START, end))
    assert report.error == "fred: gave only a part: us10y: it said no"
    assert {one.series for one in store.readings.values()} == {"cpi"}

    source.without = ""
    (report,) = run(reading_job(source, store, START, end))
    assert report.error is None
    whole = Store()
    run(reading_job(source, whole, START, end))
    assert store.readings == whole.readings


def test_what_a_plan_does_not_hold_is_told_and_not_asked_for_again() -> None:
    source, store = Values(months(), without="us10y", status=403), Store()
    job = reading_job(source, store, START, NOW)
    (report,) = run(job)
    assert (report.error, report.left_out) == (None, ("us10y: it said no",))
    run(reading_job(source, store, START, NOW))
    assert len(source.asked) == 1


@settings(max_examples=120, deadline=None)
@given(runs=runs(), scale=st.integers(1, 9), played=st.booleans())
def test_any_runs_and_kills_end_with_the_readings_of_one_undisturbed_run(
    runs: list[tuple[int, int, int, bool]], scale: int, played: bool
) -> None:
    """In a played world the present is the end of what is asked for."""

    def job(store: Store, first: int, last: int) -> ReadingJob:
        start, end = (START + days * scale * DAY for days in (first, last))
        return reading_job(source, store, start, end, end if played else NOW)

    source, store = Values(months()), Store()
    for start, end, store.dies_at, store.after in runs:
        store.puts = 0
        with suppress(Killed):
            load(job(store, start, end))
    store.dies_at = 0
    load(job(store, 0, DAYS))
    whole = Store()
    load(job(whole, 0, DAYS))
    assert store.readings == whole.readings


# ---------------------------------------------------------------- several jobs


def test_a_job_whose_source_gives_up_fails_alone() -> None:
    broken, store = prices(days()), Store()
    broken.no_candles = "asked to be left alone until tomorrow"
    told = Told()
    first, second = run(
        candle_job(broken, store, 0, DAYS),
        reading_job(Values(months()), store, START, NOW),
        told=told,
    )
    assert first.error == "binance: asked to be left alone until tomorrow"
    assert (second.error, second.new) == (None, len(store.readings))
    assert {one.source for one in told.ends} == {"binance", "fred"}


def test_an_error_of_ours_is_not_taken_for_the_sources() -> None:
    store = Store(dies_at=3)
    with pytest.raises(BaseExceptionGroup):
        run(candle_job(prices(days()), store, 0, DAYS))


def test_the_source_s_own_word_is_kept() -> None:
    source, store = prices([]), Store()
    source.no_candles = "answered 451"
    with pytest.raises(SourceUnavailable, match="binance: answered 451"):
        load(candle_job(source, store, 0, DAYS))
