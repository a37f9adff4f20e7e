import sys
from pathlib import Path

import pytest

from infra.cdk import layer
from infra.cdk.app import ROOT
from infra.cdk.layer import LayerNotBuilt, build_layer, copy_shared, install_command

LIMIT = 120_000_000  # bytes unzipped; Lambda's own is 250 MiB with the function


@pytest.fixture(scope="module")
def built() -> layer.Layer:
    """The real one, kept in `build/` from one run to the next."""
    return build_layer(ROOT, ROOT / "build")


def test_it_holds_what_functions_import_and_no_more_than_the_limit(built: layer.Layer) -> None:
    python = built.folder / "python"
    for name in ("automoney", "fastapi", "httpx", "langgraph/graph", "mangum", "psycopg", "redis"):
        assert (python / name / "__init__.py").is_file(), name
    assert not (python / "boto3").exists()  # Lambda's Python brings it
    assert not (python / "botocore").exists()
    assert 10_000_000 < built.size < LIMIT


def test_its_machine_code_is_for_lambda_s_machines(built: layer.Layer) -> None:
    """ELF's e_machine, at offset 18, is 183 for ARM's 64 bits."""
    libraries = [file for file in built.folder.rglob("*.so*") if file.is_file()]
    assert len(libraries) > 10
    for library in libraries:
        head = library.read_bytes()[:20]
        assert head[:4] == b"\x7fELF", library.name
        assert int.from_bytes(head[18:20], "little") == 183, library.name


@pytest.mark.skipif(
    "{}.{}".format(*sys.version_info[:2]) != layer.PYTHON, reason="byte code wants Lambda's Python"
)
def test_every_module_has_byte_code_that_needs_no_check(built: layer.Layer) -> None:
    """Flags 1 in a .pyc's head: found by hash, and never compared with its source (PEP 552)."""
    python = built.folder / "python"
    for module in ("automoney/wiring/core", "httpx/_client", "langgraph/graph/state"):
        folder, name = (python / module).parent, Path(module).name
        (code,) = (folder / "__pycache__").glob(f"{name}.*.pyc")
        assert int.from_bytes(code.read_bytes()[4:8], "little") == 1, module


def test_a_second_build_fetches_nothing(
    built: layer.Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "_run", lambda command: pytest.fail("fetched again"))
    assert build_layer(ROOT, ROOT / "build") == built


def checkout(folder: Path, requirements: str) -> Path:
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "layer.txt").write_text(requirements)
    package = folder / "shared" / "automoney"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__pycache__" / "old.pyc").touch()
    return folder


def test_changed_requirements_are_fetched_again_and_own_code_is_always_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(command: list[str]) -> None:
        python = tmp_path / "build" / "layer.new" / "python"
        for name in ("boto3", "wheel/tests", "bin"):
            (python / name).mkdir(parents=True)
        (python / "wheel" / "code.py").write_text("x = 1\n")
        fetched.append((root / "requirements" / "layer.txt").read_text())

    monkeypatch.setattr(layer, "_run", fetch)
    monkeypatch.setattr(layer, "PYTHON", "2.7")  # no byte code, so that sizes are those of the text
    root = checkout(tmp_path / "checkout", "one")
    first = build_layer(root, tmp_path / "build")
    python = first.folder / "python"
    assert sorted(path.name for path in python.iterdir()) == ["automoney", "wheel"]
    assert [path.name for path in (python / "wheel").iterdir()] == ["code.py"]
    assert first.size == len("x = 1\n")

    (root / "shared" / "automoney" / "new.py").write_text("y = 2\n")
    assert build_layer(root, tmp_path / "build").size == len("x = 1\ny = 2\n")
    assert fetched == ["one"]

    (root / "requirements" / "layer.txt").write_text("two")
    build_layer(root, tmp_path / "build")
    assert fetched == ["one", "two"]


def test_a_failed_fetch_says_why_and_leaves_no_half_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such wheel')"]
    monkeypatch.setattr(layer, "install_command", lambda *_, **__: failing)
    with pytest.raises(LayerNotBuilt, match="no such wheel"):
        build_layer(checkout(tmp_path / "checkout", "one"), tmp_path / "build")
    assert not (tmp_path / "build" / "layer").exists()


def test_our_own_package_is_copied_without_byte_code(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout", "")
    copy_shared(root, tmp_path / "layer")
    copied = tmp_path / "layer" / "python" / "automoney"
    assert [path.name for path in copied.iterdir()] == ["__init__.py"]


def test_uv_goes_before_pip_and_a_shim_that_fails_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tool(name: str, status: int) -> str:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\nexit {status}\n")
        file.chmod(0o755)
        return str(file)

    def command() -> list[str]:
        return install_command(Path("layer.txt"), Path("target"), extra=tmp_path / "extra")

    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setattr(layer, "_PYTHONS", (sys.executable, "python3"))
    tool("path/pip", 1)
    with pytest.raises(LayerNotBuilt, match="uv or pip"):
        command()
    tool("path/pip", 0)
    assert command()[:2] == ["pip", "install"]
    tool("path/uv", 1)
    assert command()[0] == "pip"
    fetched = tool("extra/uv", 0)
    assert command()[:3] == [fetched, "pip", "install"]
    beside = tool("venv/uv", 0)
    assert command()[:3] == [beside, "pip", "install"]
    assert "--require-hashes" in command()
    assert "--only-binary=:all:" in command()
    platform = command()[command().index("--python-platform") + 1]
    assert platform.startswith("aarch64-")
