import pytest

from automoney.errors import InvalidInput
from automoney.market.candles import Timeframe
from infra.local.world.bars import Bars, aggregate
from infra.local.world.clock import DAY, HOUR, moment
from infra.local.world.recording import Recording
from infra.local.world.synthetic import DEFAULT_END, synthetic_recording


def test_a_seed_names_one_world_whichever_assets_are_asked_for(synthetic: Recording) -> None:
    again = synthetic_recording(7, ["ETH"], five_minute_days=3)
    assert set(again.ladders) == set(again.onchain) == {"ETH"}
    assert again.ladders["ETH"] == synthetic.ladders["ETH"]
    assert again.onchain["ETH"] == synthetic.onchain["ETH"]
    assert again.macro == synthetic.macro
    assert again.sentiment == synthetic.sentiment


def test_another_seed_is_another_world(synthetic: Recording) -> None:
    other = synthetic_recording(8, five_minute_days=0)
    assert other.ladders["BTC"].bars[Timeframe.D1] != synthetic.ladders["BTC"].bars[Timeframe.D1]
    assert other.onchain["BTC"].columns != synthetic.onchain["BTC"].columns
    assert other.macro != synthetic.macro


def test_it_covers_what_a_strategy_needs(synthetic: Recording) -> None:
    assert synthetic.world == "synthetic"
    assert synthetic.ends == DEFAULT_END
    assert (synthetic.ends - synthetic.begins).days == 11 * 366
    assert synthetic.glassnode_until is None
    for ladder in synthetic.ladders.values():
        hours = ladder.given[Timeframe.H1]
        assert (hours.ends[-1] - hours.opens[0]) // DAY >= 3 * 365
        assert (moment(ladder.given[Timeframe.M5].opens[0]) - DEFAULT_END).days == -3
    assert set(synthetic.onchain) == {"BTC", "ETH"}
    assert {"DFF", "DGS2", "DGS10", "DTWEXBGS", "CPIAUCSL", "M2SL"} <= set(synthetic.macro)


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_longer_candles_add_up_and_prices_join(synthetic: Recording, asset: str) -> None:
    given = synthetic.ladders[asset].given
    for finer, coarser, duration in (
        (Timeframe.M5, Timeframe.H1, HOUR),
        (Timeframe.H1, Timeframe.D1, DAY),
    ):
        added = aggregate(given[finer], duration)
        whole = given[coarser]
        assert whole.cut(len(whole) - len(added), len(whole)).columns == added.columns
    days = given[Timeframe.D1]
    assert list(days.open[1:]) == list(days.close[:-1])
    assert all(_is_sane(bars) for bars in given.values())


def _is_sane(bars: Bars) -> bool:
    rows = (bars[index] for index in range(len(bars)))
    return all(
        0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        and bar.volume > 0
        for bar in rows
    )


def test_both_assets_move_together(synthetic: Recording) -> None:
    def rises(asset: str) -> list[bool]:
        days = synthetic.ladders[asset].bars[Timeframe.D1]
        return [close > start for start, close in zip(days.open, days.close, strict=True)]

    same = [one == other for one, other in zip(rises("BTC"), rises("ETH"), strict=True)]
    assert 0.7 < sum(same) / len(same) < 0.9


def test_the_end_is_a_midnight() -> None:
    with pytest.raises(InvalidInput, match="a midnight in UTC"):
        synthetic_recording(7, end=DEFAULT_END.replace(hour=1))
    with pytest.raises(InvalidInput, match="five_minute_days was -1"):
        synthetic_recording(7, five_minute_days=-1)
