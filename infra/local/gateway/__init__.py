"""API Gateway played on one machine: HTTP API, WebSocket API and @connections.

`create_app` is what browsers and programs see; `create_management_app` is what the functions call
to push, on a port of its own.  Both share one `Hub` and must run in the same event loop.
"""

from infra.local.gateway.app import create_app
from infra.local.gateway.hub import Hub
from infra.local.gateway.invocation import FunctionError, FunctionTimeout, Invoke
from infra.local.gateway.limits import Limits
from infra.local.gateway.management import create_management_app

__all__ = [
    "FunctionError",
    "FunctionTimeout",
    "Hub",
    "Invoke",
    "Limits",
    "create_app",
    "create_management_app",
]
