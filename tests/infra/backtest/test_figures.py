"""Figures reckoned by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sqrt

import pytest

from infra.local.backtest.equity import midnights
from infra.local.backtest.figures import Day, drawdowns, figures, returns, sharpe, sortino

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_returns_and_drawdowns() -> None:
    equities = [100.0, 110.0, 99.0, 120.0, 90.0]

    assert returns(equities) == pytest.approx([0.1, -0.1, 0.212121, -0.25], abs=1e-6)
    assert drawdowns(equities) == pytest.approx([0, 0, 0.1, 0, 0.25])
    assert returns([100.0]) == drawdowns([]) == []


def test_sharpe_is_the_mean_by_a_samples_deviation_a_year() -> None:
    # mean 1 %, deviations -1, 0, 1 %: their squares sum to 2, by n - 1 = 2
    assert sharpe([0.0, 0.01, 0.02]) == pytest.approx(0.01 / 0.01 * sqrt(365))


def test_sortino_counts_losses_over_all_days() -> None:
    # one loss of 2 % in four days: sqrt(0.0004 / 4) = 1 %; the mean is 0.5 %
    assert sortino([0.01, -0.02, 0.03, 0.0]) == pytest.approx(0.005 / 0.01 * sqrt(365))


@pytest.mark.parametrize("changes", [[], [0.01], [0.0, 0.0, 0.0]])
def test_without_a_movement_there_is_no_ratio(changes: list[float]) -> None:
    assert sharpe(changes) is None
    assert sortino(changes) is None


def test_an_account_summed_up() -> None:
    days = [
        Day(BEGIN, 1000.0, 0.0),
        Day(BEGIN + DAY, 1200.0, 600.0),
        Day(BEGIN + 2 * DAY, 900.0, 900.0),
    ]

    found = figures(
        days,
        decisions=4,
        trades=1,
        start_equity=Decimal(1000),
        final_equity=Decimal("900.5"),
        fees_paid=Decimal("1.25"),
    ).as_json()

    assert found["return_pct"] == -9.95
    assert found["max_drawdown_pct"] == 25.0
    assert found["exposure_pct"] == 50.0
    assert (found["decisions"], found["trades"]) == (4, 1)
    # money as decimals in strings, the rest as numbers
    assert (found["start_equity"], found["final_equity"]) == ("1000", "900.5")
    assert found["fees_paid"] == "1.25"


def test_days_are_the_midnights_between_and_both_ends() -> None:
    noon = BEGIN + DAY / 2

    assert midnights(BEGIN, BEGIN + 2 * DAY) == [BEGIN, BEGIN + DAY, BEGIN + 2 * DAY]
    assert midnights(noon, noon + DAY) == [noon, BEGIN + DAY, noon + DAY]
    assert midnights(noon, noon + DAY / 4) == [noon, noon + DAY / 4]
