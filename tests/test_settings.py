"""Settings: defaults that work without keys, and refusals that name the variable."""

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from decimal import Decimal

import pytest

from automoney.errors import InvalidInput, Unknown
from automoney.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.parse({}) == Settings()
    assert Settings().assets == ("BTC", "ETH")
    assert Settings().fee == Decimal("0.001")


def test_what_is_not_ours_is_passed_over() -> None:
    assert Settings.parse({"PATH": "/bin", "FEE": "7", "AWS_REGION": "x"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("AUTOMONEY_ASSETS", "eth", "assets", ("ETH",)),
        ("AUTOMONEY_ASSETS", " BTC , ETH ,", "assets", ("BTC", "ETH")),
        ("AUTOMONEY_WORLD", "recorded", "world", "recorded"),
        (
            "AUTOMONEY_BINANCE_URL",
            "http://127.0.0.1:9001/",
            "source_urls",
            {"binance": "http://127.0.0.1:9001"},
        ),
        (
            "AUTOMONEY_FRED_CSV_URL",
            "https://host/with/path",
            "source_urls",
            {"fred_csv": "https://host/with/path"},
        ),
        ("AUTOMONEY_BINANCE_URL", "", "source_urls", {}),
        ("AUTOMONEY_DATABASE_URL", "postgresql://host/db", "database_url", "postgresql://host/db"),
        ("AUTOMONEY_ORDERS_QUEUE_URL", "", "orders_queue_url", ""),
        ("AUTOMONEY_LOOKS_QUEUE_URL", "http://host/looks", "looks_queue_url", "http://host/looks"),
        (
            "AUTOMONEY_ALLOWED_ORIGINS",
            "https://a, https://b",
            "allowed_origins",
            ("https://a", "https://b"),
        ),
        ("AUTOMONEY_FEE", "0", "fee", Decimal(0)),
        ("AUTOMONEY_SLIPPAGE", "0.002", "slippage", Decimal("0.002")),
        ("AUTOMONEY_PAPER_MONEY", "2500.50", "paper_money", Decimal("2500.50")),
        ("AUTOMONEY_ORDER_BATCH", "100", "order_batch", 100),
        ("AUTOMONEY_API_LIMIT", "90", "api_limit", 90),
        ("AUTOMONEY_API_LIMIT_REDUCED", "9", "api_limit_reduced", 9),
        ("AUTOMONEY_LOOK_EVERY", "60", "look_every", timedelta(minutes=1)),
        ("AUTOMONEY_SOURCE_TIMEOUT", "2.5", "source_timeout", timedelta(seconds=2.5)),
        ("AUTOMONEY_FRED_KEY", "abc", "source_keys", {"fred": "abc"}),
        ("AUTOMONEY_FRED_KEY", "", "source_keys", {}),
    ],
)
def test_a_variable_sets_its_field_and_no_other(
    variable: str, text: str, field: str, value: object
) -> None:
    settings = Settings.parse({variable: text})
    changed = {
        item.name: getattr(settings, item.name)
        for item in fields(Settings)
        if getattr(settings, item.name) != getattr(Settings(), item.name)
    }

    assert getattr(settings, field) == value
    assert changed.keys() <= {field}


COLLECTED = {"source_urls", "source_keys", "ttls", "models"}  # each from many variables


@pytest.mark.parametrize("field", sorted({item.name for item in fields(Settings)} - COLLECTED))
def test_every_field_has_its_variable(field: str) -> None:
    texts = {
        "assets": "ETH",
        "fee": "0.5",
        "slippage": "0.5",
        "paper_money": "1",
        "order_batch": "1",
        "api_limit": "1",
        "api_limit_reduced": "1",
        "look_every": "1",
        "source_timeout": "1",
        "world": "synthetic",
    }
    text = texts.get(field, "https://elsewhere")

    settings = Settings.parse({f"AUTOMONEY_{field.upper()}": text})

    assert getattr(settings, field) != getattr(Settings(), field)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("AUTOMONEY_ASSETS", ""),
        ("AUTOMONEY_ASSETS", "BTC,DOGE"),
        ("AUTOMONEY_DATABASE_URL", "localhost:5432"),
        ("AUTOMONEY_BINANCE_URL", "data-api.binance.vision"),
        ("AUTOMONEY_BINANCE_URL", "ftp://data-api.binance.vision"),
        ("AUTOMONEY_BINANCE_URL", "https://"),
        ("AUTOMONEY_BINANCE_URL", "https://[host"),
        ("AUTOMONEY_BINANCE_URL", "https://host:port"),
        ("AUTOMONEY_BINANCE_URL", "https://host/?key=1"),
        ("AUTOMONEY_FEE", "1"),
        ("AUTOMONEY_FEE", "-0.001"),
        ("AUTOMONEY_FEE", "0.1%"),
        ("AUTOMONEY_SLIPPAGE", "NaN"),
        ("AUTOMONEY_PAPER_MONEY", "0"),
        ("AUTOMONEY_PAPER_MONEY", "Infinity"),
        ("AUTOMONEY_ORDER_BATCH", "0"),
        ("AUTOMONEY_ORDER_BATCH", "2.5"),
        ("AUTOMONEY_ORDER_BATCH", ""),
        ("AUTOMONEY_SOURCE_TIMEOUT", "0"),
        ("AUTOMONEY_SOURCE_TIMEOUT", "soon"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=variable):
        Settings.parse({variable: text})


def test_an_asset_named_twice_is_watched_once() -> None:
    assert Settings.parse({"AUTOMONEY_ASSETS": "BTC,eth,btc"}).assets == ("BTC", "ETH")


def test_an_unknown_asset_lists_the_known_ones() -> None:
    with pytest.raises(Unknown, match="one of BTC, ETH"):
        Settings.parse({"AUTOMONEY_ASSETS": "DOGE"})


def test_secrets_stay_out_of_the_text_form() -> None:
    secrets = {
        f"AUTOMONEY_{name}": f"secret-{name}" for name in ("GLASSNODE_KEY", "FRED_KEY", "JWKS")
    }

    assert "secret-" not in repr(Settings.parse(secrets))


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_FRED_URL was 'https://") as caught:
        Settings.parse({"AUTOMONEY_FRED_URL": "https://me:secret-word@host/"})
    assert "secret-word" not in str(caught.value)


def test_settings_do_not_change_after_they_were_read() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().fee = Decimal(0)  # type: ignore[misc]  # what is under test
