"""docs/api.md is true: each of its commands is answered well, and no route is without one."""

import re
import shlex
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from automoney.api.app import create_app
from automoney.api.edge import MAX_BODY
from automoney.market.candles import Mark
from automoney.ports.backtests import Backtest
from tests.api.fakes_api import NOON, World
from tests.builders import follower

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_VALUES = {"API": "", "TOKEN": "token-of-ada"}


def commands() -> list[list[str]]:
    """Each curl of the document, cut into words as a shell cuts it."""
    lines = "\n".join(_BLOCK.findall(TEXT)).replace("\\\n", " ").splitlines()
    found = [line for line in lines if line.startswith("curl")]
    return [shlex.split(re.sub(r"\$(\w+)", lambda one: _VALUES[one[1]], one)) for one in found]


def send(client: TestClient, words: list[str]) -> Any:
    method, headers, body, path = "GET", {}, None, ""
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                body = next(rest)
            case "-o":
                next(rest)
            case _:
                path = word
    return client.request(method, path, headers=headers, content=body)


@pytest.fixture
def bare() -> TestClient:
    """A client that brings no token of its own, of a world that has what the document names."""
    world = World()
    world.judge()
    world.marks.kept = [Mark("BTC", Decimal(45_000), NOON, "binance")]
    world.books.accounts["ada"] = Decimal(100_000)
    world.books.followed["hodl-wave", "ada"] = follower("ada")
    days = date(2018, 2, 1), date(2025, 9, 21)
    world.backtests.kept = [
        Backtest("0123456789abcdef0123456789abcdef", "hodl-wave", *days, NOON, {}, {})
    ]
    return TestClient(create_app(world.services()))


def test_every_command_is_answered_well_from_top_to_bottom(bare: TestClient) -> None:
    found = commands()
    assert len(found) > 25
    for words in found:
        answer = send(bare, words)
        assert answer.status_code in (200, 202), (words[-1], answer.text)


def test_every_route_has_a_command(bare: TestClient) -> None:
    asked = {("POST" if "-X" in words else "GET", words[-1].split("?")[0]) for words in commands()}
    described = bare.get(
        "/api/openapi.json", headers={"Authorization": "Bearer token-of-ada"}
    ).json()["paths"]
    for path, verbs in described.items():
        shape = re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")
        for verb in verbs:
            assert any(method == verb.upper() and shape.match(one) for method, one in asked), (
                verb,
                path,
            )


def test_the_figures_it_names_are_those_of_the_code() -> None:
    assert f"more than {MAX_BODY // 1024} KiB" in TEXT
    settings = World().settings
    assert f"{settings.api_limit} requests a minute" in TEXT
    assert f"{settings.api_limit_reduced} while Redis is away" in TEXT
    assert settings.look_every.total_seconds() == 600
