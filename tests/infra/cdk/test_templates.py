"""What others say about our templates: cfn-lint, cdk-nag, and whom a synthesis calls."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from automoney.manifest import FUNCTIONS
from infra.cdk.app import ROOT, NotSynthesised, read_context, synthesise
from infra.cdk.functions import Code
from tests.infra.cdk.conftest import Synthesised


def test_cfn_lint_finds_nothing(plain: Synthesised, other: Synthesised) -> None:
    """W3005 apart: CDK writes some dependencies twice, which is its own business."""
    files = [str(file) for s in (plain, other) for file in sorted(s.out.glob("*.template.json"))]
    assert len(files) == 12
    lint = [
        sys.executable,
        "-m",
        "cfnlint",
        "--ignore-checks",
        "W3005",
        "--regions",
        "eu-central-1",
    ]
    found = subprocess.run([*lint, "--", *files], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_cdk_nag_finds_nothing_that_is_not_accepted_with_a_reason(plain: Synthesised) -> None:
    """It lists only those that fail; that it looks at all, the test after this one shows."""
    report = json.loads((plain.out / "validation-report.json").read_text())
    assert report["pluginReports"] == []


def test_a_finding_that_nobody_accepted_stops_the_synthesis(
    tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cdk.storage.accept", lambda construct, rule, reason: None)
    for row in FUNCTIONS:
        (tmp_path / row.name).mkdir()
        (tmp_path / row.name / "handler.py").touch()
    code = Code(functions=tmp_path, layer=layer)
    with pytest.raises(NotSynthesised, match="AwsSolutions-SMG4"):
        synthesise(read_context(ROOT / "cdk.json"), code=code, out=tmp_path / "out")


def test_nothing_about_the_maker_is_in_a_template(plain: Synthesised) -> None:
    """No version report to AWS, and no path of the machine that synthesised."""
    for file in plain.out.glob("*.template.json"):
        text = file.read_text()
        assert "AWS::CDK::Metadata" not in text
        assert "aws:cdk:path" not in text
        assert str(ROOT) not in text
