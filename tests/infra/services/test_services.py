"""Postgres, Valkey and the AWS stand-in, started for real on a folder of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg
import pytest
import redis

from automoney.errors import InvalidInput
from infra.local.services import ServiceFailed, Services, State, start_services
from infra.local.services.aws import own_session, provision
from infra.local.services.postgres import Postgres
from infra.local.services.process import Server, born
from infra.local.services.valkey import Valkey, ping
from tests.services import fresh_database

# A runtime of its own: starts everything, tells its children's numbers, waits to be killed.
PARENT = """
import json, signal, sys
from pathlib import Path
from infra.local.services import State, process, start_services
if sys.argv[2] == "unbound":
    process.death_signals = False
services = start_services(State(Path(sys.argv[1])))
print(json.dumps({"pids": services.pids(), "database_url": services.database_url}), flush=True)
signal.pause()
"""


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start_parent(state: Path, how: str) -> tuple["subprocess.Popen[str]", dict[str, Any]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(state), how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    told = json.loads(parent.stdout.readline())
    return parent, told


def kill(parent: "subprocess.Popen[str]") -> None:
    parent.kill()
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


def insert(database_url: str, word: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", (word,))


def words(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words").fetchall()]


# ---------------------------------------------------------------- one session's services


def test_postgres_keeps_its_promises_on_this_machine(postgres_url: str) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_preload_libraries": "pg_stat_statements",
        "data_checksums": "on",
    }
    with psycopg.connect(postgres_url) as connection:
        found = {
            name: connection.execute(
                "SELECT current_setting(%s)",
                (name,),
            ).fetchone()
            for name in expected
        }
        collation = connection.execute(
            "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        ).fetchone()

    assert found == {name: (value,) for name, value in expected.items()}
    assert collation == ("C",)


def test_nobody_gets_in_without_the_password(aws: Services) -> None:
    for wrong in ("", "guess"):
        password = urlsplit(aws.database_url).password
        assert password
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(aws.database_url.replace(password, wrong))
    open_url = f"redis://127.0.0.1:{urlsplit(aws.redis_url).port}/0"
    with pytest.raises(redis.AuthenticationError):
        ping(open_url)


def test_passwords_are_on_no_command_line_and_in_no_text_of_the_services(aws: Services) -> None:
    secrets = [urlsplit(aws.database_url).password, urlsplit(aws.redis_url).password]
    shown = repr(aws)
    for pid in aws.pids().values():
        told = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        shown += told.stdout

    assert "postgres" in shown
    assert not [secret for secret in secrets if secret is None or secret in shown]


def test_a_fresh_database_is_empty_or_a_copy_and_gone_afterwards(postgres_url: str) -> None:
    with fresh_database(postgres_url) as template:
        insert(template, "copied")
        with fresh_database(postgres_url, urlsplit(template).path[1:]) as url:
            assert words(url) == ["copied"]
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_the_environment_wins_over_the_users_own_aws(
    aws: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    credentials = session.get_credentials()
    sqs = session.client("sqs", endpoint_url=aws.aws_endpoint_url)

    assert credentials is not None
    assert credentials.access_key == aws.aws_access_key
    assert sqs.list_queues()["QueueUrls"]


def test_what_the_functions_use_is_there(aws: Services) -> None:
    session = own_session(aws.aws_access_key, aws.aws_secret_key)
    dynamodb = session.client("dynamodb", endpoint_url=aws.aws_endpoint_url)
    sqs = session.client("sqs", endpoint_url=aws.aws_endpoint_url)
    sns = session.client("sns", endpoint_url=aws.aws_endpoint_url)
    keys = {}
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        keys[name] = [key["AttributeName"] for key in table["KeySchema"]]
    connections = dynamodb.describe_table(TableName="automoney-connections")["Table"]
    index = connections["GlobalSecondaryIndexes"][0]
    queues = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in (aws.orders_queue_url, aws.events_queue_url, aws.looks_queue_url)
    }

    assert keys == {
        "automoney-leases": ["name"],
        "automoney-connections": ["connection_id"],
        "automoney-tickets": ["ticket"],
        "automoney-rates": ["caller"],
        "automoney-replies": ["name"],
    }
    assert (index["IndexName"], index["KeySchema"]) == (
        "by_user",
        [{"AttributeName": "user_id", "KeyType": "HASH"}],
    )
    assert [queue["VisibilityTimeout"] for queue in queues.values()] == ["130", "40", "130"]
    for queue in queues.values():
        redrive = json.loads(queue["RedrivePolicy"])
        assert redrive["maxReceiveCount"] == 5
        assert redrive["deadLetterTargetArn"] == queue["QueueArn"] + "-dead"
    assert aws.alerts_topic_arn in [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]


def test_provisioning_twice_changes_nothing(aws: Services) -> None:
    session = own_session(aws.aws_access_key, aws.aws_secret_key)
    again = provision(session, aws.aws_endpoint_url)

    assert (again.orders_queue_url, again.events_queue_url, again.alerts_topic_arn) == (
        aws.orders_queue_url,
        aws.events_queue_url,
        aws.alerts_topic_arn,
    )


def test_urls_of_others_are_used_instead(aws: Services, tmp_path: Path) -> None:
    given = {"database_url": aws.database_url, "redis_url": aws.redis_url}
    with start_services(State(tmp_path), **given) as services:
        assert services.database_url == aws.database_url
        assert services.redis_url == aws.redis_url
        assert set(services.pids()) == {"aws"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"database_url": "postgresql://ada:hush@127.0.0.1:1/db"},
            r"^no Postgres answers at postgresql://ada:\*\*\*@127.0.0.1:1/db: [^\n]*refused",
        ),
        (
            {"redis_url": "redis://:hush@127.0.0.1:1/0"},
            r"^no Redis answers at redis://:\*\*\*@127.0.0.1:1/0: [^\n]*refused",
        ),
    ],
)
def test_urls_that_do_not_answer_are_told_without_their_password(
    given: dict[str, str], message: str, aws: Services, tmp_path: Path
) -> None:
    given = {"database_url": aws.database_url, "redis_url": aws.redis_url, **given}
    with pytest.raises(ServiceFailed, match=message) as failure:
        start_services(State(tmp_path), **given)

    assert "hush" not in str(failure.value)
    with State(tmp_path).hold():  # and the folder is free again
        pass


# ---------------------------------------------------------------- Postgres alone


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A state folder with a Postgres that has been started and stopped once."""
    state = State(tmp_path_factory.mktemp("postgres") / "it's my state")
    server = Server(Postgres(state), state)
    server.start()
    server.wait_ready()
    server.stop()
    yield state


