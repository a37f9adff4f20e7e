"""SQS event sources played on one machine: messages go to their function, in batches.

A message is deleted when its function succeeded and did not name it as failed; otherwise it comes
back after the queue's visibility timeout, and after five deliveries lands in the dead-letter queue.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from automoney.manifest import FUNCTIONS, Consume, Queue
from infra.local import events
from infra.local.gateway import FunctionError, FunctionTimeout

_MOST = 10  # messages that SQS gives at once

Invoke = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


class Queues:
    """Hands waiting messages of `urls` to the functions that consume them."""

    def __init__(
        self, client: Any, urls: Mapping[Queue, str], invoke: Invoke, *, region: str
    ) -> None:
        self._client = client
        self._urls = urls
        self._invoke = invoke
        self._region = region
        self._consumers = {
            trigger.queue: (function, trigger)
            for function in FUNCTIONS
            for trigger in function.triggers
            if isinstance(trigger, Consume)
        }
        self._draining = asyncio.Lock()

    async def drain(self, queues: tuple[Queue, ...]) -> list[str]:
        """Hand over all that waits in `queues`, and in those that this fills; what failed."""
        failures: list[str] = []
        async with self._draining:
            waiting = list(queues)
            while waiting:
                queue = waiting.pop(0)
                function, trigger = self._consumers[queue]
                batch = min(trigger.batch, _MOST)
                while messages := await self._receive(queue, batch):
                    failures += await self._deliver(function.name, queue, messages)
                    waiting += (one for one in function.sends if one not in waiting)
                    if len(messages) < batch:
                        break  # that was all; a straggler is found by the next look
        return failures

    async def _receive(self, queue: Queue, batch: int) -> list[dict[str, Any]]:
        answer = await asyncio.to_thread(
            self._client.receive_message,
            QueueUrl=self._urls[queue],
            MaxNumberOfMessages=batch,
            MessageSystemAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    async def _deliver(
        self, function: str, queue: Queue, messages: list[dict[str, Any]]
    ) -> list[str]:
        url = self._urls[queue]
        try:
            answer = await self._invoke(function, events.queued(messages, url, region=self._region))
        except (FunctionError, FunctionTimeout) as error:
            return [f"{function}: {error}"]
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", ())}
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
            if message["MessageId"] not in failed
        ]
        if entries:
            await asyncio.to_thread(
                self._client.delete_message_batch, QueueUrl=url, Entries=entries
            )
        return [f"{function}: message {one} will be delivered again" for one in sorted(failed)]
