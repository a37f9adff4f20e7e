"""Every planted peek is caught, and honest data raise no alarm."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from automoney.encoding import utc_text
from automoney.trading.orders import Costs
from automoney.trading.strategies import strategy_named
from infra.local.backtest.engine import Plan
from infra.local.backtest.market import RecordedMarket
from infra.local.cli import main
from infra.local.lookahead.checking import Check, Peek, chosen
from infra.local.lookahead.many import check_all
from infra.local.world.recording import Recording
from tests.infra.backtest.peeks import PEEKS, Plant, a_prompt_that_names_the_outcome, revised

SPAN = datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 4, 1, tzinfo=UTC)


def peeks(
    recording: Recording,
    slots: int,
    *,
    span: tuple[datetime, datetime] = SPAN,
    strategy: str = "hodl-wave",
) -> Sequence[Peek]:
    plan = Plan(strategy_named(strategy), *span, Decimal(100_000), Costs())
    wanted = chosen(plan, slots)
    check = Check.of(plan, recording, RecordedMarket.of(recording), wanted)
    return check_all(check, wanted).peeks


@pytest.mark.parametrize(("plant", "what"), PEEKS.values(), ids=PEEKS)
def test_a_planted_peek_is_caught_and_named(
    months: Recording, monkeypatch: pytest.MonkeyPatch, plant: Plant, what: str
) -> None:
    plant(monkeypatch)

    found = peeks(months, 6)

    assert found, "nothing was noticed"
    assert what in {peek.what for peek in found}, sorted({peek.what for peek in found})
    first = next(peek for peek in found if peek.what == what)
    assert first.full != first.cut
    assert SPAN[0] <= first.slot < SPAN[1]
    assert str(first).startswith(f"{utc_text(first.slot)} {what}: byte {first.byte} differs;")


def test_a_peek_that_only_a_prompt_shows_is_found_in_prompts_alone(
    months: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_prompt_that_names_the_outcome(monkeypatch)

    found = peeks(months, 4)

    assert {peek.what for peek in found} == {
        f"prompt {asset} {agent}{read}"
        for asset in ("BTC", "ETH")
        for agent in ("macro", "onchain", "technical")
        for read in ("", " (read live)")
    }


def test_honest_revisions_raise_no_alarm(
    months: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    revised(monkeypatch)

    assert peeks(months, 6) == []


def test_years_of_honest_data_raise_no_alarm(recording: Recording) -> None:
    """With outages, crashes, five-minute spans, days without a mood and the first weeks of all."""
    span = datetime(2018, 2, 1, tzinfo=UTC), datetime(2025, 9, 22, tzinfo=UTC)

    assert peeks(recording, 30, span=span) == []


def test_bars_of_minutes_raise_no_alarm(recording: Recording) -> None:
    span = datetime(2022, 1, 25, tzinfo=UTC), datetime(2022, 1, 28, tzinfo=UTC)

    assert peeks(recording, 12, span=span, strategy="high-freq") == []


def test_the_command_says_how_much_was_compared(
    market_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["lookahead", "--data", str(market_data), "--from", "2021-05-01", "--to", "2021-05-21"]

    assert main([*words, "--slots", "3", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["slots"], told["peeks"]) == (3, [])
    assert told["pieces"] > 3 * 50
