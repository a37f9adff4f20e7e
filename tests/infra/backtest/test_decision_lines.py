"""Decisions as they are hashed: the same bytes as any other value's canonical form."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from automoney.encoding import canonical
from automoney.messages import decision_data
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Refused, Rejection, Rule
from infra.local.backtest.decision_lines import decision_line

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000)
_DECISIONS = st.builds(
    Decision,
    asset=_TEXTS,
    signal=st.sampled_from(Signal),
    conviction=_NUMBERS | st.just(Decimal("-0.00")),
    weight=_NUMBERS,
    target_weight=_NUMBERS,
    reasoning=_TEXTS,
    rule=st.sampled_from(Rule),
)
_REFUSED = st.builds(
    Rejection,
    asset=_TEXTS,
    side=st.sampled_from(Signal),
    reason=st.sampled_from(Refused),
    detail=_TEXTS,
)


@given(_TEXTS, _DECISIONS, st.none() | _REFUSED)
def test_a_line_is_the_canonical_form(
    execution_id: str, decision: Decision, refused: Rejection | None
) -> None:
    said = canonical(decision_data(execution_id, decision, refused))

    assert decision_line(execution_id, decision, refused) == said + b"\n"
