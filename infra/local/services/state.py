"""The folder in which one local runtime keeps everything: data, logs, secrets, its lock.

lock            held (flock) while a runtime uses the folder; holds its process number
secrets.json    passwords and keys, made once, mode 0600
logs/           one file a service
services/       which process and port each service had, to find leftovers
postgres/ valkey/ aws/   what the services keep
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from automoney.errors import InvalidInput

DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / ".automoney"
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class StateInUse(InvalidInput):
    """Another process works in the folder."""


def random_password() -> str:
    """43 characters that need no quoting in a URL or a configuration file."""
    return secrets.token_urlsafe(32)


class State:
    """One state folder, made on first use and readable by its owner alone.

    Raises InvalidInput, naming `--state`, if the folder cannot be made or written.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.folder = folder.expanduser().absolute()
        with self._explaining():
            made_now = not self.folder.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            # A folder with other things in it keeps its mode: `--state /tmp` must not close /tmp.
            if made_now or self._lock_file.exists() or not any(self.folder.iterdir()):
                self.folder.chmod(_PRIVATE_FOLDER)
            self._probe()
            self.logs = self.room("logs")

    def room(self, name: str) -> Path:
        """A subfolder, made if need be."""
        folder = self.folder / name
        with self._explaining():
            folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other runtimes out for the block; StateInUse at once if one is in."""
        with self._explaining():
            lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)
        try:
            self._lock(lock)
            yield
        finally:
            os.close(lock)  # which also unlocks; so does the kernel if we are killed

    def secret(self, name: str, make: Callable[[], str] = random_password) -> str:
        """The secret of that name; made and kept the first time it is asked for.

        Safe against other processes that ask at the same moment.
        """
        path = self.folder / "secrets.json"
        with self._explaining():
            guard = os.open(self.folder / "secrets.lock", os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)
            try:
                fcntl.flock(guard, fcntl.LOCK_EX)
                known = self._read_secrets(path)
                if name not in known:
                    known[name] = make()
                    self.write(path, json.dumps(known, indent=2) + "\n")
                return known[name]
            finally:
                os.close(guard)

    def write(self, path: Path, text: str) -> None:
        """Replace a file as a whole, on disk, readable by us alone."""
        fresh = path.with_name(f".{path.name}.new")
        with self._explaining():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)

    @property
    def _lock_file(self) -> Path:
        return self.folder / "lock"

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode().strip() or "unknown"
            raise StateInUse(
                "--state",
                str(self.folder),
                f"a folder of its own: it is already in use by process {holder}",
            ) from None
        with self._explaining():
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    def _probe(self) -> None:
        """Write something for real: only that shows a read-only or a full disk."""
        probe = self.folder / f".probe-{os.getpid()}"
        try:
            probe.write_bytes(b"\0" * 4096)
        finally:
            probe.unlink(missing_ok=True)

    def _read_secrets(self, path: Path) -> dict[str, str]:
        try:
            known = json.loads(path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            known = None
        if not isinstance(known, dict):
            raise InvalidInput("--state", str(path), "a JSON object of secrets, as we wrote it")
        return known

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidInput(
                "--state", str(self.folder), f"a folder that can be written ({error.strerror})"
            ) from error
