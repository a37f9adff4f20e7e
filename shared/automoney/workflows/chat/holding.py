"""A text held against facts: which of its numbers none of them has, and which of them it lacks.

However a number is written: with other digits, in words, as thousands, or in per cent.  Pure.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automoney.workflows.chat.fact import Fact, Unit

_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%H:%M")
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.,%)])[-+])?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s?(?P<unit>%|percent\b|per cent\b|k\b|m\b|bn\b|thousand\b|million\b|billion\b|万|亿|千)?",
    re.IGNORECASE,
)
_TIMES_WHAT = {
    "k": 10**3, "thousand": 10**3, "千": 10**3, "万": 10**4, "m": 10**6, "million": 10**6,
    "亿": 10**8, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
# "One agent" and "两个代理" are words like others; what tells an amount is not.
_NUMERALS = "〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟"
_IN_WORDS = re.compile(
    r"\b(?:ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundreds?|thousands?|millions?|billions?|trillions?|dozens?)\b"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine)\s+(?:btc|eth|bitcoins?|ethers?|coins?"
    r"|usdt?|dollars?|per\s?cent|points?)\b"
    rf"|[{_NUMERALS}]{{2,}}|[百千万亿佰仟]"
    rf"|[{_NUMERALS}](?:个|枚)?(?:比特币|以太|btc|eth|usdt|美元|点|成|倍)",
    re.IGNORECASE,
)
# 1e6, 10^6, 2x10, 1 000 000 and 1.000.000: a large number out of small ones.
_POWER = re.compile(r"\d\s?(?:e[-+]?\d|\^|\*\*|[×x]\s?\d)", re.IGNORECASE)
_GOES_ON = re.compile(r"[.,]\d|\s\d{3}(?!\d)")
_PADDED = re.compile(r"0\d")
# Names of ours that have a digit in them.
_OWN_NAMES = re.compile(
    r"\b(?:(?:2|10)[- ]years?\b|us(?:2|10)y\b|(?:21|55)[- ]week\b|M2\b|EMA[- ]?(?:21|55)\b"
    r"|(?:RSI|ATR)[- ]?\(?14\b\)?)",
    re.IGNORECASE,
)
_ROUNDING = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Held:
    """A text against facts: the numbers, as written, that none has, and the facts it has not."""

    uncited: tuple[str, ...]
    unused: tuple[Fact, ...]


def hold(text: str, facts: Sequence[Fact]) -> Held:
    """Look for each number of `text` in the facts, and for the number of each fact in `text`.

    A fact in words counts as used: they may have been put in others.
    """
    plain = unicodedata.normalize("NFKC", text)
    left, met = _without_times(plain, facts)
    uncited = [found[0] for found in _POWER.finditer(left)]
    left = _OWN_NAMES.sub(" ", left)
    for found in _NUMBER.finditer(left):
        number = _number(found)
        odd = _PADDED.match(found["digits"]) or _GOES_ON.match(left, found.end("digits"))
        with_it = {fact for fact in facts if any(map(number.meets, _values(fact, number)))}
        met |= with_it
        if odd or not with_it:
            uncited.append(found[0].strip())
    uncited += (found[0] for found in _IN_WORDS.finditer(_NUMBER.sub(" ", left)))
    words = {fact for fact in facts if isinstance(fact.value, str)}
    return Held(tuple(uncited), tuple(fact for fact in facts if fact not in met | words))


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as written: `slack` is half of its last place."""

    value: Decimal
    slack: Decimal
    signed: bool
    percent: bool

    def meets(self, known: Decimal) -> bool:
        """Whether it is the known one, rounded, but not by more than a hundredth of it.

        Without a sign its size will do: "it fell by 3".
        """
        off = abs(self.value - known) if self.signed else abs(self.value - abs(known))
        return off <= min(self.slack, abs(known) * _ROUNDING)


def _number(found: re.Match[str]) -> _Number:
    unit = (found["unit"] or "").lower()
    digits = Decimal(found["digits"].replace(",", ""))
    scale = Decimal(_TIMES_WHAT.get(unit, 1))
    slack = scale * Decimal(5).scaleb(int(digits.as_tuple().exponent) - 1)
    value = digits * scale * (-1 if found["sign"] == "-" else 1)
    percent = unit in ("%", "percent", "per cent")
    return _Number(value, slack, signed=bool(found["sign"]), percent=percent)


def _values(fact: Fact, number: _Number) -> Iterator[Decimal]:
    """What a fact may be said as: its value, as it is shown, and the numbers in words of ours."""
    if isinstance(fact.value, Decimal):
        yield 100 * fact.value if fact.unit is Unit.SHARE and number.percent else fact.value
    if not fact.outside and not isinstance(fact.value, datetime):
        for found in _NUMBER.finditer(fact.text):
            yield _number(found).value


def _without_times(text: str, facts: Sequence[Fact]) -> tuple[str, set[Fact]]:
    """`text` without the moments of the facts, so that a year is no number to be said alone.

    And the facts whose value is one of these moments.
    """
    left, met = text, set()
    for form in _TIMES:  # the longest first
        for fact in facts:
            for moment in (fact.value, fact.at):
                if isinstance(moment, datetime):
                    written = rf"(?<!\d){re.escape(f'{moment:{form}}')}(?::00)?Z?(?!\d)"
                    left = re.sub(written, " \u00b7 ", left)
                    if moment is fact.value and re.search(written, text):
                        met.add(fact)
    return left, met
