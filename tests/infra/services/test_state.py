"""The state folder: private, one runtime at a time, clear about what is wrong with it."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from automoney.errors import InvalidInput
from infra.local.services.state import State


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_with_all_in_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "new" / "folder")
    state.secret("jwt")
    with state.hold():
        pass

    assert mode(state.folder) == mode(state.logs) == mode(state.room("postgres")) == 0o700
    assert mode(state.folder / "secrets.json") == mode(state.folder / "lock") == 0o600


def test_a_folder_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("mine")

    State(tmp_path)

    assert mode(tmp_path) == 0o755


def test_a_secret_stays_and_another_name_is_another_secret(tmp_path: Path) -> None:
    first = State(tmp_path).secret("postgres")

    assert State(tmp_path).secret("postgres") == first
    assert State(tmp_path).secret("valkey") != first
    assert State(tmp_path).secret("key", lambda: "made by me") == "made by me"
    assert State(tmp_path).secret("key", lambda: "made anew") == "made by me"


def test_processes_that_ask_at_the_same_moment_get_the_same_secret(tmp_path: Path) -> None:
    ask = (
        "import sys; from pathlib import Path; from infra.local.services.state import State;"
        "print(State(Path(sys.argv[1])).secret('jwt'))"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ask, str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(4)
    ]
    answers = {process.communicate()[0] for process in asking}

    assert len(answers) == 1
    assert len(answers.pop().strip()) == 43


def test_damaged_secrets_are_named_and_left_alone(tmp_path: Path) -> None:
    state = State(tmp_path)
    (tmp_path / "secrets.json").write_text("{half")

    with pytest.raises(InvalidInput, match=r"secrets\.json"):
        state.secret("jwt")
    assert (tmp_path / "secrets.json").read_text() == "{half"


def test_a_second_runtime_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with State(tmp_path).hold():
        with (
            pytest.raises(InvalidInput, match=f"already in use by process {os.getpid()}$"),
            State(tmp_path).hold(),
        ):
            pytest.fail("two runtimes share a folder")
        State(tmp_path).secret("jwt")  # which a runtime does not keep from anybody

    with State(tmp_path).hold():
        pass


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(InvalidInput, match=r"--state was .*/state'; .*\(File exists\)$"):
        State(tmp_path / "state")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a place where root may not write")
def test_an_unwritable_place_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected a folder that can be written"):
        State(Path("/proc/automoney"))
    with pytest.raises(InvalidInput, match="expected a folder that can be written"):
        State(Path("/proc/self"))


def test_a_disk_that_takes_no_byte_more_is_refused(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(InvalidInput, match=r"can be written \(File too large\)"):
            State(tmp_path / "state")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "state").iterdir()) == []
