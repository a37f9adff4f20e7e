"""SQS event sources played on one machine: messages go to their function, in batches.

A message is deleted when its function succeeded and did not name it as failed; otherwise it comes
back after the queue's visibility timeout, and after five deliveries lands in the dead-letter queue.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
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
        self._polling = {queue: asyncio.Lock() for queue in urls}
        self._behind: set[asyncio.Task[Any]] = set()
        self.failures: list[str] = []

    async def drain(self, queue: Queue) -> None:
        """Hand over all that waits in `queue`; what its function queues in turn follows behind.

        What fails is noted in `failures`, for whoever looks.
        """
        function, trigger = self._consumers[queue]
        batch = min(trigger.batch, _MOST)
        async with self._polling[queue]:
            while messages := await self._receive(queue, batch):
                await self._deliver(function.name, queue, messages)
                for following in function.sends:
                    self.follow(following)
                if len(messages) < batch:
                    break  # that was all; a straggler is found by the next look

    def follow(self, queue: Queue) -> None:
        """`drain`, but behind the caller's back."""
        self._follow(self.drain(queue))

    async def settled(self) -> None:
        """Wait until nothing is behind any more."""
        while self._behind:
            await asyncio.gather(*self._behind)

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

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

    async def _deliver(self, function: str, queue: Queue, messages: list[dict[str, Any]]) -> None:
        event = events.queued(messages, self._urls[queue], region=self._region)
        try:
            answer = await self._invoke(function, event)
        except (FunctionError, FunctionTimeout) as error:
            self.failures.append(f"{function}: {error}")
            return
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", ())}
        self.failures += (
            f"{function}: message {one} will be delivered again" for one in sorted(failed)
        )
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            # Meanwhile they are invisible, so nobody else gets them.
            self._follow(self._delete(queue, done))

    async def _delete(self, queue: Queue, messages: list[dict[str, Any]]) -> None:
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
        ]
        await asyncio.to_thread(
            self._client.delete_message_batch, QueueUrl=self._urls[queue], Entries=entries
        )
