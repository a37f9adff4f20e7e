"""`./dev` and `.ci/run`, the real scripts, in a small repository of their own.

PATH holds nothing but what a test puts there.  `uv` is a stand-in that makes a real environment
without a network; the verbs' programs are modules that say how they were called.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REAL_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))
TOOLS = ("bash", "dirname", "readlink", "cat", "cmp", "mkdir", "mv", "rm", "chmod")

UV = r"""#!/bin/sh
echo "$@" >>"$UV_LOG"
case $1 in
  --version) echo 'uv 1.2.3' ;;
  venv)
    while [ "$1" != --python ]; do shift; done
    "$2" -m venv --without-pip "$3" || exit 2
    printf '#!/bin/sh\necho lint-imports "$@"\n' >"$3/bin/lint-imports"
    chmod +x "$3/bin/lint-imports"
    ;;
  pip) [ -z "${UV_OFFLINE:-}" ] || { echo 'error: no network' >&2; exit 2; } ;;
esac
"""
SHIM = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
OLD = "#!/bin/sh\nexit 0\n"  # as Python 3.11 answers our question: with nothing
SPEAKING = "import os, sys; print({name!r}, *sys.argv[1:], 'in', os.getcwd())\n"


class House:
    """A repository with `dev` in it, and the commands that can be found."""

    def __init__(self, folder: Path) -> None:
        self.repo = folder / "my repo"
        self.bin = folder / "bin"
        self.pyenv = folder / "pyenv"
        self.log = folder / "uv.log"
        for made in (self.repo / "requirements", self.bin, self.pyenv):
            made.mkdir(parents=True)
        shutil.copy(ROOT / "dev", self.repo)
        self.requirements = self.repo / "requirements" / "dev.txt"
        self.requirements.write_text("# nothing\n")
        for name in ("infra.local", "infra.cdk.app", "ruff", "mypy", "pytest"):
            module = self.repo / Path(*name.split("."))
            module.mkdir(parents=True)
            (module / "__main__.py").write_text(SPEAKING.format(name=name))
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.command("uv", UV)

    def command(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def python(self, name: str = "python3") -> Path:
        """Make the interpreter that runs us one that can be found by that name."""
        path = self.bin / name
        path.symlink_to(REAL_PYTHON)
        return path

    def uv_calls(self, kind: str) -> list[str]:
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        return [call for call in calls if call.startswith(kind)]

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "HOME": str(self.repo.parent),
            "PYENV_ROOT": str(self.pyenv),
            "UV_LOG": str(self.log),
            **extra,
        }

    def dev(
        self, *words: str, path: Path | None = None, cwd: Path | None = None, **extra: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(path or self.repo / "dev"), *words],
            capture_output=True,
            text=True,
            cwd=cwd or self.repo.parent,
            env=self.environment(**extra),
            check=False,
            timeout=60,
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("words", [(), ("help",), ("--help",), ("-h",)])
def test_without_a_verb_it_says_what_it_can_do_and_makes_nothing(
    house: House, words: Sequence[str]
) -> None:
    told = house.dev(*words)

    assert (told.returncode, told.stderr) == (0, "")
    for verb in ("start", "demo", "token", "test", "lint", "synth"):
        assert f"\n  {verb} " in told.stdout
    assert not (house.repo / ".venv").exists()


def test_shims_that_fail_and_a_python_that_is_too_old_are_passed_over(house: House) -> None:
    house.command("python3.13", SHIM)
    house.command("python3.12", SHIM)
    house.command("python3", OLD)
    house.command("python", OLD)
    real = house.pyenv / "versions" / "3.13.9" / "bin" / "python"
    real.parent.mkdir(parents=True)
    real.symlink_to(REAL_PYTHON)
    told = house.dev("start", "--port", "1")

    assert told.returncode == 0, told.stderr
    assert told.stdout == f"infra.local start --port 1 in {house.repo.parent}\n"
    assert house.uv_calls("venv") == [
        f"venv --quiet --python {real} {house.repo}/.venv",
    ]
    assert "--require-hashes" in house.uv_calls("pip")[0]


def test_a_python_on_the_path_is_taken_by_its_own_path(house: House) -> None:
    house.command("python3.13", SHIM)
    real = house.python("python3")
    house.dev("demo")

    assert house.uv_calls("venv") == [f"venv --quiet --python {real} {house.repo}/.venv"]


def test_the_named_python_comes_first(house: House, tmp_path: Path) -> None:
    house.python("python3")
    named = tmp_path / "mine"
    named.symlink_to(REAL_PYTHON)
    house.dev("demo", AUTOMONEY_PYTHON=str(named))

    assert house.uv_calls("venv") == [f"venv --quiet --python {named} {house.repo}/.venv"]


def test_a_named_python_that_does_not_work_is_refused(house: House) -> None:
    house.python("python3")
    told = house.dev("demo", AUTOMONEY_PYTHON="/nowhere/python")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        "./dev: AUTOMONEY_PYTHON is /nowhere/python, which is no working Python 3.12 to 3.14\n"
    )


def test_no_python_and_no_uv_is_told_in_one_line(house: House) -> None:
    (house.bin / "uv").unlink()
    house.command("python3.13", SHIM)
    house.command("python3", OLD)
    told = house.dev("demo")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
    assert told.stderr.startswith("./dev: no working Python 3.12, 3.13 or 3.14 found")


def test_no_python_but_uv_lets_uv_fetch_one(house: House) -> None:
    told = house.dev("demo")

    assert told.returncode == 1  # the stand-in fetches nothing
    assert house.uv_calls("venv") == [
        f"venv --quiet --python 3.13 --python-preference only-managed {house.repo}/.venv"
    ]


def test_what_is_made_is_made_once_until_the_requirements_change(house: House) -> None:
    house.python()
    for _ in range(2):
        assert house.dev("demo").returncode == 0
    made, filled = house.uv_calls("venv"), house.uv_calls("pip")
    house.requirements.write_text("# something else\n")
    changed = house.dev("demo")

    assert (len(made), len(filled)) == (1, 1)
    assert changed.returncode == 0
    assert (len(house.uv_calls("venv")), len(house.uv_calls("pip"))) == (1, 2)


def test_a_half_made_environment_is_made_anew(house: House) -> None:
    house.python()
    house.dev("demo")
    leftover = house.repo / ".venv" / "leftover"
    leftover.write_text("")
    (house.repo / ".venv" / ".made-of").unlink()  # as if it had been stopped while installing
    told = house.dev("demo")

    assert told.returncode == 0
    assert len(house.uv_calls("venv")) == 2
    assert not leftover.exists()


def test_a_failed_download_is_told_and_the_next_run_goes_on(house: House) -> None:
    house.python()
    house.requirements.write_text(f"nowhere==1 --hash=sha256:{'0' * 64}\n")
    told = house.dev("demo", UV_OFFLINE="1", PIP_NO_INDEX="1")
    later = house.dev("demo")

    assert (told.returncode, told.stdout) == (1, "")
    assert "error: no network" in told.stderr  # so says uv, and then pip:
    assert "No matching distribution found for nowhere==1" in told.stderr
    assert told.stderr.splitlines()[-1].startswith("./dev: the environment could not be made")
    assert later.returncode == 0, later.stderr


def test_two_first_runs_at_once_make_one_environment(house: House) -> None:
    house.python()
    runs = [
        subprocess.Popen(
            [str(house.repo / "dev"), "demo", number],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=house.repo,
            env=house.environment(),
        )
        for number in "12"
    ]
    told = [run.communicate(timeout=60)[0] for run in runs]

    assert told == [f"infra.local demo {number} in {house.repo}\n" for number in "12"]
    assert len(house.uv_calls("venv")) == 1


def test_it_is_the_same_through_a_link_and_from_another_folder(
    house: House, tmp_path: Path
) -> None:
    house.python()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "first").symlink_to(Path("..") / "my repo" / "dev")
    link = tmp_path / "links" / "second"
    link.symlink_to("first")
    told = house.dev("token", "--user", "ada l", "", path=link, cwd=tmp_path / "links")

    assert told.stdout == f"infra.local token --user ada l  in {tmp_path}/links\n"


def test_test_lints_first_unless_it_is_given_something(house: House) -> None:
    house.python()
    everything, one = house.dev("test"), house.dev("test", "-k", "rsi or ema")
    repo = house.repo

    assert everything.stdout.splitlines() == [
        f"ruff check . in {repo}",
        f"ruff format --check . in {repo}",
        f"mypy in {repo}",
        "lint-imports",
        f"pytest in {repo}",
    ]
    assert one.stdout == f"pytest -k rsi or ema in {repo}\n"


def test_lint_runs_to_the_end_and_fails_if_one_part_did(house: House) -> None:
    house.python()
    (house.repo / "ruff" / "__main__.py").write_text("raise SystemExit('untidy')\n")
    linted, tested = house.dev("lint"), house.dev("test")

    assert linted.returncode == tested.returncode == 1
    assert linted.stdout == tested.stdout == f"mypy in {house.repo}\nlint-imports\n"


def test_lint_mends_when_told_to(house: House) -> None:
    house.python()
    told = house.dev("lint", "--fix")

    assert told.stdout.splitlines()[:2] == [
        f"ruff check --fix . in {house.repo}",
        f"ruff format . in {house.repo}",
    ]


def test_synth_writes_from_the_repository(house: House) -> None:
    house.python()

    assert house.dev("synth").stdout == f"infra.cdk.app in {house.repo}\n"


# ---------------------------------------------------------------- .ci/run


def ci(house: House, found: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run `.ci/run` where `found` are installed; `apt-get` and `./dev` say what they are asked."""
    (house.repo / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", house.repo / ".ci")
    (house.repo / "dev").write_text('#!/bin/sh\necho "dev $* $AUTOMONEY_REQUIRE_BROWSER"\n')
    house.command("apt-get", '#!/bin/sh\necho "apt-get $*"\n')
    for name in found:
        house.command(name, "#!/bin/sh\n")
    return subprocess.run(
        ["bash", str(house.repo / ".ci" / "run")],
        capture_output=True,
        text=True,
        env=house.environment(),
        check=False,
        timeout=60,
    )


def test_ci_installs_what_is_missing_and_runs_the_tests(house: House) -> None:
    told = ci(house, ["git", "setpriv"])

    assert told.stdout.splitlines() == [
        "apt-get update",
        "apt-get install -y --no-install-recommends nodejs chromium",
        "dev test 1",
    ]


def test_ci_installs_nothing_where_all_is_there(house: House) -> None:
    assert ci(house, ["git", "node", "chromium", "setpriv"]).stdout == "dev test 1\n"


def test_both_scripts_can_be_executed() -> None:
    assert os.access(ROOT / "dev", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
