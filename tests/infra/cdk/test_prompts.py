"""Templates are no modules, and have to be in the layer all the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.cdk.app import ROOT
from infra.cdk.layer import copy_shared

_READ = """
from automoney.agents import model_judge
from automoney.workflows.chat import conversation

for name in ("frame", *model_judge.EXPERTS):
    print(model_judge._prompt(name).version)
print(conversation._prompt().version)
"""


def test_templates_are_read_from_an_unpacked_layer(tmp_path: Path) -> None:
    copy_shared(ROOT, tmp_path / "layer")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "layer")
    shutil.unpack_archive(packed, tmp_path / "opt")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "opt" / "python")}

    done = subprocess.run(
        [sys.executable, "-c", _READ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )

    names = {line.rpartition("-")[0] for line in done.stdout.split()}
    assert names == {"frame", "macro", "onchain", "technical", "chat"}
