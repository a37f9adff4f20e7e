"""The table of sources: every row can be made and meets its need, and a new row is asked."""

import inspect
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from automoney import wiring
from automoney.errors import Unknown
from automoney.market.series import SERIES
from automoney.ports import PriceSource, SeriesSource, Trades
from automoney.schedule import Slot
from automoney.sources import table
from automoney.sources.table import SOURCES, Limit, Source, source_named, sources_of
from automoney.transport import Transport
from tests.sources.served import NOW, Purse, Served, StoredBreaker, as_json

GROUPS = {"prices": PriceSource} | {series.group: SeriesSource for series in SERIES.values()}
KEY = "mood-0123456789abcdef"
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("row", SOURCES, ids=lambda row: row.name)
def test_a_row_can_be_made_and_meets_the_need_of_its_group(row: Source) -> None:
    transport = Transport(
        breaker=StoredBreaker(),
        clock=lambda: NOW,
        timeout=timedelta(seconds=1),
        budget=Purse({}),
        limits={row.name: row.limits},
    )
    made = row.made(transport, row.url, KEY)
    assert made.name == row.name, "what it gives is marked with the name of its row"
    assert KEY not in repr(made)
    meets(made, GROUPS[row.group])
    if row.name == "binance":
        meets(made, Trades)
    url = urlsplit(row.url)
    assert (url.scheme, bool(url.hostname), row.url.endswith("/")) == ("https", True, False)
    assert all(limit.calls >= 1 and limit.per > timedelta(0) for limit in row.limits)


def meets(made: object, need: type) -> None:
    """Whether it has what the Protocol names, called the same way (mypy cannot see a row's)."""
    for name, wanted in vars(need).items():
        if name.startswith("_"):
            continue
        assert hasattr(made, name), f"{made} lacks {name}"
        if inspect.isfunction(wanted):
            expected = list(inspect.signature(wanted).parameters.values())[1:]
            given = inspect.signature(getattr(made, name)).parameters.values()
            assert [(p.name, p.kind, p.default) for p in given] == [
                (p.name, p.kind, p.default) for p in expected
            ]


def test_names_are_told_apart_and_every_group_has_a_source_without_a_key() -> None:
    assert len({row.name for row in SOURCES}) == len(SOURCES)
    assert {row.group for row in SOURCES} == set(GROUPS)
    for group in GROUPS:
        assert not sources_of(group)[-1].keyed
    assert [row.name for row in sources_of("macro")] == ["fred", "fred_csv"]


def test_a_row_by_its_name() -> None:
    assert source_named("binance") in SOURCES
    with pytest.raises(Unknown, match="source was 'kraken'; expected one of alternative_me, "):
        source_named("kraken")


@pytest.fixture
def environment(database_url: str, redis_url: str, served: Served) -> Iterator[dict[str, str]]:
    """Everything real but the outside, which answers nothing yet."""
    urls = {f"AUTOMONEY_{row.name.upper()}_URL": served.url for row in SOURCES}
    yield {
        **urls,
        "AUTOMONEY_MOOD_URL": f"{served.url}/",
        "AUTOMONEY_DATABASE_URL": database_url,
        "AUTOMONEY_REDIS_URL": redis_url,
    }
    wiring.leave()
    wiring.use({})


def test_adding_a_source_is_a_module_and_a_row(
    environment: dict[str, str], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Source(
        "mood",
        "sentiment",
        "tests.sources.added:Mood",
        "https://mood.example",
        keyed=True,
        limits=(Limit(2, timedelta(minutes=1)),),
    )
    monkeypatch.setattr(table, "SOURCES", (*SOURCES, row))
    served.give("/mood", as_json({"mood": 77}))

    clock = [NOW]

    def collected(now: datetime) -> dict[str, Any]:
        clock[0] = now
        return wiring.collect(wiring.series_collector("sentiment"), Slot(now))

    surroundings = wiring.Surroundings(market_clock=lambda: clock[0])
    wiring.use({**environment, "AUTOMONEY_MOOD_KEY": KEY}, surroundings)
    wiring.migrate()
    first = collected(NOW)
    assert (first["source"], first["outcome"]) == ("mood", "ok"), "alternative_me gave nothing"
    (asked,) = [one for one in served.requests if one.path == "/mood"]
    assert asked.headers["x-key"] == KEY
    since = NOW - timedelta(days=1)
    kept = wiring.readings().history(["fear_greed"], None, since=since, as_of=NOW)
    assert [(one.value, one.source) for one in kept["fear_greed"]] == [(77, "mood")]

    assert [collected(NOW + n * SECOND)["outcome"] for n in (1, 2)] == ["ok", "failed"]
    assert len(served.asked("/mood")) == 2, "its limit is two calls a minute"
    assert collected(NOW + 60 * SECOND)["outcome"] == "ok"

    wiring.leave()
    wiring.use(environment, surroundings)
    served.requests.clear()
    assert collected(NOW + 200 * SECOND)["outcome"] == "failed", "without its key it is passed over"
    assert served.asked("/mood") == []
