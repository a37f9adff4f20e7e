"""Pushing: our sender over TLS beside boto3's, and whole broadcasts to many real sockets."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import boto3
from botocore.config import Config

from automoney.channels.posting import Credentials, SignedPosts
from automoney.channels.sockets import ApiGatewaySockets
from automoney.ports import Connection, Subscription
from automoney.workflows.broadcast import _AT_ONCE, broadcast
from benchmarks.push_files import make_certificate, raise_limit
from benchmarks.push_gateway import ACCESS_KEY
from benchmarks.result import Benchmark, Result

_WHO = Credentials(ACCESS_KEY, "secret")
_PAYLOAD = json.dumps({"event": "decision:made", "seq": 1, "data": {"x": "y" * 400}}).encode()
_DELAY = 0.005
_EVERYTHING = frozenset({Subscription(None, None)})


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Known:
    """Connections in memory: DynamoDB's own time is not what is measured."""

    rows: dict[str, list[Connection]]

    def all(self) -> list[Connection]:
        return [one for rows in self.rows.values() for one in rows]

    def of_user(self, user_id: str) -> list[Connection]:
        return self.rows.get(user_id, [])

    def get(self, connection_id: str) -> Connection | None:
        return next((one for one in self.all() if one.connection_id == connection_id), None)

    def add(self, connection: Connection) -> None:
        self.rows.setdefault(connection.user_id, []).append(connection)

    def remove(self, connection_id: str) -> None:
        raise AssertionError(f"{connection_id} closed while it was told")

    def subscribe(self, connection_id: str, subscription: Subscription) -> None:
        raise AssertionError("every socket has subscribed already")

    unsubscribe = subscribe


