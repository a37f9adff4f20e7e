"""The readings of a recording as the series collectors would have stored them.

A value is first seen, and so gets its vintage, at the first slot of its collector by which it is
out.  The sources' own code says what a row means and from when it is available.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial

from automoney import schedule
from automoney.market.assets import asset_named
from automoney.market.readings import Reading
from automoney.schedule import Schedule
from automoney.sources import bounds, coinmetrics, days, fred_series, glassnode
from automoney.stores.memory.readings import MemoryReadings
from infra.local.world.clock import moment
from infra.local.world.recording import Recording
from infra.local.world.tables import Table

_BEGINNING = moment(0)
_MINUTE = timedelta(minutes=1)
_AFTER_ALL = timedelta(days=400)  # by then whatever a recording holds has come out
# Which column of a recording answers for which metric of the API.
_COINMETRICS = {
    "CapMVRVCur": "mvrv",
    "NVTAdj": "nvt_proxy",
    "AdrActCnt": "active_addresses",
    "FlowInExNtv": "exchange_inflow_btc",
    "FlowOutExNtv": "exchange_outflow_btc",
}
_GLASSNODE = {
    "market/mvrv_z_score": "mvrv_z_score",
    "indicators/nvt": "nvt",
    "transactions/transfers_volume_exchanges_net": "exchange_netflow_btc",
    "addresses/active_count": "active_addresses",
}
MACRO = frozenset(one.series_id for one in fred_series.SERIES.values())  # files of these alone
ONCHAIN = ("coinmetrics", "glassnode")  # the first needs no key


def stored_readings(
    recording: Recording, assets: Sequence[str], *, onchain: str = ONCHAIN[0]
) -> MemoryReadings:
    """All readings of the recording, with on-chain values from the source named `onchain`."""
    end = recording.ends + _AFTER_ALL
    found = MemoryReadings()
    chain = _from_glassnode if onchain == "glassnode" else _from_coinmetrics
    for asset in assets:
        found.put_readings(_seen(chain(recording, asset, end), schedule.ONCHAIN))
    for series, published in fred_series.SERIES.items():
        table = recording.macro.get(published.series_id)
        if table:
            rows = ((f"{day:%Y-%m-%d}", value) for day, value in _rows(table, "value"))
            read = partial(fred_series.readings, "fred", series, rows)
            found.put_readings(_seen(read(since=_BEGINNING, now=end, clock=end), schedule.MACRO))
    if recording.sentiment:
        found.put_readings(_seen(_moods(recording.sentiment, end), schedule.SENTIMENT))
    return found


def _seen(readings: Iterable[Reading], collected: Schedule) -> Iterator[Reading]:
    """Each with the vintage of the first slot by which it was out, by whole minutes."""
    return (
        Reading(  # what `replace` does in twice the time
            one.series,
            one.asset,
            one.period,
            one.value,
            one.available_at,
            _slot(collected, one.available_at),
            one.source,
            one.filled,
            one.anomalous,
            one.proxy,
            one.vintage_assumed,
        )
        for one in readings
    )


@cache  # several series come out at once
def _slot(collected: Schedule, out: datetime) -> datetime:
    return collected.next_after(out - _MINUTE)


def _from_coinmetrics(recording: Recording, asset: str, end: datetime) -> Iterator[Reading]:
    table = recording.onchain.get(asset)
    if table is None:
        return
    source = "coinmetrics"
    free = asset_named(asset).coinmetrics
    for metric, series in coinmetrics.SERIES.items():
        if metric in free:
            read = partial(bounds.value, source, series, metric)
            values = _values(table, _COINMETRICS[metric], read)
            proxy = series in coinmetrics.PROXIES
            yield from days.readings(
                source, series, asset, values, since=_BEGINNING, now=end, proxy=proxy
            )
    read_coins = partial(bounds.coins, source, "a flow")
    flows = [
        _values(table, _COINMETRICS[metric], read_coins) if metric in free else {}
        for metric in (coinmetrics.INFLOW, coinmetrics.OUTFLOW)
    ]
    net = {day: float(flows[0][day] - flows[1][day]) for day in flows[0].keys() & flows[1].keys()}
    yield from days.readings(
        source, "exchange_netflow", asset, net, since=_BEGINNING, now=end, proxy=True
    )


def _from_glassnode(recording: Recording, asset: str, end: datetime) -> Iterator[Reading]:
    table = recording.glassnode.get(asset)
    if table is None:
        return
    for metric in asset_named(asset).glassnode:
        column = _GLASSNODE.get(metric)
        if column:
            series = glassnode.SERIES[metric]
            values = _values(table, column, partial(bounds.value, "glassnode", series, metric))
            yield from days.readings("glassnode", series, asset, values, since=_BEGINNING, now=end)


def _moods(table: Table, end: datetime) -> Iterator[Reading]:
    """The index counts from the time that it is stamped with: the start of its day."""
    read = partial(bounds.value, "alternative_me", "fear_greed", "value")
    for day, value in _values(table, "value", read).items():
        yield Reading("fear_greed", None, day, value, day, end, "alternative_me")


def _rows(table: Table, column: str) -> Iterator[tuple[datetime, str]]:
    """Day and text of every row that has a value."""
    texts = table.columns.get(column, ())
    return (
        (moment(period), text) for period, text in zip(table.periods, texts, strict=False) if text
    )


def _values[T](table: Table, column: str, read: Callable[[object], T]) -> Mapping[datetime, T]:
    return {day: read(text) for day, text in _rows(table, column)}
