"""Two installations, each synthesised once: as `cdk.json` says, and the other way round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from automoney.manifest import FUNCTIONS, Consume, Cron, Function, Queue
from automoney.schedule import Schedule
from infra.cdk.app import ROOT, read_context, synthesise
from infra.cdk.functions import Code
from infra.cdk.layer import copy_shared

ADDED = Function(
    "count_sheep",
    "a row that the manifest does not have",
    (
        Cron(Schedule("15 6 * * 1"), "weekly", (("flock", "white"),)),
        Consume(Queue.EVENTS, batch=3),
    ),
    timeout=77,
    memory=1234,
)


@dataclass(frozen=True)
class Synthesised:
    """What was written to `out`: templates by the last word of their stack's name."""

    out: Path
    templates: Mapping[str, Template]
    rows: tuple[Function, ...]

    def resources(self, stack: str, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id of all resources of a kind, such as `AWS::SQS::Queue`."""
        found = self.templates[stack].find_resources(kind)
        return {id: dict(resource.get("Properties", {})) for id, resource in found.items()}

    def everything(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """(stack, logical id, whole resource) of all that there is."""
        for stack, template in self.templates.items():
            for id, resource in template.to_json()["Resources"].items():
                yield stack, id, resource

    def functions(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """(logical id, properties) of the rows' Lambdas by row name."""
        found = self.resources("functions", "AWS::Lambda::Function")
        named = {
            str(properties["FunctionName"]).split("-", 1)[1]: (id, properties)
            for id, properties in found.items()
            if "FunctionName" in properties
        }
        assert len(named) == len(self.rows)
        return named


def _synthesise(
    folder: Path, context: dict[str, Any], code: Code, rows: tuple[Function, ...]
) -> Synthesised:
    assembly = synthesise(context, code=code, out=folder / "cdk.out", rows=rows)
    templates = {
        stack.stack_name.rsplit("-", 1)[1]: Template.from_json(stack.template)
        for stack in assembly.stacks
    }
    return Synthesised(folder / "cdk.out", templates, rows)


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer of our own package alone: what it imports does not change a template."""
    folder = tmp_path_factory.mktemp("layer")
    copy_shared(ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, layer: Path) -> Synthesised:
    """The real manifest, handlers and settings."""
    folder = tmp_path_factory.mktemp("plain")
    code = Code(functions=ROOT / "functions", layer=layer)
    return _synthesise(folder, read_context(ROOT / "cdk.json"), code, FUNCTIONS)


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory, layer: Path) -> Synthesised:
    """A large, throw-away installation with gateways, addresses, and a row more."""
    folder = tmp_path_factory.mktemp("other")
    rows = (*FUNCTIONS, ADDED)
    for row in rows:
        (folder / "functions" / row.name).mkdir(parents=True)
        (folder / "functions" / row.name / "handler.py").write_text("def handler(e, c): ...\n")
    context = read_context(ROOT / "cdk.json") | {
        "automoney:name": "sandbox",
        "automoney:scale": "large",
        "automoney:nat": "gateway",
        "automoney:protect": "false",
        "automoney:alarmEmail": "ops@example.com",
        "automoney:pagerUrl": "https://pager.example.com/hook",
        "automoney:allowedOrigins": "https://app.example.com, https://beta.example.com",
        "automoney:jwtIssuer": "https://login.example.com",
        "automoney:models": "bedrock,openai,rules",
        "automoney:bedrockModel": "eu.amazon.nova-lite-v1:0",
        "automoney:modelCapDay": "5",
    }
    return _synthesise(folder, context, Code(folder / "functions", layer), rows)
