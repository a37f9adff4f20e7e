"""The panel: the three judges as parallel nodes of a LangGraph graph.  The only LangGraph import.

Importing this takes over a second, so only the function that runs strategies does.
"""

import operator
from collections.abc import Mapping
from typing import Annotated, Protocol, TypedDict

from langgraph.graph import START, StateGraph
from langsmith import tracing_context

from automoney.agents.asking import RULE_JUDGES, Judge, asked
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score


class _Round(TypedDict):
    """The graph's state: what is judged, on whose account, and the scores as they are handed in."""

    snapshot: Snapshot
    execution_id: str
    scores: Annotated[dict[str, Score | None], operator.or_]


class _Scores(TypedDict):
    """What one node adds to the state."""

    scores: dict[str, Score | None]


class _Node(Protocol):
    """A node as LangGraph's types want it: the argument has to be called `state`."""

    def __call__(self, state: _Round) -> _Scores: ...


class LangGraphPanel:
    """Runs the judges side by side; one that fails costs its own score and no other's."""

    def __init__(self, judges: Mapping[str, Judge] = RULE_JUDGES) -> None:
        self._agents = tuple(judges)
        graph = StateGraph(_Round)
        for agent, judge in judges.items():
            graph.add_node(agent, _node(agent, judge))
            graph.add_edge(START, agent)
        self._graph = graph.compile(name="panel")

    def judge(self, snapshot: Snapshot, execution_id: str = "") -> Mapping[str, Score | None]:
        """A score per agent, in the order of the judges; None where it failed: see `asking`."""
        begun: _Round = {"snapshot": snapshot, "execution_id": execution_id, "scores": {}}
        # Whatever the environment says: prompts and portfolios are not sent to a tracing service.
        with tracing_context(enabled=False):
            outcome = self._graph.invoke(begun)
        return {agent: outcome["scores"][agent] for agent in self._agents}


def _node(agent: str, judge: Judge) -> _Node:
    def node(state: _Round) -> _Scores:
        return {"scores": {agent: asked(agent, judge, state["snapshot"], state["execution_id"])}}

    return node