class Child:
    """A process that is told and answers by lines."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, word: str = "") -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        if word:
            stdin.write(f"{word}\n")
            stdin.flush()
        line = stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def _child(*words: str) -> Iterator[Child]:
    child = Child(*words)
    try:
        yield child
    finally:
        child.end()


def _boto(url: str, certificate: Path | None = None) -> Any:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="local",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key="secret",  # noqa: S106  # nobody's
        verify=str(certificate) if certificate else None,
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


def _over_tls(port: int, certificate: Path, calls: int) -> tuple[float, float]:
    """Calls a second: boto3 one after the other, and our sender as `broadcast` uses it."""
    url = f"https://127.0.0.1:{port}"
    client = _boto(url, certificate)
    trust = ssl.create_default_context(cafile=certificate)
    posts = SignedPosts(url, "local", lambda: _WHO, _now, trust=trust)
    theirs: list[float] = []
    ours: list[float] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(4):  # one after the other, so that a busy moment meets both
            began = time.perf_counter()
            for number in range(calls // 8):
                client.post_to_connection(ConnectionId=f"{number}=", Data=_PAYLOAD)
            theirs.append((calls // 8) / (time.perf_counter() - began))
            began = time.perf_counter()
            list(pool.map(lambda number: posts.post(f"{number}=", _PAYLOAD), range(calls)))
            ours.append(calls / (time.perf_counter() - began))
    posts.close()
    client.close()
    return median(theirs[1:]), median(ours[1:])


def _body(users: Sequence[str], seq: int) -> str:
    sent = time.monotonic()
    data = {"strategyId": "hodl-wave", "executionId": "hodl-wave:2025-11-05T12:00Z", "sent": sent}
    event = {"event": "decision:made", "seq": seq, "at": "2025-11-05T12:00:00Z", "data": data}
    return json.dumps({"messages": [{"userId": user, "event": event} for user in users]})


@dataclass
class Stage:
    """A gateway with `count` open sockets, one a user, and what pushes to them."""

    clients: Child
    known: Known
    sockets: ApiGatewaySockets
    users: Sequence[str]
    seq: int = 0

    def push(self, users: Sequence[str]) -> tuple[dict[str, Any], float]:
        """One event for each; what came, and the seconds until the last had come."""
        self.seq += 1
        began = time.monotonic()
        bodies = {
            str(start): _body(users[start : start + 500], self.seq)
            for start in range(0, len(users), 500)
        }
        failed = broadcast(bodies, connections=self.known, sockets=self.sockets)
        assert not failed, f"{len(failed)} messages of the queue failed"
        told = self.clients.answer(str(len(users)))
        return told, told["last"] - began


@contextmanager
def _stage(ports: dict[str, int], count: int) -> Iterator[Stage]:
    with _child("benchmarks.push_clients", str(ports["front"]), str(count)) as clients:
        opened = clients.answer()["open"]
        assert opened == count, f"{opened} sockets of {count} opened"
        url = f"http://127.0.0.1:{ports['front']}/api/ids"
        with urlopen(url) as answer:  # loopback
            ids = json.load(answer)
        rows = {
            user: [Connection(ids[user], user, _now(), _EVERYTHING)]
            for user in (f"u{number}" for number in range(count))
        }
        inner = f"http://127.0.0.1:{ports['management']}"
        posts = SignedPosts(inner, "local", lambda: _WHO, _now)
        yield Stage(clients, Known(rows), ApiGatewaySockets(_boto(inner), posts), list(rows))
        posts.close()


def _run(quick: bool) -> list[Result]:
    many = min(200 if quick else 10_000, raise_limit(12_000) - 500)
    some = 100 if quick else 1_000
    results: list[Result] = []
    with TemporaryDirectory() as name:
        certificate = make_certificate(Path(name))
        with _child("benchmarks.push_gateway", "--tls", name, "--delay", str(_DELAY)) as gateway:
            ports = gateway.answer()
            for port, where in (("tls", "that answers at once"), ("slow", "that takes 5 ms")):
                theirs, ours = _over_tls(ports[port], certificate, 160 if quick else 2_000)
                # what answers at once is no network's service: that figure shows our own cost
                met = ours / theirs >= 10 if port == "slow" else None
                what = f"fan-out over TLS to a stand-in {where}"
                goal = ">= 10x boto3" if port == "slow" else ""
                results += [
                    Result(f"{what}: sequential boto3", theirs, "posts/s"),
                    Result(f"{what}: ours", ours, "posts/s"),
                    Result(
                        f"{what}: ratio",
                        ours / theirs,
                        "x",
                        goal,
                        met,
                    ),
                ]
            with _stage(ports, some) as stage:
                results += _delays(stage, 20 if quick else 300)
        with (
            _child("benchmarks.push_gateway", "--tls", name) as gateway,
            _stage(gateway.answer(), many) as stage,
        ):
            results += _everybody(stage, 1 if quick else 3)
    return results


def _delays(stage: Stage, times: int) -> list[Result]:
    for _ in range(5):
        stage.push(stage.users[:3])
    one = [
        stage.push([stage.users[number % len(stage.users)]])[0]["delays"][0]
        for number in range(times)
    ]
    whole = [delay for _ in range(3) for delay in stage.push(stage.users)[0]["delays"]]
    what = f"hand-over to arrival, {len(stage.users)} sockets open"
    return [
        Result(f"{what}, one told: p50", median(one), "ms"),
        _held(f"{what}, one told: p99", quantiles(one, n=100)[98]),
        Result(f"{what}, all told at once: p50", median(whole), "ms"),
        Result(f"{what}, all told at once: p99", quantiles(whole, n=100)[98], "ms"),
    ]


def _held(what: str, value: float) -> Result:
    return Result(what, value, "ms", "< 100 ms", value < 100)


def _everybody(stage: Stage, times: int) -> list[Result]:
    count = len(stage.users)
    runs = [stage.push(stage.users) for _ in range(times)]
    exact = all(told["came"] == count and not told["again"] for told, _ in runs)
    least = min(told["came"] for told, _ in runs)
    seconds = min(seconds for _, seconds in runs)
    what = f"{count} sockets told once each"
    return [
        Result(f"{what}: of them", 100 * least / count, "%", "100 %, none twice", exact),
        Result(f"{what}: seconds", seconds, "s", "<= 3 s", seconds <= 3),
    ]


BENCHMARK = Benchmark(
    "push",
    "our sender beside boto3 over TLS, and broadcasts through the local gateway; without SQS",
    _run,
)
