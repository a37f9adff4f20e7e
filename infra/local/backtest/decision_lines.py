"""Decisions in the one form that hashes are taken of."""

from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring as quoted

from automoney.encoding import canonical, decimal_text
from automoney.messages import decision_data
from automoney.stores.memory.tables import Booked
from automoney.trading.judgement import Signal
from automoney.trading.orders import Decision, Rejection


def decision_lines(part: Booked) -> Iterator[bytes]:
    """Each decision of a part with what became of it, as canonical JSON and a line feed."""
    refused: Mapping[str, Rejection] = {one.asset: one for one in part.rejections}
    for decision in part.decisions:
        yield decision_line(part.execution_id, decision, refused.get(decision.asset))


def decision_line(execution_id: str, decision: Decision, refused: Rejection | None) -> bytes:
    """What is pushed to a user's screen of it: `messages.decision_data`, in canonical JSON.

    Of what was not refused, as all but a few are, it is written out here: five times as fast.
    """
    if refused is not None:
        return canonical(decision_data(execution_id, decision, refused)) + b"\n"
    status = "none" if decision.signal is Signal.HOLD else "filled"
    return (
        f'{{"asset":{quoted(decision.asset)}'
        f',"conviction":"{decimal_text(decision.conviction)}"'
        f',"executionId":{quoted(execution_id)}'
        f',"order":{{"detail":null,"reason":null,"status":"{status}"}}'
        f',"reasoning":{quoted(decision.reasoning)}'
        f',"rule":"{decision.rule.value}"'
        f',"signal":"{decision.signal.value}"'
        f',"targetWeight":"{decimal_text(decision.target_weight)}"'
        f',"weight":"{decimal_text(decision.weight)}"}}\n'
    ).encode()
