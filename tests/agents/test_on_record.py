"""The judges over the recorded years: do they use their range, and do they know a bear from a bull?

The bounds are loose on purpose: they say that the rules mean something, not that they are fitted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean, pstdev

import pytest

from automoney.agents import macro, onchain, technical
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score
from automoney.trading.strategies import AGENTS, HODL_WAVE
from automoney.trading.weighing import weigh
from tests.agents.recorded import snapshots

JUDGES: Mapping[str, Callable[[Snapshot], Score]] = {
    "macro": macro.judge,
    "onchain": onchain.judge,
    "technical": technical.judge,
}
START = datetime(2018, 2, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Judged:
    at: date
    scores: Mapping[str, Score]
    conviction: float


@pytest.fixture(scope="module", params=["BTC", "ETH"])
def record(request: pytest.FixtureRequest, market_data: Path) -> list[Judged]:
    """One judgement a fortnight, 2018-02 to 2025-09."""
    judged = []
    every = timedelta(days=14)
    for seen in snapshots(market_data, request.param, start=START, every=every):
        scores = {agent: judge(seen) for agent, judge in JUDGES.items()}
        conviction, _, _ = weigh(HODL_WAVE, scores)
        judged.append(Judged(seen.as_of.date(), scores, float(conviction)))
    assert len(judged) == 200
    return judged


@pytest.mark.parametrize("agent", AGENTS)
def test_a_judge_is_neither_constant_nor_of_one_mind(record: list[Judged], agent: str) -> None:
    values = [judged.scores[agent].value for judged in record]

    assert pstdev(values) > 15
    assert max(values) > 50
    assert min(values) < -10
    assert max(values) - min(values) > 80


def test_contributions_explain_every_score(record: list[Judged]) -> None:
    for judged in record:
        for score in judged.scores.values():
            assert score.value == pytest.approx(sum(f.contribution for f in score.factors), abs=0.1)
            assert not score.degraded
            assert all(f.age_hours is None or f.age_hours >= 0 for f in score.factors)
            assert f"({score.value:+.2f})" in score.reasoning


@pytest.mark.parametrize(
    ("since", "until", "low", "high"),
    [
        pytest.param(date(2018, 3, 1), date(2019, 1, 1), -45, -8, id="bear of 2018"),
        pytest.param(date(2020, 10, 1), date(2021, 3, 1), 25, 80, id="bull of 2020-21"),
        pytest.param(date(2022, 1, 1), date(2023, 1, 1), -45, -8, id="bear of 2022"),
        pytest.param(date(2023, 12, 1), date(2024, 4, 1), 15, 60, id="bull of 2023-24"),
    ],
)
def test_conviction_knows_a_bear_from_a_bull(
    record: list[Judged], since: date, until: date, low: float, high: float
) -> None:
    convictions = [judged.conviction for judged in record if since <= judged.at < until]

    assert len(convictions) >= 8
    assert low < fmean(convictions) < high
