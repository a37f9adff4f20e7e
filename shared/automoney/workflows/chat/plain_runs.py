"""What the rules answer about runs: why, what the agents say, what it would take, when next."""

from decimal import Decimal

from automoney.trading.orders import Rule
from automoney.workflows.chat.asked import Asked
from automoney.workflows.chat.draft import Draft
from automoney.workflows.chat.fact import Fact
from automoney.workflows.chat.facts import Facts
from automoney.workflows.chat.knowledge import Known

_RULES = frozenset(rule.value for rule in Rule)


def why(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    if known.follower is None:
        draft.say("not_following", strategy=known.strategy.name)
        _say_pauses(draft, facts)
        agents(draft, asked, known, facts)
        return
    _say_pauses(draft, facts)
    for asset in asked.assets:
        draft.end_paragraph()
        decision = facts.get("decision", asset)
        if decision is None:
            draft.say("no_decision", asset=asset)
            continue
        rule = facts.get("decision.rule", asset)
        sentence = f"why_{rule.text}" if rule is not None and rule.text in _RULES else "why_other"
        draft.say(
            sentence,
            asset=asset,
            signal=decision,
            **facts.these(
                asset,
                slot="decision.at",
                conviction="decision.conviction",
                weight="decision.weight",
                target="decision.target",
            ),
            **facts.bounds(),
        )
        refused = facts.get("decision.refused", asset)
        if refused is not None:
            draft.say("refused", reason=refused)
        if known.judgement is not None and known.judgement.execution_id == decision.id:
            _scores(draft, known, facts, asset)
        else:
            _view(draft, known, facts, asset)


def agents(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    if facts.get("last_run") is None:
        draft.say("no_run", strategy=known.strategy.name, **facts.these(next="next_run"))
        return
    for asset in asked.assets:
        draft.end_paragraph()
        _view(draft, known, facts, asset)


def _view(draft: Draft, known: Known, facts: Facts, asset: str) -> None:
    conviction, slot = facts.get("conviction", asset), facts.get("last_run")
    if conviction is not None and slot is not None:
        name = known.strategy.name
        draft.say("view", strategy=name, asset=asset, conviction=conviction, slot=slot)
        _scores(draft, known, facts, asset)


def _scores(draft: Draft, known: Known, facts: Facts, asset: str) -> None:
    """Each agent's score and weight, and the strongest factor on either side."""
    view = known.judgement.views.get(asset) if known.judgement is not None else None
    for agent, score in view.scores.items() if view is not None else ():
        draft.say(
            "score_degraded" if score.degraded else "score",
            agent=draft.word(agent),
            **facts.these(asset, score=f"score.{agent}", weight=f"weight.{agent}"),
        )
    factors = sorted(facts.named("factor.", asset), key=_points)
    for sentence, factor in (("for", factors[-1:]), ("against", factors[:1])):
        for one in factor:
            if (_points(one) > 0) is (sentence == "for"):
                name = draft.word(one.name.rpartition(".")[2])
                draft.say(sentence, factor=name, points=one)


def take(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    _say_pauses(draft, facts)
    if facts.get("last_run") is None:
        agents(draft, asked, known, facts)
    for asset in asked.assets:
        conviction = facts.get("conviction", asset)
        if conviction is None:
            continue
        draft.end_paragraph()
        for side in ("buy", "sell"):
            gap = facts.get(f"to_{side}", asset)
            if gap is None:
                draft.say(
                    f"would_{side}", asset=asset, conviction=conviction, **_bound(facts, side)
                )
                continue
            draft.say(
                f"take_{side}",
                asset=asset,
                gap=gap,
                conviction=conviction,
                **_bound(facts, side),
            )
            for alone in facts.named(f"to_{side}.", asset):
                agent = draft.word(alone.name.rpartition(".")[2])
                draft.say(f"alone_{side}", agent=agent, points=alone)


def strategy(draft: Draft, asked: Asked, known: Known, facts: Facts) -> None:
    name, last = known.strategy.name, facts.get("last_run")
    times = facts.these(cron="cron", next="next_run")
    if last is None:
        draft.say("first_run", strategy=name, **times)
    else:
        draft.say("schedule", strategy=name, last=last, **times)
    draft.say("bounds", **facts.bounds())
    if known.follower is not None:
        draft.say("following")
    _say_pauses(draft, facts)


def _say_pauses(draft: Draft, facts: Facts) -> None:
    for name in ("paused", "own_pause"):
        reason = facts.get(name)
        if reason is not None:
            draft.say(name, reason=reason)


def _bound(facts: Facts, side: str) -> dict[str, Fact]:
    return {side: facts.bounds()[side]}


def _points(fact: Fact) -> Decimal:
    assert isinstance(fact.value, Decimal)
    return fact.value
