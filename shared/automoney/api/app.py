"""The FastAPI application: routes, one answer for every error, headers, CORS."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.cors import CORSMiddleware

from automoney.api import (
    backtests,
    chat,
    events,
    export,
    health,
    history,
    kill_switch,
    looks,
    market,
    pauses,
    portfolio,
    problems,
    scores,
    strategies,
    usage,
    why,
)
from automoney.api.access import Caller
from automoney.api.edge import Guard, SecurityHeaders
from automoney.api.replies import Reply
from automoney.api.services import Services

_DESCRIPTION = """
Read what was collected, judged, decided and traded, and follow a strategy with paper money.
Decimals are strings and times end in `Z`; every error is a problem detail (RFC 9457).
"""
_ROOMS = (
    health,
    scores,
    market,
    history,
    export,
    portfolio,
    strategies,
    looks,
    why,
    pauses,
    kill_switch,
    usage,
    backtests,
    chat,
    events,
)
_documents = APIRouter(prefix="/api")


def create_app(services: Services) -> FastAPI:
    """The API over `services`.  Holds no state of its own, so one may serve many threads."""
    app = FastAPI(
        title="AutoMoney",
        version="1",
        description=_DESCRIPTION,
        # FastAPI's own pages load scripts from elsewhere, and its schema route asks for no token.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    problems.install(app)
    for room in _ROOMS:
        app.include_router(room.router, prefix="/api")
    app.include_router(_documents)
    # The last one added is the outermost.
    app.add_middleware(Guard)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=services.settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
        expose_headers=[
            *("Content-Disposition", "ETag", "Idempotent-Replayed", "Link", "Location"),
            "Retry-After",
        ],
    )
    app.add_middleware(SecurityHeaders)
    return app


@_documents.get("/openapi.json", include_in_schema=False)
async def schema(request: Request, _: Caller) -> Reply:
    """This API's description."""
    app: FastAPI = request.app
    described: dict[str, Any] = app.openapi()
    return Reply(described)
