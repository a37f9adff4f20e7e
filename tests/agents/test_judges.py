"""Each judge on snapshots made by hand: one cause at a time, and what it does to the score."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from automoney.agents import intraday, macro, onchain, technical
from automoney.errors import DataMissing
from automoney.market.readings import Filled, Reading
from automoney.market.snapshot import Indicators, Snapshot
from automoney.trading.judgement import Score
from tests.agents.builders import DAY, daily, snapshot

YEAR = 400


def _series(name: str, values: Sequence[float]) -> dict[str, tuple[Reading, ...]]:
    return {name: daily(name, values)}


def _ramp(start: float, end: float, days: int = YEAR) -> list[float]:
    return [start + (end - start) * day / (days - 1) for day in range(days)]


def _sign(score: Score) -> int:
    return (score.value > 0) - (score.value < 0)


# One series alone, so that the score is that factor's own.
MACRO = [
    pytest.param("fed_funds", _ramp(5, 3), 1, "cheaper", id="rates cut"),
    pytest.param("fed_funds", _ramp(1, 4), -1, "dearer", id="rates raised"),
    pytest.param("fed_funds", [5.33] * YEAR, 1, "rest", id="rates at rest"),
    pytest.param("m2", _ramp(100, 125), 1, "plentiful", id="money grows fast"),
    pytest.param("m2", _ramp(100, 96), -1, "less money", id="money shrinks"),
    pytest.param("cpi", _ramp(100, 102), 1, "free", id="inflation low"),
    pytest.param("cpi", _ramp(100, 109), -1, "brake", id="inflation high"),
    pytest.param("dollar_index", _ramp(125, 100), 1, "weak dollar", id="dollar falls"),
    pytest.param("dollar_index", _ramp(100, 125), -1, "strong dollar", id="dollar rises"),
    pytest.param("us10y", _ramp(5, 2), 1, "cheaper", id="yields fall"),
    pytest.param("us10y", _ramp(1, 4), -1, "dearer", id="yields rise"),
    pytest.param("fear_greed", [12], 1, "extreme fear", id="fear is a time to buy"),
    pytest.param("fear_greed", [88], -1, "extreme greed", id="greed is not"),
    pytest.param("fear_greed", [50], 0, "neutral", id="no mood"),
]
ONCHAIN = [
    pytest.param("mvrv_z", [0.0], 1, "bear markets ended", id="Z at the bottom"),
    pytest.param("mvrv_z", [7.5], -1, "bull markets ended", id="Z at the top"),
    pytest.param("mvrv", [0.9], 1, "at a loss", id="MVRV at the bottom"),
    pytest.param("mvrv", [3.9], -1, "bull markets ended", id="MVRV at the top"),
    pytest.param("nvt", [*[100] * 99, 60, 60, 60], 1, "much is moved", id="NVT below usual"),
    pytest.param("nvt", [*[100] * 99, 170, 170, 170], -1, "ahead of use", id="NVT above usual"),
    pytest.param(
        "exchange_netflow", [*[10, -10] * 45, *[-900] * 7], 1, "leave exchanges", id="outflow"
    ),
    pytest.param("exchange_netflow", [*[10, -10] * 45, *[900] * 7], -1, "to be sold", id="inflow"),
    pytest.param("active_addresses", _ramp(100, 200, 60), 1, "more people", id="more addresses"),
    pytest.param("active_addresses", _ramp(200, 100, 60), -1, "fewer people", id="fewer of them"),
    pytest.param("lth_supply_change", _ramp(-5, 90, 200), 1, "put away", id="holders gather"),
    pytest.param("lth_supply_change", _ramp(5, -90, 200), -1, "are sold", id="holders hand out"),
]


@pytest.mark.parametrize(("name", "values", "sign", "words"), MACRO)
def test_macro_causes(name: str, values: list[float], sign: int, words: str) -> None:
    score = macro.judge(snapshot(_series(name, values)))

    assert _sign(score) == sign, score.reasoning
    assert any(words in factor.note for factor in score.factors)


@pytest.mark.parametrize(("name", "values", "sign", "words"), ONCHAIN)
def test_onchain_causes(name: str, values: list[float], sign: int, words: str) -> None:
    score = onchain.judge(snapshot(_series(name, values)))

    assert _sign(score) == sign, score.reasoning
    assert any(words in factor.note for factor in score.factors)


@pytest.mark.parametrize(
    ("long", "short", "sign"), [(4.5, 3.0, 1), (3.5, 4.5, -1)], ids=["steep", "inverted"]
)
def test_the_yield_curve_needs_both_ends(long: float, short: float, sign: int) -> None:
    ends = _series("us10y", [long]) | _series("us2y", [short])
    one = snapshot(_series("us2y", [short]))

    assert _sign(macro.judge(snapshot(ends))) == sign
    with pytest.raises(DataMissing):
        macro.judge(one)


def test_money_that_turns_up_counts_before_the_year_is_positive() -> None:
    fell = _series("m2", [*_ramp(100, 94, 200), *_ramp(94, 97, 200)])
    contributions = {f.name: f.contribution for f in macro.judge(snapshot(fell)).factors}

    assert contributions["m2_growth"] < 0 < contributions["m2_impulse"]


def test_the_z_score_is_preferred_to_the_ratio_while_it_is_fresh() -> None:
    both = _series("mvrv_z", [0.0]) | _series("mvrv", [3.9])

    assert onchain.judge(snapshot(both)).value > 0
    fallen_back = onchain.judge(snapshot(both, stale=["mvrv_z"]))
    assert fallen_back.value < 0
    assert not fallen_back.degraded


def test_a_cheap_market_that_still_falls_is_not_bought_at_once() -> None:
    falling = onchain.judge(snapshot(_series("mvrv", _ramp(3, 0.95, 180))))
    resting = onchain.judge(snapshot(_series("mvrv", [0.95] * 180)))

    assert falling.value < 10 < resting.value


def test_ether_with_mvrv_alone_is_less_confident_but_not_degraded() -> None:
    mvrv = _series("mvrv", [1.2] * 180)
    score = onchain.judge(snapshot(mvrv, asset="ETH"))

    assert not score.degraded
    assert 0.5 <= score.confidence < 0.75
    assert onchain.judge(snapshot(mvrv, asset="ETH", stale=["mvrv"])).degraded


def test_a_sparse_stand_in_for_nvt_neither_hinders_nor_degrades() -> None:
    """As recorded for bitcoin: a value every fourth day, so stale before the next one comes."""
    sparse = daily("nvt", [100.0] * 60, every=4 * DAY, proxy=True)
    series = _series("mvrv", [1.2] * 180) | {"nvt": sparse}

    fresh, old = onchain.judge(snapshot(series)), onchain.judge(snapshot(series, stale=["nvt"]))

    assert {f.name: f.value for f in fresh.factors}["nvt"] == 1
    assert {f.name: f.value for f in old.factors}["nvt"] is None
    assert not old.degraded


def test_the_default_mood_is_neutral_and_half_trusted() -> None:
    series = {"fear_greed": daily("fear_greed", [50.0], filled=Filled.DEFAULT)}
    score = macro.judge(snapshot(series))
    sure = macro.judge(snapshot(_series("fear_greed", [50.0])))

    assert score.value == sure.value == 0
    assert 0 < score.confidence < sure.confidence


UP = Indicators(
    ema21=42_000,
    ema55=36_000,
    rsi14=64,
    macd=3_000,
    macd_signal=2_000,
    macd_hist=1_000,
    bb_upper=52_000,
    bb_middle=42_000,
    bb_lower=32_000,
    atr14=3_000,
)
DOWN = Indicators(
    ema21=60_000,
    ema55=70_000,
    rsi14=34,
    macd=-3_000,
    macd_signal=-2_000,
    macd_hist=-1_000,
    bb_upper=80_000,
    bb_middle=64_000,
    bb_lower=48_000,
    atr14=3_000,
)


def test_technical_follows_the_trend() -> None:
    up, down = (technical.judge(snapshot(indicators=shown)) for shown in (UP, DOWN))

    assert up.value > 80
    assert down.value < -80
    assert (up.sources, up.confidence, up.degraded) == (("binance",), 1, False)
    assert {factor.age_hours for factor in up.factors} == {0.05}


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("rsi14", replace(UP, rsi14=91)),
        ("macd_hist", replace(UP, macd_hist=-900)),
        ("bollinger", replace(UP, bb_upper=46_000, bb_lower=38_000)),
        ("ema21_vs_ema55", replace(UP, ema55=45_000)),
    ],
    ids=["overheated", "fading", "stretched", "not crossed yet"],
)
def test_a_tired_trend_counts_less(name: str, worse: Indicators) -> None:
    fresh, tired = (
        {f.name: f.contribution for f in technical.judge(snapshot(indicators=shown)).factors}
        for shown in (UP, worse)
    )

    assert tired[name] < 0 < fresh[name]


def test_a_young_market_is_judged_by_what_there_is() -> None:
    young = replace(UP, ema55=None, macd_hist=None)
    score = technical.judge(snapshot(indicators=young))

    assert score.value > 50
    assert score.confidence == 0.45
    assert [f.name for f in score.factors if f.value is None] == [
        "close_vs_ema55",
        "ema21_vs_ema55",
        "macd_hist",
    ]


def test_bands_and_ranges_without_width_are_absent_not_a_division_by_zero() -> None:
    flat = Indicators(rsi14=50, macd_hist=0, atr14=0, bb_upper=50_000, bb_lower=50_000)
    score = technical.judge(snapshot(indicators=flat))

    assert [f.name for f in score.factors if f.value is not None] == ["rsi14"]
    assert score.value == 0


@pytest.mark.parametrize("judge", [macro.judge, onchain.judge, technical.judge])
def test_nothing_known_is_no_score(judge: Callable[[Snapshot], Score]) -> None:
    with pytest.raises(DataMissing):
        judge(snapshot())


@pytest.mark.parametrize(
    "rules",
    [macro.RULES, technical.RULES, intraday.RULES, onchain.RULES_BY_Z, onchain.RULES_BY_RATIO],
)
def test_tables_are_well_formed(rules: Sequence[object]) -> None:
    from automoney.agents.rules import Rule

    weights = 0.0
    for rule in rules:
        assert isinstance(rule, Rule)
        weights += rule.weight
        corners = [value for value, _ in rule.curve]
        limits = [limit for limit, _ in rule.words]
        assert corners == sorted(set(corners))
        assert max(abs(strength) for _, strength in rule.curve) <= 1
        assert limits == sorted(set(limits))
        assert limits[-1] == float("inf")
        assert len(rule.source) > 40
        assert rule.says.format(1.5) != rule.says
    assert weights == pytest.approx(1)
