"""What is put where something else belongs: absurd numbers, other types, errors."""

from collections.abc import Callable
from random import Random

from tests.fuzz.tree import Node, Raw

# Numbers that no market has, and what only looks like one; bare, and as the content of a string.
_ABSURD = (
    *("0", "-1", "-0", "-0.0", "1e30", "-1e30", "1e-30", "1e5", "1E400", "0.1e-400"),
    *("1e999999999", "1e-999999999", "123456789012345678901234567890", "9" * 400, "9" * 5000),
    *("0." + "0" * 300 + "1", "1.0000000000000000000000000000000000000000000000000000000000001"),
)
_NOT_JSON = ("NaN", "Infinity", "-Infinity", "+1", "01", ".5", "1.", "0x10", "1_000", "undefined")
_NOT_DIGITS = (
    *("", " ", ".", "-", "null", "nan", "inf", "sNaN", "-inf", "1,000.5", "1 000", " 1", "1 "),
    *("١٢٣", "１２３.４５", "²", "1e3", "1e+2", "++1", "1e", "0b1", "1/2", "$5", "5%", "\u0000"),
    *("1\n", "1\u00a0"),
)
ODD = ("", "x", "€\ud7ff", "null", "BTCUSDT", "0")
ERRORS: tuple[dict[str, Node], ...] = (
    *({"error": "no"}, {"code": -1, "msg": "no"}, {"status": {"error_code": 9}}),
)
INSTEAD: tuple[Callable[[], Node], ...] = (
    *(lambda: None, lambda: True, lambda: False, list, dict, lambda: [[]], lambda: {"": None}),
    *(lambda: 0, lambda: "", lambda: "none", lambda: Raw("1.5")),
)


def number(rng: Random) -> Node:
    """An absurd number, as a bare token or as a string."""
    roll = rng.random()
    if roll < 0.45:
        return Raw(rng.choice(_ABSURD))
    if roll < 0.55:
        return Raw(rng.choice(_NOT_JSON))
    return rng.choice((*_ABSURD, *_NOT_JSON, *_NOT_DIGITS))
