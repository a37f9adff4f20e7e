"""The commands of docs/websocket.md do what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from automoney.messages import Event, Numbered
from tests.infra.gateway.product import Product
from tests.infra.gateway.served import later
from tests.push.room import every_kind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "websocket.md"


def code(name: str) -> str:
    """The block of code behind `<!-- name -->`."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_script_receives_a_decision(product: Product, tmp_path: Path) -> None:
    script = tmp_path / "listen.py"
    script.write_text(code("listen"))
    token = product.bearer("ada")["Authorization"].removeprefix("Bearer ")
    command = [sys.executable, str(script), product.gateway.ws_url]
    assert f"python listen.py {'ws://127.0.0.1:8080/ws'}" in PAGE.read_text()
    with subprocess.Popen(
        command, env={**os.environ, "TOKEN": token}, stdout=subprocess.PIPE, text=True
    ) as listening:
        later(lambda: any(one.subscriptions for one in product.connected("ada")), within=20)
        messages = every_kind()
        numbered = [Numbered("ada", seq, one) for seq, one in enumerate(messages, 1)]
        assert product.broadcast(*numbered) == []
        printed, _ = listening.communicate(timeout=20)
    assert listening.returncode == 0
    lines = printed.splitlines()
    assert '"event": "subscribed"' in lines[0]
    assert Event.DECISION_MADE.value in lines[-1]
    assert len(lines) == 2  # no other event, and it stops at the first decision


def test_the_script_is_short() -> None:
    assert len(code("listen").splitlines()) <= 15
