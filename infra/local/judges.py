"""The judges' rules in words: `docs/judges.md`, made from the very tables that they judge by."""

from collections.abc import Iterator, Sequence

from automoney.agents import intraday, macro, onchain, technical
from automoney.agents.rules import Curve, Rule, Words

_OPENING = """\
# The judges' rules

Made by `./dev judges > docs/judges.md` from the tables in `shared/automoney/agents/`; a test fails
if the two differ.

A rule measures one thing and reads its strength off a curve: -1 speaks against holding the asset, 1
for it, with straight lines between the corners and the last one's strength beyond. A score is the
sum of the strengths times their shares, from -100 to 100. A rule without data leaves its share to
the others, and the confidence falls; below a quarter of all shares the score is degraded. A stale
value counts and degrades; a stale stand-in does not count.

A language model, if one judges, is told what these rules measure, not what they make of it.
"""
_TABLES: Sequence[tuple[str, str, Sequence[Rule]]] = (
    ("Macro", "The same for every asset.", macro.RULES),
    (
        "On-chain, by the Z-Score",
        "Where MVRV's Z-Score is to be had and fresh.",
        onchain.RULES_BY_Z,
    ),
    ("On-chain, by the ratio", "Elsewhere, as with the free source.", onchain.RULES_BY_RATIO),
    ("Technical, by days and weeks", "HODL-Wave's weekly bars.", technical.RULES),
    ("Technical, within days", "Bars of hours: the leading ones and finer ones.", intraday.RULES),
)


def judges_in_words() -> str:
    """All tables as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _OPENING
    for title, about, rules in _TABLES:
        whole = sum(rule.weight for rule in rules)
        yield f"## {title}\n\n{about}\n"
        for rule in rules:
            yield f"### `{rule.name}`: {100 * rule.weight / whole:.0f} %\n"
            yield f"- reads: {_reads(rule)}"
            yield f"- strength: {_strengths(rule.curve)}"
            yield f"- means: {_meanings(rule.words)}"
            yield f"- why: {' '.join(rule.source.split())}\n"


def _strengths(curve: Curve) -> str:
    return ", ".join(f"{strength:+g} at {value:g}" for value, strength in curve)


def _meanings(words: Words) -> str:
    *bounded, (_, last) = words
    return "; ".join(
        [*(f"below {limit:g} {meaning}" for limit, meaning in bounded), f"else {last}"]
    )


def _reads(rule: Rule) -> str:
    """What it says of a value, with the value left open."""
    opening, _, rest = rule.says.partition("{")
    return f"{opening}…{rest.partition('}')[2]}"
