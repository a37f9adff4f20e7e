"""Purging goes by two clocks: the slot of the event for the market, the wall for the rest."""

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automoney import wiring
from automoney.schedule import Slot
from tests.functions.lambda_context import CONTEXT

EVENT = json.loads(
    (Path(__file__).resolve().parents[1] / "events" / "eventbridge_cron.json").read_text()
)
WALL = datetime(2030, 1, 1, tzinfo=UTC)


def test_it_purges_as_of_its_slot_and_answers_what_went(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Slot, datetime]] = []

    class Purge:
        def run(self, slot: Slot, *, wall: datetime) -> dict[str, Any]:
            asked.append((slot, wall))
            return {"purged": {"marks": 3}, "cache": "ok"}

    monkeypatch.setattr(wiring, "purge", Purge)
    monkeypatch.setattr(wiring, "clock", lambda: WALL)
    handler = importlib.import_module("functions.purge_cache.handler").handler

    answer = handler({**EVENT, "time": "2025-11-05T02:00:37Z"}, CONTEXT)

    assert answer == {"purged": {"marks": 3}, "cache": "ok"}
    assert asked == [(Slot(datetime(2025, 11, 5, 2, tzinfo=UTC)), WALL)]
