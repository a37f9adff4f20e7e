"""The lives of keys: one table, and settings that change it."""

from datetime import timedelta

import pytest

from automoney.errors import InvalidInput, Unknown
from automoney.settings import Settings
from automoney.stores.ttl import Lives


def test_each_life_is_a_setting_in_seconds() -> None:
    names = list(Lives.__dataclass_fields__)
    settings = Settings.parse(
        {f"AUTOMONEY_TTL_{name.upper()}": str(number) for number, name in enumerate(names, 1)}
    )

    lives = Lives.changed_by(settings.ttls)

    assert [getattr(lives, name) for name in names] == [
        timedelta(seconds=number) for number in range(1, len(names) + 1)
    ]


def test_what_is_not_set_keeps_the_descriptions_value() -> None:
    lives = Lives.changed_by(Settings.parse({"AUTOMONEY_TTL_MACRO": "60"}).ttls)

    assert (lives.macro, lives.rebuilt_price) == (timedelta(minutes=1), timedelta(seconds=10))
    assert Lives.changed_by(Settings.parse({}).ttls) == Lives()


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "an hour", "", "9999999", "\u0661"])
def test_a_life_that_is_none_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidInput, match="AUTOMONEY_TTL_CANDLES"):
        Settings.parse({"AUTOMONEY_TTL_CANDLES": value})


def test_a_key_that_is_none_is_refused_with_those_that_are() -> None:
    unknown = Settings.parse({"AUTOMONEY_TTL_KLINE": "60"}).ttls

    with pytest.raises(Unknown, match="'AUTOMONEY_TTL_KLINE'; expected one of AUTOMONEY_TTL_CAND"):
        Lives.changed_by(unknown)
