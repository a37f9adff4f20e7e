"""`./dev drill`, as somebody runs it: each breaks something for real and sees what is promised."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.drills.redis import Flood
from tests.infra.test_demo import dev


def drill(name: str, data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dev("drill", name, "--json", data=data))
    return found


@pytest.mark.parametrize(
    ("name", "steps", "alerts"),
    [
        ("glassnode", 9, {"collect_onchain failed 3 times in a row"}),
        ("redis", 10, {"Redis cannot be reached"}),
        (
            "llm",
            11,
            {
                "openai failed 5 times in a row",
                "bedrock failed 5 times in a row",
                "HODL-Wave paused: no language model answers",
                "HODL-Wave resumed",
            },
        ),
    ],
)
def test_every_promised_step_is_seen(
    market_data: Path, name: str, steps: int, alerts: set[str]
) -> None:
    told = drill(name, market_data)

    assert [step for step in told["steps"] if not step["ok"]] == []
    assert (told["ok"], told["world"], len(told["steps"])) == (True, "recorded", steps)
    assert alerts <= {alert["subject"] for alert in told["alerts"]}


def test_an_unknown_drill_lists_the_known(market_data: Path) -> None:
    told = dev("drill", "flood", data=market_data, fails=2)

    assert "'glassnode', 'redis', 'llm'" in told or "glassnode, redis, llm" in told


@pytest.mark.parametrize(
    ("flood", "kept"),
    [
        (Flood(30, 1.0, 429), True),
        (Flood(31, 2.0, 429), True),  # the window slid while they were sent
        (Flood(32, 2.0, 429), False),
        (Flood(29, 1.0, 429), False),
        (Flood(30, 1.0, 500), False),
        (Flood(120, 1.0), False),
    ],
)
def test_what_counts_as_a_limit_that_was_kept(flood: Flood, kept: bool) -> None:
    assert flood.kept(30) is kept
