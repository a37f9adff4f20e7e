"""The table of assets: every row complete, and a third one is one more row."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from types import MappingProxyType

import pytest

from automoney.errors import Unknown
from automoney.market import assets
from automoney.market.assets import ASSETS, WATCHED, Asset, asset_named, find_asset
from automoney.settings import Settings
from automoney.sources import coinmetrics, glassnode

SOL = Asset(
    "SOL",
    "Solana",
    binance="SOLUSDT",
    coingecko="solana",
    lot=Decimal("0.001"),
    tick=Decimal("0.01"),
    minimum_notional=Decimal(5),
    coinmetrics=("CapMVRVCur",),
)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Asset]]:
    more = MappingProxyType({**ASSETS, "SOL": SOL})
    monkeypatch.setattr(assets, "ASSETS", more)
    yield more


@pytest.mark.parametrize("code", ASSETS)
def test_a_row_says_all_that_is_asked_of_it(code: str) -> None:
    asset = ASSETS[code]
    assert asset.code == code == code.upper()
    assert all(getattr(asset, field.name) for field in fields(Asset)), "no name is empty"
    assert set(asset.coinmetrics) <= coinmetrics.METRICS
    assert set(asset.glassnode) <= set(glassnode.SERIES)


def test_what_is_watched_is_known() -> None:
    assert set(WATCHED) <= set(ASSETS)


def test_asking_for_a_row() -> None:
    assert asset_named("ETH") is find_asset("ETH") is ASSETS["ETH"]
    assert find_asset("DOGE") is None
    with pytest.raises(Unknown, match="AUTOMONEY_ASSETS was 'DOGE'; expected one of BTC, ETH"):
        asset_named("DOGE", "AUTOMONEY_ASSETS")


def test_a_third_row_can_be_watched_by_naming_it(three: Mapping[str, Asset]) -> None:
    assert Settings.parse({"AUTOMONEY_ASSETS": "sol,BTC"}).assets == ("SOL", "BTC")
    with pytest.raises(Unknown, match="one of BTC, ETH, SOL"):
        Settings.parse({"AUTOMONEY_ASSETS": "DOGE"})
