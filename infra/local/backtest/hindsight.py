"""Which decisions of a backtest a language model may only have made because it knew better.

A model has read what the world wrote up to its knowledge cut-off.  Asked about a slot before that
day it may know what came next, whatever the prompt holds, so its score proves nothing there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from automoney.model_prices import Price, price_of
from automoney.trading.judgement import View
from infra.local.backtest.engine import Played


@dataclass(frozen=True, slots=True)
class Knowing:
    """One model: on how many decisions it had a say, how many of those may be hindsight.

    `known_until` is the last day that it can know of; where that is not told, every one may be.
    """

    model: str
    known_until: date | None
    decisions: int
    hindsight: int

    def as_json(self) -> dict[str, Any]:
        until = None if self.known_until is None else f"{self.known_until}"
        return {
            "model": self.model,
            "known_until": until,
            "decisions": self.decisions,
            "hindsight_decisions": self.hindsight,
        }


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Of all `decisions` those that a model had a say in, and those that may be hindsight.

    A decision counts once, however many models had a say in it.  Of the `fallen_back` ones the
    rules judged at least a part because no model gave an answer.
    """

    decisions: int
    by_models: int
    fallen_back: int
    hindsight: int
    models: tuple[Knowing, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The part of a result that tells of it."""
        return {
            "model_decisions": self.by_models,
            "fallen_back_decisions": self.fallen_back,
            "hindsight_decisions": self.hindsight,
            "models": [one.as_json() for one in self.models],
        }

    @property
    def sentence(self) -> str:
        """For a person to read beside the figures."""
        if self.by_models:
            said = f"{self.hindsight} of {self.decisions} decisions may be a model's hindsight"
            said += " and prove nothing: their slots are not after what it knew of."
        else:
            said = "No language model judged, so none of the decisions is a model's hindsight."
        return " ".join((said, *map(_known, self.models), *self._instead()))

    def _instead(self) -> Iterator[str]:
        if self.fallen_back:
            yield f"In {self.fallen_back} the rules stood in for a model that gave no answer."


def hindsight_of(played: Played, prices: Mapping[str, Price]) -> Hindsight:
    """Count; `prices` tell by the model's name until when it can know."""
    decided: dict[str, list[int]] = {}  # by model: all, and at or before its cut-off
    known: dict[str, date | None] = {}
    count = by_models = fallen_back = hindsight = 0
    for slot_at, view in _decided(played):
        count += 1
        models = _judged_by(view)
        by_models += bool(models)
        fallen_back += any(score.fell_back for score in view.scores.values())
        late = False
        for model in models:
            if model not in known:
                known[model] = _known_until(model, prices)
            may_know = _may_know(known[model], slot_at)
            late = late or may_know
            counts = decided.setdefault(model, [0, 0])
            counts[0] += 1
            counts[1] += may_know
        hindsight += late
    return Hindsight(
        count,
        by_models,
        fallen_back,
        hindsight,
        tuple(Knowing(model, known[model], *decided[model]) for model in sorted(decided)),
    )


def _decided(played: Played) -> Iterator[tuple[datetime, View]]:
    """Every decision as its slot and the view that it was made from."""
    for part in played.user.parts:
        judgement = played.tables.runs[part.execution_id].judgement
        assert judgement is not None, "only what has been judged is decided"
        for decision in part.decisions:
            yield part.slot_at, judgement.views[decision.asset]


def _judged_by(view: View) -> set[str]:
    """The models whose scores have a weight in it; where the rules stood in, no model judged."""
    return {
        score.model
        for agent, score in view.scores.items()
        if score.judge == "model" and score.model is not None and view.weights.get(agent)
    }


def _known_until(model: str, prices: Mapping[str, Price]) -> date | None:
    _, _, name = model.partition("/")  # a score names the provider, too
    price = price_of(name, prices)
    return None if price is None else price.known_until


def _may_know(known_until: date | None, slot_at: datetime) -> bool:
    return known_until is None or slot_at.date() <= known_until


def _known(one: Knowing) -> str:
    until = "nobody told until when" if one.known_until is None else f"until {one.known_until}"
    return f"{one.model} ({until}): {one.hindsight} of {one.decisions}."
