"""The application behind API Gateway: Mangum, with an event loop of its own for each call."""

import asyncio
from typing import Any

from fastapi import FastAPI
from mangum import Mangum

from automoney.api.problems import PROBLEM_JSON

_TEXT = ["application/json", PROBLEM_JSON, "text/"]


def answer(app: FastAPI, event: Any, context: Any) -> dict[str, Any]:
    """Answer an HTTP API event (payload format 2.0), in whichever thread this is called.

    Mangum runs the application on whatever loop the thread has, and only main threads have one
    by themselves.  A loop of its own costs a call about 0.1 ms and leaves nothing behind, neither
    for the next thread nor for the garbage collector to complain of.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return Mangum(app, lifespan="off", text_mime_types=_TEXT)(event, context)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
