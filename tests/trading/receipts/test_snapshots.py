"""Snapshots as blobs: the same comes back, and what has not changed is kept once."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from automoney.market.candles import Timeframe
from automoney.market.readings import Filled, Reading
from automoney.market.snapshot import Indicators, Outlook, Snapshot
from automoney.trading.receipts.columns import columns, quarters, readings_of
from automoney.trading.receipts.exact import exact
from automoney.trading.receipts.snapshots import Packer, name_of, unpack
from tests.agents.recorded import snapshots
from tests.builders import NOON, candle, mark

_US = timedelta(microseconds=1)
values = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def series(draw: st.DrawFn, name: str = "mvrv") -> tuple[Reading, ...]:
    """Readings of one series at ascending periods."""
    period = NOON + draw(st.timedeltas(timedelta(days=-5_000), timedelta(days=9_000)))
    found = []
    alike = draw(st.booleans())
    for _ in range(draw(st.integers(1, 12))):
        period += draw(st.timedeltas(_US, timedelta(days=120)))
        lag, seen = (timedelta(hours=1),) * 2 if alike else (draw(_LAGS), draw(_LAGS))
        found.append(
            Reading(
                name,
                "BTC",
                period,
                draw(values),
                period + lag,
                period + lag + seen,
                draw(st.sampled_from(["glassnode", "coinmetrics"])),
                draw(st.sampled_from(Filled) | st.none()),
                *(draw(st.booleans()) for _ in range(3)),
            )
        )
    return tuple(found)


_LAGS = st.timedeltas(timedelta(0), timedelta(days=60))


@given(series())
def test_columns_hold_all_of_a_series(readings: tuple[Reading, ...]) -> None:
    assert readings_of(json.loads(exact(columns(readings)))) == readings


@given(series())
def test_quarters_are_cut_by_the_calendar_and_lose_nothing(readings: tuple[Reading, ...]) -> None:
    cut = list(quarters(readings))

    assert tuple(one for quarter in cut for one in quarter) == readings
    named = [{(one.period.year, (one.period.month - 1) // 3) for one in quarter} for quarter in cut]
    assert all(len(names) == 1 for names in named)
    assert len({name for names in named for name in names}) == len(cut)


@given(st.lists(series(), max_size=3), st.lists(st.sampled_from(["mvrv", "nvt"]), unique=True))
def test_a_snapshot_comes_back_the_same(
    found: Sequence[tuple[Reading, ...]], old: list[str]
) -> None:
    snapshot = Snapshot(
        "BTC",
        NOON,
        mark("BTC", "112345.670", NOON - _US),
        Timeframe.H4,
        {  # the leading one first, whatever the alphabet says
            timeframe: Outlook(candle(NOON, timeframe=timeframe), Indicators(rsi14=50.25), NOON)
            for timeframe in (Timeframe.H4, Timeframe.H1)
        },
        {f"series {number}": readings for number, readings in enumerate(found)},
        frozenset(old),
    )
    packed = Packer().pack(snapshot)

    back = unpack(packed.name, lambda names: {name: packed.blobs[name] for name in names})

    assert back == snapshot
    assert list(back.outlooks) == list(snapshot.outlooks)
    assert list(back.series) == list(snapshot.series)
    assert str(back.mark.price) == "112345.670"
    assert all(name_of(body) == name for name, body in packed.blobs.items())


def test_from_run_to_run_little_is_new(market_data: Path) -> None:
    """A day changes the first and the last piece of a series, and none between."""
    packer, known, new = Packer(), dict[str, bytes](), []
    days = snapshots(
        market_data, "BTC", start=datetime(2025, 6, 1, tzinfo=UTC), every=timedelta(days=1)
    )
    for snapshot, _ in zip(days, range(30), strict=False):
        blobs = packer.pack(snapshot).blobs
        new.append(sum(len(body) for name, body in blobs.items() if name not in known))
        known.update(blobs)

    assert new[0] > 60_000
    assert max(new[1:]) < 25_000


def test_the_same_snapshot_has_the_same_name_whoever_packs_it(market_data: Path) -> None:
    first, second, *_ = snapshots(market_data, "ETH", start=datetime(2025, 8, 1, tzinfo=UTC))
    packer = Packer()
    packer.pack(first)

    assert packer.pack(second).name == Packer().pack(second).name
    assert packer.pack(first) == Packer().pack(first)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"count":2', b'"count":3'),
        (b'"count":2', b'"count":"two"'),
        (b'"series":', b'"serie":'),
        (b'"value":[1.5,2.5]', b'"value":[1.5]'),
        (b'"filled":null', b'"filled":"guessed"'),
        (b'"lag":3600000000', b'"lag":1e300'),
    ],
)
def test_columns_that_do_not_fit_each_other_are_refused(old: bytes, new: bytes) -> None:
    at = [NOON, NOON + timedelta(days=1)]
    hour = timedelta(hours=1)
    pair = [
        Reading("mvrv", "BTC", day, value, day + hour, day + hour, "coinmetrics")
        for day, value in zip(at, (1.5, 2.5), strict=True)
    ]
    body = exact(columns(pair))
    assert old in body

    with pytest.raises(InvalidInput):
        readings_of(json.loads(body.replace(old, new)))


def test_a_blob_of_something_else_is_no_snapshot() -> None:
    with pytest.raises(InvalidInput):
        unpack("a", lambda names: dict.fromkeys(names, b"not JSON"))


def test_prices_keep_their_digits() -> None:
    assert Decimal(json.loads(exact(mark("BTC", "50000.10")))["price"]) == Decimal("50000.1")
    assert b'"50000.10"' in exact(mark("BTC", "50000.10"))
