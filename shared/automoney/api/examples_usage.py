"""One good answer about use, as ops get it."""

from typing import Any

_FIGURES: dict[str, Any] = {
    "calls": 4,
    "failed": 1,
    "inputTokens": 5200,
    "outputTokens": 610,
    "cost": "0.003056",
}


def _part(budget: str, cap: str, left: str) -> dict[str, Any]:
    return {
        "days": [{"day": "2025-11-05", "model": "openai/gpt-4.1-mini", **_FIGURES}],
        "total": _FIGURES,
        "budgets": [
            {"budget": budget, "cap": cap, "spent": "0.003056", "reserved": "0", "left": left}
        ],
    }


USAGE: dict[str, Any] = {
    "mine": _part("user ada 2025-11-05", "0.25", "0.246944"),
    "all": _part("day 2025-11-05", "3", "2.996944"),
}