def started(state: State) -> Server:
    server = Server(Postgres(state), state)
    server.start()
    server.wait_ready()
    return server


def test_a_data_folder_of_another_version_is_refused(laid_out: State) -> None:
    version = laid_out.folder / "postgres" / "data" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(ServiceFailed, match=r"was written by Postgres 9, this is Postgres \d+"):
            started(laid_out)
    finally:
        version.write_text(ours)


def test_a_half_laid_out_data_folder_is_begun_anew(tmp_path: Path) -> None:
    state = State(tmp_path)
    half = state.room("postgres") / "data.new" / "base"
    half.mkdir(parents=True)
    started(state).stop()

    assert not half.exists()
    assert (tmp_path / "postgres" / "data" / "PG_VERSION").exists()
    assert not (tmp_path / "postgres" / "password").exists()


def test_a_lock_of_a_living_stranger_does_not_stop_it(laid_out: State) -> None:
    """As after a reboot: the number in postmaster.pid is now somebody else's."""
    (laid_out.folder / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")

    started(laid_out).stop()


def test_a_lock_of_the_dead_does_not_stop_it(laid_out: State) -> None:
    server = started(laid_out)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not server.alive)
    assert (laid_out.folder / "postgres" / "data" / "postmaster.pid").exists()
    with pytest.raises(ServiceFailed, match=r"^Postgres stopped \(SIGKILL\): .*postgres\.log$"):
        server.check()

    started(laid_out).stop()


def test_its_own_leftover_is_ended_even_without_our_record(laid_out: State) -> None:
    left = started(laid_out)
    (laid_out.folder / "services" / "postgres.json").unlink()
    fresh = started(laid_out)

    assert not left.alive
    fresh.stop()


def test_a_lost_password_is_explained(laid_out: State) -> None:
    secrets = laid_out.folder / "secrets.json"
    kept = secrets.read_text()
    secrets.unlink()
    server = Server(Postgres(laid_out), laid_out)
    try:
        server.start()
        with pytest.raises(ServiceFailed, match=r"refuses our password: .*secrets\.json"):
            server.wait_ready()
    finally:
        server.stop()
        secrets.write_text(kept)


# ---------------------------------------------------------------- Valkey alone


def test_valkey_is_still_warm_after_a_stop(tmp_path: Path) -> None:
    state = State(tmp_path / "it's my state")
    for expected in (None, b"yes"):
        valkey = Valkey(state)
        server = Server(valkey, state)
        server.start()
        server.wait_ready()
        with redis.Redis.from_url(valkey.url(server.port)) as cache:
            assert cache.get("warm") == expected
            cache.set("warm", "yes")
        server.stop()


def test_a_folder_that_valkey_cannot_spell_is_refused(tmp_path: Path) -> None:
    state = State(tmp_path / 'say "hello"')
    with pytest.raises(ServiceFailed, match="odd characters"):
        Server(Valkey(state), state).start()


# ---------------------------------------------------------------- all, over several lives


def test_what_was_committed_survives_a_kill_and_no_process_does(tmp_path: Path) -> None:
    """Killed where the kernel ends the children, killed where it does not, started again."""
    parent, told = start_parent(tmp_path, "bound")
    insert(told["database_url"], "first life")
    with pytest.raises(InvalidInput, match=f"already in use by process {parent.pid}$"):
        start_services(State(tmp_path))
    kill(parent)
    if sys.platform == "linux":
        assert eventually(lambda: not any(map(born, told["pids"].values())))

    parent, told = start_parent(tmp_path, "unbound")
    insert(told["database_url"], "second life")
    kill(parent)
    assert all(map(born, told["pids"].values()))

    with start_services(State(tmp_path)) as services:
        services.check()
        assert not any(map(born, told["pids"].values()))
        assert services.database_url == told["database_url"]  # same port, same password
        assert words(services.database_url) == ["first life", "second life"]
        urls = [services.database_url, services.redis_url, services.aws_endpoint_url]

    for port in (urlsplit(url).port for url in urls):
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port or 0)) != 0
