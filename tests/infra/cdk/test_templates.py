"""What others say about our templates: cfn-lint, cdk-nag, and whom a synthesis calls."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from automoney.manifest import FUNCTIONS
from infra.cdk import app
from infra.cdk.app import ROOT, NotSynthesised, read_context, synthesise
from infra.cdk.functions import Code
from infra.cdk.layer import Layer
from tests.infra.cdk.conftest import Synthesised


def test_cfn_lint_finds_nothing(plain: Synthesised, other: Synthesised) -> None:
    """W3005 apart: CDK writes some dependencies twice, which is its own business."""
    files = sorted(plain.out.glob("*.template.json"))
    assert len(files) == len(plain.templates) == 7
    files += [other.out / f"sandbox-{stack}.template.json" for stack in ("network", "storage")]
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    options = ["--ignore-checks", "W3005", "--regions", "eu-central-1", "--"]
    found = subprocess.run([lint, *options, *files], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


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


@pytest.fixture
def checkout(tmp_path: Path, layer: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As much of a checkout as a synthesis reads, whose layer is built already."""
    monkeypatch.setattr(app, "build_layer", lambda root, build: Layer(layer, 12_345_678))
    (tmp_path / "functions").symlink_to(ROOT / "functions")
    (tmp_path / "cdk.json").write_text((ROOT / "cdk.json").read_text())
    return tmp_path


def test_the_command_says_where_the_templates_are_and_how_much_is_in_each(
    checkout: Path, plain: Synthesised, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(checkout) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"templates are in {checkout / 'cdk.out'}"
    assert said[-1] == "the layer is 12 MB unzipped"
    counts = {
        f"automoney-{stack}.template.json: {len(template.to_json()['Resources'])} resources"
        for stack, template in plain.templates.items()
    }
    assert set(said[1:-1]) == counts
    assert len(list((checkout / "cdk.out").glob("*.template.json"))) == len(counts)


def test_a_wrong_setting_is_bad_input(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = {"context": {"automoney:scale": "huge"}}
    (checkout / "cdk.json").write_text(json.dumps(context))
    assert app.main(checkout) == 2
    assert "one of large, medium, small, xlarge" in capsys.readouterr().err
