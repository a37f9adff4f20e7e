"""Strategies are data: what the two that ship say of themselves, and that a third is one file."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from automoney.errors import Unknown
from automoney.market.assets import ASSETS
from automoney.market.tracking import TRACKED
from automoney.trading.orders import Costs
from automoney.trading.strategies import AGENTS, HODL_WAVE, STRATEGIES, Strategy, strategy_named

ROOT = Path(__file__).resolve().parents[2]
HIGH_FREQ = STRATEGIES["high-freq"]

THIRD = '''
"""Daily: a strategy that somebody adds."""

from automoney.market.candles import Timeframe
from automoney.schedule import Schedule
from automoney.trading.strategies.model import Strategy, shares

STRATEGY = Strategy(
    id="daily",
    name="Daily",
    assets=("BTC",),
    schedule=Schedule("30 6 * * *"),
    timeframes=(Timeframe.D1,),
    weights=shares("0.2", "0.2", "0.6"),
    degraded_weights=shares("0.3", "0.1", "0.6"),
)
'''
ASKED = """
import json
from fastapi.testclient import TestClient
from automoney.api.app import create_app
from automoney.manifest import Cron, function_named
from automoney.trading.strategies import STRATEGIES
from tests.api.fakes_api import World

rules = [one for one in function_named("run_strategy").triggers if isinstance(one, Cron)]
client = TestClient(create_app(World().services()))
listed = client.get("/api/strategies", headers={"Authorization": "Bearer token-of-ada"}).json()
told = {
    "ids": list(STRATEGIES),
    "rules": {rule.name: [rule.schedule.eventbridge, dict(rule.detail)] for rule in rules},
    "listed": {one["id"]: one["nextRun"] for one in listed["strategies"]},
}
print(json.dumps(told))
"""


def test_a_third_strategy_is_one_file(tmp_path: Path) -> None:
    """In a copy of the package with one file more: listed, scheduled, offered."""
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared" / "automoney", tmp_path / "automoney", ignore=skipped)
    (tmp_path / "automoney" / "trading" / "strategies" / "daily.py").write_text(THIRD)

    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ids"] == ["daily", "hodl-wave", "high-freq"]  # those that ship enabled first
    assert told["rules"]["daily"] == ["cron(30 6 * * ? *)", {"strategy": "daily"}]
    assert told["listed"]["daily"] == "2025-11-06T06:30:00Z"


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=lambda strategy: strategy.id)
def test_what_a_strategy_says_holds_together(strategy: Strategy) -> None:
    for weights in (strategy.weights, strategy.degraded_weights):
        assert tuple(weights) == AGENTS
        assert sum(weights.values()) == 1
    # What is degraded yields weight, and the others make up for it.
    assert strategy.degraded_weights["onchain"] < strategy.weights["onchain"]
    assert strategy.sell_below < 0 < strategy.buy_above < strategy.full_conviction <= 100
    assert 0 < strategy.rebalance_band < strategy.max_position
    assert strategy.max_position * len(strategy.assets) <= 1
    assert set(strategy.assets) <= set(ASSETS)
    assert set(strategy.timeframes) <= set(TRACKED)
    assert strategy.timeframe is strategy.timeframes[0]
    assert strategy.guards.max_position == strategy.max_position
    assert len(fields(strategy)) == 16  # a parameter more is one more to argue for


def test_hodl_wave_is_as_described() -> None:
    assert HODL_WAVE.enabled
    assert HODL_WAVE.schedule.cron == "0 */4 * * *"
    assert [str(share) for share in HODL_WAVE.weights.values()] == ["0.4", "0.4", "0.2"]
    assert [str(share) for share in HODL_WAVE.degraded_weights.values()] == ["0.5", "0.2", "0.3"]


def test_high_freq_is_off_led_by_the_chart_and_trades_no_oftener_than_its_costs_allow() -> None:
    assert not HIGH_FREQ.enabled
    assert HIGH_FREQ.schedule.cron == "*/10 * * * *"
    assert [timeframe.value for timeframe in HIGH_FREQ.timeframes] == ["4h", "1h"]
    assert max(HIGH_FREQ.weights, key=lambda agent: HIGH_FREQ.weights[agent]) == "technical"
    # At worst, trading its largest position back and forth at every chance, a day costs this share
    # of the equity, which is below its own daily limit.
    costs, chances = Costs(), timedelta(days=1) / HIGH_FREQ.cooldown
    worst = HIGH_FREQ.max_position * (costs.fee + costs.slippage) * Decimal(str(chances)) * 2
    assert HIGH_FREQ.max_daily_loss is not None
    assert worst < HIGH_FREQ.max_daily_loss
    # The same proportion as HODL-Wave's.
    assert (
        HIGH_FREQ.rebalance_band / HIGH_FREQ.max_position
        == HODL_WAVE.rebalance_band / HODL_WAVE.max_position
    )


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    with pytest.raises(Unknown, match="expected one of high-freq, hodl-wave"):
        strategy_named("hold-wave")
