from typing import Any

import pytest

from automoney.errors import InvalidInput, Unknown
from infra.cdk.app import ROOT, read_context
from infra.cdk.installation import MODEL_KEYS, PREFIX, SCALES, Installation, Nat


def parse(**settings: Any) -> Installation:
    return Installation.parse({PREFIX + key: value for key, value in settings.items()}.get)


def plain_fields() -> set[str]:
    """The fields with a key of their own."""
    return set(Installation.__dataclass_fields__) - {"model_variables"}


def test_nothing_set_is_a_small_protected_installation() -> None:
    assert parse() == Installation()
    assert parse().scale == SCALES["small"]
    assert parse().protect


def test_what_cdk_json_says_is_what_nothing_says_and_names_every_setting() -> None:
    context = read_context(ROOT / "cdk.json")
    assert Installation.parse(context.get) == Installation()
    settings = {key for key in context if key.startswith(PREFIX)}
    assert {PREFIX + key for key in MODEL_KEYS} <= settings
    assert len(settings - {PREFIX + key for key in MODEL_KEYS}) == len(plain_fields())


def test_a_command_line_s_text_is_read_like_json() -> None:
    said = parse(
        scale="large", nat="gateway", protect="false", allowedOrigins="https://a, https://b"
    )
    assert said == parse(
        scale="large", nat="gateway", protect=False, allowedOrigins=["https://a", "https://b"]
    )
    assert (said.scale, said.nat, said.protect) == (SCALES["large"], Nat.GATEWAY, False)
    assert said.allowed_origins == ("https://a", "https://b")


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("scale", "huge", "one of large, medium, small, xlarge"),
        ("nat", "none", "one of gateway, instance"),
        ("protect", "maybe", "true or false"),
        ("name", "Auto_Money", "lower-case"),
        ("name", "", "lower-case"),
        ("name", "2nd", "from a letter"),
        ("alarmEmail", 7, "text"),
        ("allowedOrigins", [1], "a list of text"),
        ("allowedOrigins", True, "a list of text"),
        ("models", "gemini", "one of bedrock, openai, recorded, rules"),
        ("models", "rules,openai", "rules last"),
        ("modelPrices", "gpt", "dollars per million tokens"),
        ("openaiUrl", "api.openai.com", "a URL such as"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(
    key: str, value: object, hint: str
) -> None:
    with pytest.raises(InvalidInput, match=hint) as refused:
        parse(**{key: value})
    assert refused.value.field == PREFIX + key
    assert isinstance(refused.value, Unknown) == hint.startswith("one of")


def test_every_scale_is_at_least_as_big_as_the_one_before() -> None:
    assert list(SCALES) == ["small", "medium", "large", "xlarge"]
    sizes = [(scale.consumers, scale.proxy, scale.standby) for scale in SCALES.values()]
    assert sizes == sorted(sizes)
    assert min(scale.consumers for scale in SCALES.values()) >= 2  # AWS takes no less


def test_models_are_checked_together_and_named_by_their_keys() -> None:
    said = parse(models="openai,rules", openaiModel="llama3.1", modelPrices="llama3.1=0/0")
    assert said.models.asked == ("openai",)
    assert said.model_variables == {
        "AUTOMONEY_MODELS": "openai,rules",
        "AUTOMONEY_OPENAI_MODEL": "llama3.1",
        "AUTOMONEY_MODEL_PRICES": "llama3.1=0/0",
    }
    with pytest.raises(InvalidInput, match="automoney:bedrockModel was ''"):
        parse(models="bedrock,rules")
