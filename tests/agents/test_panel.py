import json
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from automoney.agents import macro, technical
from automoney.agents.asking import Judge, by_rules
from automoney.agents.direct import DirectPanel
from automoney.agents.panel import LangGraphPanel
from automoney.errors import BudgetSpent, DataMissing, ModelsUnavailable, SourceUnavailable
from automoney.market.snapshot import Indicators, Snapshot
from automoney.ports import Panel
from automoney.trading.judgement import Score
from automoney.trading.strategies import AGENTS
from tests.agents.builders import NOON, daily, snapshot
from tests.agents.recorded import snapshots

WHOLE = snapshot(
    {
        "fed_funds": daily("fed_funds", [5.0] * 200),
        "mvrv": daily("mvrv", [1.2] * 180),
    },
    indicators=Indicators(rsi14=60),
)


def _says(value: float) -> Callable[[Snapshot], Score]:
    def judge(seen: Snapshot) -> Score:
        return Score("any", value, 1.0, "as the test says", (), (), seen.as_of)

    return judge


def _raises(error: BaseException) -> Callable[[Snapshot], Score]:
    def judge(_: Snapshot) -> Score:
        raise error

    return judge


def test_the_three_judges_sit_on_it_by_default() -> None:
    panel: Panel = LangGraphPanel()
    scores = panel.judge(WHOLE)

    assert tuple(scores) == AGENTS
    assert scores["macro"] == macro.judge(WHOLE)
    assert scores["technical"] == technical.judge(WHOLE)
    assert [score.agent for score in scores.values() if score] == list(AGENTS)


def test_an_agent_without_data_is_none_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    blind = replace(WHOLE, series={"fed_funds": WHOLE.series["fed_funds"]})
    with caplog.at_level(logging.WARNING, "automoney.agents"):
        scores = LangGraphPanel().judge(blind)

    assert scores["onchain"] is None
    assert scores["macro"] is not None
    assert scores["technical"] is not None
    [record] = caplog.records
    assert record.name == "automoney.agents"
    assert "agent onchain gave no score for BTC at 2025-11-05T12:00:00+00:00" in record.getMessage()


def judges(**by_agent: Callable[[Snapshot], Score]) -> dict[str, Judge]:
    return {agent: by_rules(judge) for agent, judge in by_agent.items()}


@pytest.mark.parametrize(
    "error",
    [
        DataMissing("nothing"),
        SourceUnavailable("model", "gone"),
        ZeroDivisionError("float division by zero"),
        OverflowError("too large"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_judges_failure_is_its_own(error: Exception) -> None:
    panel = LangGraphPanel(judges(good=_says(1), bad=_raises(error), fine=_says(2)))
    scores = panel.judge(WHOLE)

    assert tuple(scores) == ("good", "bad", "fine")
    assert [score and score.value for score in scores.values()] == [1, None, 2]


@pytest.mark.parametrize(
    "error",
    [
        TypeError("a bug"),
        KeyError("mvrv"),
        AssertionError(),
        ModelsUnavailable("none answers"),
        BudgetSpent("day", 1, 1),
    ],
)
@pytest.mark.parametrize("panel", [LangGraphPanel, DirectPanel])
def test_a_bug_or_what_is_not_one_judges_alone_is_not_swallowed(
    error: Exception, panel: type[LangGraphPanel | DirectPanel]
) -> None:
    with pytest.raises(type(error)):
        panel(judges(good=_says(1), bad=_raises(error))).judge(WHOLE)


def test_a_judge_knows_on_whose_account_it_judges() -> None:
    accounts: list[str] = []

    def judge(seen: Snapshot, execution_id: str) -> Score:
        accounts.append(execution_id)
        return _says(0)(seen)

    LangGraphPanel({"a": judge}).judge(WHOLE, "hodl-wave:2025-11-05T12:00Z")
    DirectPanel({"a": judge}).judge(WHOLE, "another")

    assert accounts == ["hodl-wave:2025-11-05T12:00Z", "another"]


def test_judges_run_at_the_same_time() -> None:
    """Each waits for the other two: one after the other, none would get past the barrier."""
    meeting = Barrier(3, timeout=5)

    def judge(seen: Snapshot, _: str) -> Score:
        meeting.wait()
        return _says(0)(seen)

    scores = LangGraphPanel(dict.fromkeys(("a", "b", "c"), judge)).judge(WHOLE)

    assert all(scores.values())


def test_a_panel_keeps_nothing_from_one_snapshot_to_the_next() -> None:
    panel = LangGraphPanel()
    first = panel.judge(WHOLE)
    later = panel.judge(replace(WHOLE, as_of=NOON.replace(hour=16), series={}))

    assert later["onchain"] is None
    assert panel.judge(WHOLE) == first


@pytest.mark.parametrize("asset", ["BTC", "ETH"])
def test_the_direct_panel_says_what_the_graph_says(market_data: Path, asset: str) -> None:
    """In the same order too, over recorded days from where much was missing to the end."""
    start = NOON.replace(year=2018, month=2, day=1, hour=0)
    graph, direct = LangGraphPanel(), DirectPanel()

    seen = list(snapshots(market_data, asset, start=start, every=timedelta(days=28)))

    assert len(seen) > 90
    for one in seen:
        assert list(direct.judge(one).items()) == list(graph.judge(one).items())


TRACED = """
import json, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Service(BaseHTTPRequestHandler):
    asked = []
    def answer(self):
        self.asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    do_GET = do_POST = do_PATCH = answer
    def log_message(self, *args):
        pass

service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=service.serve_forever, daemon=True).start()
os.environ.update(
    LANGSMITH_TRACING="true",
    LANGCHAIN_TRACING_V2="true",
    LANGSMITH_API_KEY="made-up",
    LANGSMITH_ENDPOINT=f"http://127.0.0.1:{service.server_port}",
)
from langchain_core.tracers.langchain import wait_for_all_tracers
from automoney.agents.panel import LangGraphPanel
from tests.agents.builders import daily, snapshot

seen = snapshot({"mvrv": daily("mvrv", [1.2] * 180)})
panel = LangGraphPanel()
scores = panel.judge(seen)
wait_for_all_tracers()
guarded = len(Service.asked)
# what LangGraph does if nobody stops it
panel._graph.invoke({"snapshot": seen, "execution_id": "", "scores": {}})
wait_for_all_tracers()
print(json.dumps({"scores": len(scores), "guarded": guarded, "unguarded": len(Service.asked)}))
"""


def test_no_environment_makes_it_send_traces() -> None:
    """With tracing switched on by every variable, a service on loopback hears nothing of a panel.

    The same graph without the panel's guard does reach it, so the silence is the guard's.
    """
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", TRACED],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{root / 'shared'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    assert heard["scores"] == 3
    assert heard["guarded"] == 0
    assert heard["unguarded"] > 0
