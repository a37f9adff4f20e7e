"""The layer that all functions share: our own package and what it imports, for Lambda's machines.

Wheels are chosen for Amazon Linux on ARM whatever this runs on, none is compiled, and each must
have the hash that `requirements/layer.txt` states; so neither Docker nor a compiler is needed.

Left out: boto3 and what only it brings.  Lambda's Python has them, in versions that are patched
with the runtime, they would be another quarter of its size, and of AWS we call what has not
changed in years.

Put in: byte code.  Lambda mounts the layer read-only, so without it every cold start would compile
every module again, which takes longer than all else it does.
"""

import compileall
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

PYTHON: Final = "3.13"
_GLIBC_TAGS: Final = ("manylinux_2_28", "manylinux_2_26", "manylinux_2_24", "manylinux2014")
_IN_THE_RUNTIME: Final = ("boto3", "botocore", "s3transfer")
_NOT_TO_PACK: Final = ("__pycache__", "tests")

_PYTHONS: Final = (sys.executable, "python3")


class LayerNotBuilt(Exception):
    """No installer was found, or the one that was failed; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`folder` holds `python/`, which Lambda puts on the path; `size` is its bytes, unzipped."""

    folder: Path
    size: int


def build_layer(root: Path, build: Path) -> Layer:
    """Make `build/layer` from the checkout at `root`.

    What comes from the package index is fetched again only if `requirements/layer.txt` or this
    recipe changed; our own package is copied each time.  Raises LayerNotBuilt.
    """
    requirements = root / "requirements" / "layer.txt"
    folder, stamp = build / "layer", build / "layer.sha256"
    made_by = f"{sys.version_info[:2]}".encode()
    recipe = hashlib.sha256(
        requirements.read_bytes() + Path(__file__).read_bytes() + made_by
    ).hexdigest()
    if not (folder.is_dir() and stamp.is_file() and stamp.read_text() == recipe):
        fresh = build / "layer.new"
        for leftover in (fresh, folder):
            shutil.rmtree(leftover, ignore_errors=True)
        _run(install_command(requirements, fresh / "python", extra=build / "uv" / "bin"))
        _prune(fresh / "python")
        _compile(fresh / "python")
        fresh.rename(folder)
        stamp.write_text(recipe)
    copy_shared(root, folder)
    _compile(folder / "python" / "automoney")
    return Layer(folder, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))


def copy_shared(root: Path, layer: Path) -> None:
    """Put the checkout's own package into `layer`, in place of the copy that is there."""
    target = layer / "python" / "automoney"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        root / "shared" / "automoney", target, ignore=shutil.ignore_patterns(*_NOT_TO_PACK)
    )


def install_command(requirements: Path, target: Path, *, extra: Path) -> list[str]:
    """The command that fetches the wheels into `target`: uv's if there is one, else pip's.

    `extra` is one more folder to look into: where `./dev` puts a uv that it had to fetch.
    """
    common = [
        "install",
        "--quiet",
        "--target",
        str(target),
        "--python-version",
        PYTHON,
        "--only-binary=:all:",
        "--require-hashes",
        "--no-deps",
        "-r",
        str(requirements),
    ]
    for uv in _candidates("uv", extra):
        platform = ["--python-platform", "aarch64-manylinux_2_28", "--python", sys.executable]
        return [*uv, "pip", *common, *platform]
    for pip in _candidates("pip", extra):
        platforms = [part for tag in _GLIBC_TAGS for part in ("--platform", f"{tag}_aarch64")]
        return [*pip, *common, *platforms, "--implementation", "cp", "--no-compile"]
    raise LayerNotBuilt("the layer needs uv or pip: neither is in the environment nor on PATH")


def _candidates(tool: str, extra: Path) -> Iterator[list[str]]:
    """Ways to call `tool` that answer: beside this Python, in `extra`, on PATH, in a Python."""
    beside = str(Path(sys.executable).with_name(tool))
    ways = [[beside], [str(extra / tool)], [tool], *([python, "-m", tool] for python in _PYTHONS)]
    for way in ways:
        if shutil.which(way[0]) and _answers([*way, "--version"]):
            yield way


def _answers(command: Sequence[str]) -> bool:
    """Whether the command works: one on PATH may be a shim that leads nowhere."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: Sequence[str]) -> None:
    sys.stderr.write("building the layer: fetching its wheels\n")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise LayerNotBuilt(f"{command[0]} could not fetch the layer's wheels: {said}")


def _prune(python: Path) -> None:
    for name in _IN_THE_RUNTIME:
        for found in [*python.glob(name), *python.glob(f"{name}-*.dist-info")]:
            shutil.rmtree(found)
    shutil.rmtree(python / "bin", ignore_errors=True)  # commands, for the machine we are not on
    for name in _NOT_TO_PACK:
        for found in [path for path in python.rglob(name) if path.is_dir()]:
            shutil.rmtree(found)


def _compile(python: Path) -> None:
    """Write byte code that is taken as it is, whatever the files' times: a zip changes them.

    Only Lambda's own version of Python can write what it reads; another one writes none, which
    makes the first start of each function slower, not wrong.
    """
    if "{}.{}".format(*sys.version_info[:2]) != PYTHON:
        sys.stderr.write(f"building the layer: without byte code, which wants Python {PYTHON}\n")
        return
    compileall.compile_dir(
        python, stripdir=python, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
