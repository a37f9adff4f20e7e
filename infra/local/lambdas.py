"""Lambda played on one machine: the real handlers, in worker threads, on their time limit.

A function that runs over its limit is answered for as Lambda would, and its worker is left behind
and replaced: a thread can't be stopped from outside.
"""

import asyncio
import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from automoney import wiring
from automoney.manifest import Consume, Cron, Function
from infra.local.gateway import FunctionError, FunctionTimeout

_CONCURRENT = 4  # workers of a function that answers people


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda tells a handler about its invocation."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    invoked_function_arn: str
    function_version: str
    log_group_name: str
    log_stream_name: str
    deadline: float  # time.monotonic() at which the time limit is reached

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - time.monotonic()) * 1000))


class Lambdas:
    """Invokes functions of the manifest by name."""

    def __init__(self, functions: Iterable[Function], *, region: str) -> None:
        self._functions = {function.name: function for function in functions}
        self._region = region
        self._workers: dict[str, ThreadPoolExecutor] = {}
        self._handlers: dict[str, Callable[[Any, Any], Any]] = {}

    def load(self) -> None:
        """Import every handler now, so that no first event waits for it."""
        for name in self._functions:
            self._handler(name)

    async def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Run the function on `event`; raise FunctionError or FunctionTimeout as it fails."""
        function = self._functions[name]
        context = self._context(function)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._worker(function), self._call, name, event, context)
        try:
            async with asyncio.timeout(function.timeout):
                return await asyncio.shield(work)
        except TimeoutError:
            self._workers.pop(name).shutdown(wait=False)
            raise FunctionTimeout(name, f"timed out after {function.timeout} s") from None

    def _call(self, name: str, event: Mapping[str, Any], context: Context) -> Any:
        try:
            return self._handler(name)(event, context)
        except Exception as error:  # Lambda answers for whatever a handler raises
            raise FunctionError(name, f"{type(error).__name__}: {error}") from error

    def _handler(self, name: str) -> Callable[[Any, Any], Any]:
        if name not in self._handlers:
            module = importlib.import_module(f"functions.{name}.handler")
            self._handlers[name] = module.handler
        return self._handlers[name]

    def _worker(self, function: Function) -> ThreadPoolExecutor:
        if function.name not in self._workers:
            alone = all(isinstance(trigger, Cron | Consume) for trigger in function.triggers)
            self._workers[function.name] = ThreadPoolExecutor(
                1 if alone else _CONCURRENT, thread_name_prefix=function.name
            )
        return self._workers[function.name]

    def _context(self, function: Function) -> Context:
        name = f"automoney-{function.name}"
        return Context(
            name,
            function.memory,
            str(uuid4()),
            f"arn:aws:lambda:{self._region}:000000000000:function:{name}",
            "$LATEST",
            f"/aws/lambda/{name}",
            "local",
            time.monotonic() + function.timeout,
        )

    def close(self) -> None:
        """Let running invocations end, and each worker close what is its own."""
        for worker in self._workers.values():
            worker.submit(wiring.leave)
            worker.shutdown(wait=True)
        self._workers.clear()
