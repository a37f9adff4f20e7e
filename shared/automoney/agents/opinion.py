"""A model's answer to a judge's question: what it has to look like, and what is made of it.  Pure.

Nothing is clamped and nothing guessed: an answer out of bounds is no answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from automoney.questioning import Unusable, json_object

LONGEST_REASONING = 1_200  # characters
_SLACK = 10.0  # points
_EXPECTED = {
    "score": "score has to be a number from -100 to 100",
    "confidence": "confidence has to be a number from 0 to 1",
    "reasoning": f"reasoning has to be a text of 1 to {LONGEST_REASONING} characters",
    "factors": 'factors has to be a list of {"name": ..., "contribution": -100 to 100}',
}


class _Contribution(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    contribution: float = Field(ge=-100, le=100)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    score: float = Field(ge=-100, le=100)
    confidence: float = Field(ge=0, le=1)
    reasoning: str = Field(min_length=1, max_length=LONGEST_REASONING)
    factors: list[_Contribution] = Field(max_length=50)


@dataclass(frozen=True, slots=True)
class Opinion:
    """`score` -100..100 and `confidence` 0..1, two decimals; `contributions` sum to the score."""

    score: float
    confidence: float
    reasoning: str
    contributions: Mapping[str, float]


def schema(names: Collection[str]) -> dict[str, Any]:
    """The JSON Schema of an answer whose factors are among `names`.

    Kept to what every provider's strict mode takes: lengths are checked when the answer is read.
    """
    factor = _object(
        {
            "name": {"type": "string", "enum": list(names)},
            "contribution": {"type": "number", "minimum": -100, "maximum": 100},
        }
    )
    return _object(
        {
            "score": {"type": "number", "minimum": -100, "maximum": 100},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "reasoning": {"type": "string"},
            "factors": {"type": "array", "items": factor},
        }
    )


def read_opinion(text: str, names: Collection[str]) -> Opinion:
    """Take an answer apart.

    Models add up badly, so contributions may miss the score by ten points in all: the difference is
    spread over them by their size.  More than that, or factors of no size at all, and they do not
    explain the score.

    Raises Unusable, in words that depend on the answer alone: the question that gives it back is
    stored under its hash, and has to be the same in a replay.
    """
    try:
        said = _Said.model_validate(json_object(text))
    except ValidationError as error:
        raise Unusable(*_complaints(error)) from None
    reasoning = " ".join("".join(map(_visible, said.reasoning)).split())
    if not reasoning:
        raise Unusable(_EXPECTED["reasoning"])
    score = round(said.score, 2) + 0.0
    return Opinion(
        score, round(said.confidence, 2), reasoning, _reconciled(score, said.factors, names)
    )


def _reconciled(
    score: float, said: list[_Contribution], names: Collection[str]
) -> Mapping[str, float]:
    given = {one.name: one.contribution for one in said}
    if unknown := sorted(given.keys() - set(names)):
        listed = ", ".join(names)
        raise Unusable(f"factors names {len(unknown)} that were not given; given are {listed}")
    if len(given) < len(said):
        raise Unusable("factors names the same one twice")
    size = sum(map(abs, given.values()))
    missing = score - sum(given.values())
    if abs(missing) > _SLACK or (missing and not size):
        raise Unusable(f"contributions sum to {score - missing:.2f}, but score is {score:.2f}")
    spread = {
        name: round(points + missing * abs(points) / size, 2) + 0.0 if size else 0.0
        for name, points in given.items()
    }
    if size:
        largest = max(spread, key=lambda name: (abs(spread[name]), name))
        rest = score - sum(points for name, points in spread.items() if name != largest)
        spread[largest] = round(rest, 2) + 0.0
    return spread


def _complaints(error: ValidationError) -> list[str]:
    """One a field, in our words: pydantic's change from one release to the next."""
    places = [str(one["loc"][0]) for one in error.errors(include_input=False)]
    known = [_EXPECTED[place] for place in _EXPECTED if place in places]
    if any(place not in _EXPECTED for place in places):
        known.append(f"there must be no fields but {', '.join(_EXPECTED)}")
    return known


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _visible(sign: str) -> str:
    return sign if sign.isprintable() else " "
