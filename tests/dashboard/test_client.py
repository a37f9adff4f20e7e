"""The client module in Node, without any dependency, against the real local runtime."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.dashboard.running import Runtime, runtime
from tests.dashboard.test_words import need_node, node

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def quick(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Half an hour of the market each second: a run every eight seconds."""
    with runtime(market_data, tmp_path_factory.mktemp("quick") / "state", 1800) as found:
        yield found


def test_killed_sockets_lose_nothing_and_repeat_nothing(quick: Runtime) -> None:
    """Side by side with a ticket and with a token: each waits for runs most of the time."""
    need_node()
    with ThreadPoolExecutor(2) as following:
        list(following.map(lambda auth: _follow(quick, auth), ("ticket", "bearer")))


def _follow(quick: Runtime, auth: str) -> None:
    bearer = quick.token("ada")
    until = quick.get("/api/events?limit=0", bearer)["lastSeq"] + 8
    script = Path(__file__).with_name("follow.mjs")
    command = ["node", script, quick.url, bearer, auth, str(until)]

    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=300
    )

    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    seqs = [one["seq"] for one in told if "seq" in one]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= until
    kept = quick.get(f"/api/events?since=0&limit={len(seqs)}", bearer)["events"]
    assert [one["event"] for one in told if "seq" in one] == [one["event"] for one in kept]
    states = [one["state"] for one in told if "reason" in one]
    assert states.count("live") >= 4
    assert states.count("polling") >= 3
    assert [one for one in told if "gap" in one or "error" in one] == []


def test_the_program_in_the_docs_is_told_of_decisions(quick: Runtime, tmp_path: Path) -> None:
    need_node()
    docs = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```js\n(.*?)```", docs, re.DOTALL)
    program = program.replace("http://127.0.0.1:8080", quick.url.rstrip("/"))
    program = program.replace("./dashboard/", (ROOT / "dashboard").as_uri() + "/")
    file = tmp_path / "follow.mjs"
    file.write_text(program, encoding="utf-8")
    environment = {**os.environ, "TOKEN": quick.token("ada")}

    with subprocess.Popen(
        ["node", file], stdout=subprocess.PIPE, text=True, env=environment
    ) as running:
        try:
            assert running.stdout is not None
            told = [running.stdout.readline().strip() for _ in range(3)]
        finally:
            running.kill()

    assert told[0].startswith("live")
    assert re.fullmatch(r"\d+ (BUY|SELL|HOLD) (BTC|ETH)", told[1])
    assert re.fullmatch(r"\d+ (BUY|SELL|HOLD) (BTC|ETH)", told[2])


def test_the_wait_before_a_new_try_doubles_with_jitter_up_to_half_a_minute() -> None:
    script = """
        import { Link } from "./client/link.js";
        const waits = [];
        globalThis.setTimeout = (act, wait) => waits.push(wait);
        const random = () => waits.length % 2 ? 0.999 : 0;
        const link = new Link({ random, wanted: () => [{}], onMessage() {}, onChange() {},
            dial: async () => { throw new Error("no"); } });
        for (let n = 0; n < 10; n += 1) await link.open();
        console.log(JSON.stringify(waits));
    """
    waits = json.loads(node(script))

    for index, wait in enumerate(waits):
        longest = min(30_000, 500 * 2**index)
        assert wait == pytest.approx(longest if index % 2 else longest / 2, rel=0.01)


def test_only_what_is_subscribed_to_is_told_though_all_is_counted() -> None:
    script = """
        import { Client } from "./client/index.js";
        const rows = ["agent:scores", "decision:made", "trade:executed"].map((event, index) =>
            ({ event, seq: index + 1, at: "", data: { strategyId: index ? "a" : "b" } }));
        const answer = { events: rows, lastSeq: 3 };
        const fetch = async () => new Response(JSON.stringify(answer));
        const told = [];
        const subscriptions = [{ event: "trade:executed" }, { strategyId: "b" }];
        const client = new Client({ base: "http://h", token: "t", fetch, subscriptions });
        client.on("event", ({ seq }) => told.push(seq));
        client.on("decision:made", () => told.push("never"));
        await client.sequence.catchUp();
        console.log(JSON.stringify({ told, seq: client.seq }));
    """
    assert json.loads(node(script)) == {"told": [1, 3], "seq": 3}


def test_numbers_that_start_over_and_events_kept_no_longer_are_told() -> None:
    script = """
        import { Sequence } from "./client/index.js";
        const one = { events: [{ seq: 9, event: "x" }], lastSeq: 9 };
        const answers = [one, { events: [], lastSeq: 2 }];
        const told = [];
        const sequence = new Sequence({ api: { get: async () => answers.shift() },
            onEvent: ({ seq }) => told.push(seq), onGap: (gap) => told.push(gap),
            onReset: () => told.push("reset") });
        await sequence.catchUp();
        await sequence.catchUp();
        console.log(JSON.stringify([...told, sequence.seq]));
    """
    assert json.loads(node(script)) == [{"from": 1, "to": 8}, 9, "reset", 2]
