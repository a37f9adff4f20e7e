"""An environment of its own for each rival, made when it is first asked for."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PINS = Path(__file__).parent


class NoEnvironment(Exception):
    """A rival couldn't be installed."""


def interpreter(rival: str, folder: Path = ROOT / "build" / "rivals") -> Path:
    """The Python that has what `RIVAL.txt` pins.  Raises NoEnvironment if it can't be installed.

    It is made anew once the pins or our own Python have changed.
    """
    pins = _PINS / f"{rival}.txt"
    place = folder / rival
    python, note = place / "bin" / "python", place / "made-of"
    recipe = f"{sys.version}\n{pins.read_text()}"
    if note.is_file() and note.read_text() == recipe:
        return python
    print(f"Installing {rival} into {place}", file=sys.stderr)
    base = Path(sys.base_exec_prefix) / "bin" / f"python{sys.version_info[0]}"
    shutil.rmtree(place, ignore_errors=True)
    try:
        _run(base, "-m", "venv", *(["--without-pip"] if _uv() else []), place)
        _install(python, pins)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise NoEnvironment(
            f"{rival} could not be installed, see above: is a package index reachable?"
        ) from error
    note.write_text(recipe)
    return python


def _install(python: Path, pins: Path) -> None:
    if uv := _uv():
        _run(uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", pins)
    else:
        _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", pins)


def _uv() -> str | None:
    return shutil.which("uv")


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, stdout=sys.stderr)
