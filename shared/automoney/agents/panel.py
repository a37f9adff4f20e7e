"""The panel: the three judges as parallel nodes of a LangGraph graph.  The only LangGraph import.

Importing this takes over a second, so only the function that runs strategies does.
"""

import logging
import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Protocol, TypedDict

from langgraph.graph import START, StateGraph
from langsmith import tracing_context

from automoney.agents import macro, onchain, technical
from automoney.errors import AutomoneyError
from automoney.market.snapshot import Snapshot
from automoney.trading.judgement import Score

logger = logging.getLogger("automoney.agents")

Judge = Callable[[Snapshot], Score]

JUDGES: Mapping[str, Judge] = {
    macro.AGENT: macro.judge,
    onchain.AGENT: onchain.judge,
    technical.AGENT: technical.judge,
}


class _Round(TypedDict):
    """The graph's state: what is judged, and the scores as the nodes hand them in."""

    snapshot: Snapshot
    scores: Annotated[dict[str, Score | None], operator.or_]


class _Scores(TypedDict):
    """What one node adds to the state."""

    scores: dict[str, Score | None]


class _Node(Protocol):
    """A node as LangGraph's types want it: the argument has to be called `state`."""

    def __call__(self, state: _Round) -> _Scores: ...


class LangGraphPanel:
    """Runs the judges side by side; one that fails costs its own score and no other's."""

    def __init__(self, judges: Mapping[str, Judge] = JUDGES) -> None:
        self._agents = tuple(judges)
        graph = StateGraph(_Round)
        for agent, judge in judges.items():
            graph.add_node(agent, _node(agent, judge))
            graph.add_edge(START, agent)
        self._graph = graph.compile(name="panel")

    def judge(self, snapshot: Snapshot) -> Mapping[str, Score | None]:
        """A score per agent, in the order of the judges; None where it failed (and was logged).

        Only failures that a judge can have by its inputs are caught: ours and arithmetic's.  A
        bug in a judge is raised, and fails the run.
        """
        # Whatever the environment says: prompts and portfolios are not sent to a tracing service.
        with tracing_context(enabled=False):
            outcome = self._graph.invoke({"snapshot": snapshot, "scores": {}})
        return {agent: outcome["scores"][agent] for agent in self._agents}


def _node(agent: str, judge: Judge) -> _Node:
    def node(state: _Round) -> _Scores:
        snapshot = state["snapshot"]
        try:
            return {"scores": {agent: judge(snapshot)}}
        except (AutomoneyError, ArithmeticError) as error:
            logger.warning(
                "agent %s gave no score for %s at %s: %s: %s",
                agent,
                snapshot.asset,
                snapshot.as_of.isoformat(),
                type(error).__name__,
                error,
            )
            return {"scores": {agent: None}}

    return node
