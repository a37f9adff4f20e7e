"""The judges that ask a language model, and the rules where it gives no usable answer.

A model judges what the rules measured: values, ages and sources of its factors are ours, never its
words.  So it can be wrong about what figures mean, not about the figures.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from automoney.agents import macro, onchain, technical
from automoney.agents.facts import told
from automoney.agents.opinion import Opinion, read_opinion, schema
from automoney.agents.rules import Rule
from automoney.errors import BudgetSpent, ModelsUnavailable
from automoney.market.snapshot import Snapshot
from automoney.ports import Models, Question, Spender
from automoney.questioning import Prompt, ask_for
from automoney.trading.judgement import Score

logger = logging.getLogger("automoney.agents")

_PROMPTS = Path(__file__).with_name("prompts")
_MOST_TOKENS = 1_000  # of an answer: the longest reasoning, every factor, and room to spare


class Why(StrEnum):
    """Why the rules judged although a model was to."""

    UNUSABLE = "its answers could not be used"
    SILENT = "none answered"
    SPENT = "the budget for it is spent"


@dataclass(frozen=True, slots=True)
class Expert:
    """One agent's rules: the judge that goes by them, and the table it takes for a snapshot."""

    agent: str
    judge: Callable[[Snapshot], Score]
    rules_for: Callable[[Snapshot], Sequence[Rule]]


EXPERTS: Mapping[str, Expert] = {
    expert.agent: expert
    for expert in (
        Expert(macro.AGENT, macro.judge, macro.rules_for),
        Expert(onchain.AGENT, onchain.judge, onchain.rules_for),
        Expert(technical.AGENT, technical.judge, technical.rules_for),
    )
}


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """A judge for the panel: `judge(snapshot, execution_id)`.

    Its confidence is the lower of the model's and the rules', for no opinion is surer than its
    inputs; degraded is what the rules would be.  Two unusable answers, and the rules judge, marked
    `fell_back`.  With `or_rules` they also do where no model answers or the budget is spent.
    """

    expert: Expert
    models: Models
    clock: Callable[[], datetime]
    or_rules: bool

    def __call__(self, snapshot: Snapshot, execution_id: str) -> Score:
        """Judge, at most two questions long, on the account of the execution.

        Raises DataMissing if there is nothing to judge by: then no model is asked.  Without
        `or_rules` ModelsUnavailable and BudgetSpent pass through.
        """
        by_rules = self.expert.judge(snapshot)
        question = question_from(by_rules, self.expert.rules_for(snapshot), snapshot)
        names = _names(by_rules)
        spender = Spender(self.clock(), execution_id=execution_id or None)
        try:
            answer = ask_for(self.models, question, spender, lambda text: read_opinion(text, names))
            if answer.stopped is not None:
                raise answer.stopped
        except (ModelsUnavailable, BudgetSpent) as error:
            if not self.or_rules:
                raise
            logger.warning("the rules judge for the %s model: %s", by_rules.agent, error)
            why = Why.SPENT if isinstance(error, BudgetSpent) else Why.SILENT
            return fallen_back(by_rules, why, None, question.sha256)
        if answer.value is None:
            logger.warning(
                "the rules judge for the %s model %s: %s",
                by_rules.agent,
                answer.model,
                "; ".join(answer.complaints),
            )
            return fallen_back(by_rules, Why.UNUSABLE, answer.model, answer.last.request)
        return _scored(by_rules, answer.value, answer.model, answer.last.request)


def model_judges(
    models: Models, *, clock: Callable[[], datetime], or_rules: bool
) -> Mapping[str, ModelJudge]:
    """A judge per agent that asks `models`.

    `or_rules` says that the rules stand in the order of fallback.  `clock` is the wall's, for the
    accounts; nothing of it gets into a question.
    """
    return {agent: ModelJudge(expert, models, clock, or_rules) for agent, expert in EXPERTS.items()}


def question_for(agent: str, snapshot: Snapshot) -> Question:
    """What a model is asked first: a function of the snapshot alone.

    Raises DataMissing if there is nothing to judge by.
    """
    expert = EXPERTS[agent]
    return question_from(expert.judge(snapshot), expert.rules_for(snapshot), snapshot)


def question_from(by_rules: Score, rules: Sequence[Rule], snapshot: Snapshot) -> Question:
    """`question_for`, where the rules' score is there already."""
    frame, view = _prompt("frame"), _prompt(by_rules.agent)
    return Question(
        purpose="judge",
        prompt=f"{view.version}/{frame.version}",
        system=f"{frame.text}\n\n{view.text}",
        text=told(by_rules, rules, snapshot),
        schema=schema(_names(by_rules)),
        max_tokens=_MOST_TOKENS,
    )


def fallen_back(by_rules: Score, why: Why, model: str | None, request: str) -> Score:
    """The rules' score, as one for which a model was asked in vain."""
    reasoning = f"The rules judged instead of a model: {why}. {by_rules.reasoning}"
    return replace(by_rules, reasoning=reasoning, model=model, request=request, fell_back=True)


def _scored(by_rules: Score, opinion: Opinion, model: str, request: str) -> Score:
    return replace(
        by_rules,
        value=opinion.score,
        confidence=min(opinion.confidence, by_rules.confidence),
        reasoning=opinion.reasoning,
        factors=tuple(
            replace(factor, contribution=opinion.contributions.get(factor.name, 0.0))
            for factor in by_rules.factors
        ),
        judge="model",
        model=model,
        request=request,
    )


def _names(by_rules: Score) -> tuple[str, ...]:
    """The factors that have a value: only these may count."""
    return tuple(factor.name for factor in by_rules.factors if factor.value is not None)


@cache
def _prompt(name: str) -> Prompt:
    return Prompt.read(_PROMPTS / f"{name}.md")
