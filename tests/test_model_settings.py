"""Which models are asked, and at what price: none by default; refusals say what to set."""

from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import InvalidInput, Unknown
from automoney.model_prices import PRICES, Price, parse_prices, price_of
from automoney.model_settings import ModelSettings
from automoney.settings import Settings


def test_without_settings_the_rules_alone_judge() -> None:
    settings = Settings.parse({}).models
    assert settings == ModelSettings()
    assert (settings.order, settings.asked, settings.rules) == (("rules",), (), True)


@pytest.mark.parametrize(
    ("text", "asked", "rules"),
    [
        ("openai", ("openai",), False),
        ("OpenAI, rules", ("openai",), True),
        ("recorded,openai,rules,", ("recorded", "openai"), True),
        ("recorded", ("recorded",), False),
    ],
)
def test_the_order_is_read(text: str, asked: tuple[str, ...], rules: bool) -> None:
    settings = ModelSettings.parse({"AUTOMONEY_MODELS": text})
    assert (settings.asked, settings.rules) == (asked, rules)


@pytest.mark.parametrize("text", ["", ",", "rules,openai", "openai,openai", "rules,rules"])
def test_an_order_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_MODELS"):
        Settings.parse({"AUTOMONEY_MODELS": text})


def test_an_unknown_provider_lists_the_known_ones() -> None:
    with pytest.raises(Unknown, match="'gemini'; expected one of bedrock, openai, recorded, rules"):
        ModelSettings.parse({"AUTOMONEY_MODELS": "openai,gemini"})


def test_a_model_without_a_name_is_refused_if_it_is_asked() -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_BEDROCK_MODEL was ''; expected a model"):
        ModelSettings.parse({"AUTOMONEY_MODELS": "bedrock,rules"})
    assert ModelSettings.parse({"AUTOMONEY_BEDROCK_MODEL": ""}).asked == ()


def test_a_model_without_a_price_is_refused_and_told_how_to_get_one() -> None:
    environment = {"AUTOMONEY_MODELS": "openai,rules", "AUTOMONEY_OPENAI_MODEL": "llama3.1:8b"}
    with pytest.raises(InvalidInput) as caught:
        Settings.parse(environment)
    assert "AUTOMONEY_OPENAI_MODEL was 'llama3.1:8b'" in str(caught.value)
    assert "AUTOMONEY_MODEL_PRICES=llama3.1:8b=INPUT/OUTPUT" in str(caught.value)

    told = Settings.parse({**environment, "AUTOMONEY_MODEL_PRICES": "llama3.1:8b=0/0"}).models
    price = told.price_of("llama3.1:8b")
    assert price is not None
    assert price.free


def test_prices_add_to_the_table_and_go_before_it() -> None:
    arn = "arn:aws:bedrock:eu-central-1:1:application-inference-profile/a=b"
    prices = parse_prices(f" gpt-4.1-mini=0.5/2@2024-06-30 , {arn}=1/5,")
    assert prices["gpt-4.1-mini"] == Price(Decimal("0.5"), Decimal(2), date(2024, 6, 30))
    assert prices[arn] == Price(Decimal(1), Decimal(5))
    assert prices["gpt-4o"] == PRICES["gpt-4o"]


@pytest.mark.parametrize(
    "text",
    [
        *("gpt", "gpt=1", "=1/2", "gpt=1/", "gpt=/2", "gpt=-1/2", "gpt=NaN/1", "gpt=1/2/3"),
        *("gpt=1/2@soon", "gpt=1/2@2024-13-01", "gpt=one/two"),
    ],
)
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_MODEL_PRICES"):
        Settings.parse({"AUTOMONEY_MODEL_PRICES": text})


def test_a_profile_costs_what_its_model_does_unless_it_is_said() -> None:
    nova = PRICES["amazon.nova-lite-v1:0"]
    assert price_of("eu.amazon.nova-lite-v1:0") == nova
    assert price_of("amazon.nova-lite-v1:0") == nova
    assert price_of("my.amazon.nova-lite-v1:0") is None
    dearer = parse_prices("eu.amazon.nova-lite-v1:0=0.07/0.28")
    assert price_of("eu.amazon.nova-lite-v1:0", dearer) == Price(Decimal("0.07"), Decimal("0.28"))


def test_a_million_tokens_cost_what_the_table_says() -> None:
    price = PRICES["gpt-4.1-mini"]
    assert price.cost(10**6, 0) == price.input
    assert price.cost(0, 10**6) == price.output
    assert price.cost(130, 18) == Decimal("0.0000808")


@given(
    given_tokens=st.integers(0, 10**7),
    taken=st.integers(0, 10**6),
    cents=st.decimals(0, 10**4, places=4),
)
def test_no_cost_is_rounded(given_tokens: int, taken: int, cents: Decimal) -> None:
    price = Price(cents, cents)
    assert price.cost(given_tokens, taken) * 1_000_000 == cents * given_tokens + cents * taken


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("AUTOMONEY_MODEL_TIMEOUT", "2.5", "timeout", timedelta(seconds=2.5)),
        ("AUTOMONEY_MODEL_PATIENCE", "20", "patience", timedelta(seconds=20)),
        ("AUTOMONEY_MODEL_PAUSE", "1", "pause", timedelta(seconds=1)),
        ("AUTOMONEY_MODEL_CAP_RUN", "0.1", "cap_run", Decimal("0.1")),
        ("AUTOMONEY_MODEL_CAP_DAY", "0", "cap_day", Decimal(0)),
        ("AUTOMONEY_MODEL_CAP_USER", "5", "cap_user", Decimal(5)),
        ("AUTOMONEY_MODEL_ANSWERS", "/answers", "answers", "/answers"),
        ("AUTOMONEY_OPENAI_MODEL", "gpt-4o", "openai_model", "gpt-4o"),
        (
            "AUTOMONEY_BEDROCK_MODEL",
            "amazon.nova-pro-v1:0",
            "bedrock_model",
            "amazon.nova-pro-v1:0",
        ),
    ],
)
def test_a_variable_sets_its_field_and_no_other(
    variable: str, text: str, field: str, value: object
) -> None:
    settings = ModelSettings.parse({variable: text})
    assert getattr(settings, field) == value
    changed = {
        item.name
        for item in fields(ModelSettings)
        if getattr(settings, item.name) != getattr(ModelSettings(), item.name)
    }
    assert changed == {field}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("AUTOMONEY_MODEL_TIMEOUT", "0"),
        ("AUTOMONEY_MODEL_TIMEOUT", "61"),
        ("AUTOMONEY_MODEL_PATIENCE", "long"),
        ("AUTOMONEY_MODEL_CAP_RUN", "-0.1"),
        ("AUTOMONEY_MODEL_CAP_DAY", "1 dollar"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=variable):
        Settings.parse({variable: text})


def test_the_key_and_the_url_are_those_of_any_source() -> None:
    settings = Settings.parse(
        {"AUTOMONEY_OPENAI_KEY": "sk-secret", "AUTOMONEY_OPENAI_URL": "http://127.0.0.1:11434/v1/"}
    )
    assert settings.source_urls["openai"] == "http://127.0.0.1:11434/v1"
    assert settings.source_keys["openai"] == "sk-secret"
    assert "sk-secret" not in repr(settings)
