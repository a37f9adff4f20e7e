"""`python -m infra.cdk.app` writes every stack's template to `cdk.out/`, without the CDK CLI.

The CDK CLI calls the same through `cdk.json` and then deploys what it finds there.  Nothing here
asks AWS or anybody else for anything, save the package index for the layer's wheels.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aws_cdk import App, Tags, Validations
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks

from automoney.errors import InvalidInput
from automoney.manifest import FUNCTIONS, Function
from infra.cdk.alarms import AlarmsStack
from infra.cdk.functions import Below, Code, FunctionsStack
from infra.cdk.installation import Installation
from infra.cdk.layer import LayerNotBuilt, build_layer
from infra.cdk.network import NetworkStack
from infra.cdk.page import PageStack
from infra.cdk.rest import RestStack
from infra.cdk.storage import StorageStack
from infra.cdk.websocket import WebsocketStack

ROOT = Path(__file__).resolve().parents[2]


class NotSynthesised(Exception):
    """CDK or cdk-nag refused; the message lists why."""


def read_context(file: Path) -> dict[str, Any]:
    """The context in `cdk.json`; what the CDK CLI was given with `-c` goes before it."""
    context = json.loads(file.read_text())["context"]
    if not isinstance(context, dict):
        raise InvalidInput(str(file.name), context, "an object under `context`")
    return context


def synthesise(
    context: dict[str, Any], *, code: Code, out: Path, rows: Sequence[Function] = FUNCTIONS
) -> CloudAssembly:
    """Write the templates of one installation of `rows` to `out`.

    Raises InvalidInput for a setting that is wrong or a row without handler, and NotSynthesised
    if CDK objects or cdk-nag finds what nobody has accepted with a reason.
    """
    app = App(outdir=str(out), context=context, analytics_reporting=False)
    installation = Installation.parse(app.node.try_get_context)
    name = installation.name
    network = NetworkStack(app, f"{name}-network", installation=installation)
    storage = StorageStack(
        app, f"{name}-storage", installation=installation, network=network, rows=rows
    )
    websocket = WebsocketStack(app, f"{name}-websocket", installation=installation)
    rest = RestStack(app, f"{name}-rest", installation=installation)
    functions = FunctionsStack(
        app,
        f"{name}-functions",
        installation=installation,
        below=Below(network, storage, websocket, rest),
        rows=rows,
        code=code,
    )
    PageStack(app, f"{name}-page", installation=installation, rest=rest, files=ROOT / "dashboard")
    AlarmsStack(app, f"{name}-alarms", rows=rows, functions=functions, storage=storage)
    Tags.of(app).add("application", name)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        return app.synth()
    except RuntimeError as error:  # all that the other side of the bridge to Node can raise
        raise NotSynthesised(str(error)) from error


def main(root: Path = ROOT) -> int:
    """Build the layer, synthesise, and say what is where.  0 done, 1 failed, 2 bad input."""
    try:
        layer = build_layer(root, root / "build")
        code = Code(functions=root / "functions", layer=layer.folder)
        assembly = synthesise(read_context(root / "cdk.json"), code=code, out=root / "cdk.out")
    except InvalidInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (LayerNotBuilt, NotSynthesised) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    lines = [f"templates are in {assembly.directory}"]
    for stack in assembly.stacks:
        count = len(stack.template["Resources"])
        lines.append(f"{stack.template_file}: {count} resources")
    lines.append(f"the layer is {layer.size / 1e6:.0f} MB unzipped")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
