"""Put a backtest where every user of an installation can look at it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from typing import Any

from automoney.encoding import canonical, parse_utc
from automoney.ports.backtests import Backtest
from infra.local.backtest.figures import Figures

# What differs from one machine and moment to the next does not make another backtest.
_VARYING = ("seconds", "processor_seconds", "load_seconds", "candles_per_s")
_HEADLINES = tuple(one.name for one in fields(Figures))


def published(result: Mapping[str, Any], *, now: datetime) -> Backtest:
    """The row for what `./dev backtest --json` says; played again it has the same id."""
    same = {name: value for name, value in result.items() if name not in _VARYING}
    return Backtest(
        backtest_id=sha256(canonical(same)).hexdigest()[:32],
        strategy_id=result["strategy"],
        since=parse_utc(result["from"]).date(),
        until=parse_utc(result["to"]).date(),
        made_at=now,
        figures={
            **_headlines(result),
            "buyAndHold": _headlines(result["buy_and_hold"]),
            "dca": _headlines(result["dca"]),
            "decisions_sha256": result["decisions_sha256"],
        },
        result=result,
    )


def _headlines(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in _HEADLINES}
