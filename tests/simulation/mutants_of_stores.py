"""Mistakes with leases, with the transaction of a part, and with batches of orders."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from automoney.messages import Numbered
from automoney.stores.leases import DynamoLeases
from automoney.stores.memory.outbox import MemoryOutbox
from automoney.workflows.execute_orders import Executed, OrderExecutor
from tests.simulation.leasing import LeaseTable
from tests.simulation.stores import Row, SimBooks, SimDesk, SimOutbox


class Deleting(DynamoLeases):
    def _free(self, name: str, owner: str, fence: int) -> None:
        DynamoLeases._free(self, name, owner, fence)
        self.client.delete_item(TableName=self.table, Key={"name": {"S": name}})


class _Rewritten:
    """A client that has a condition replaced on its way; `#none` is what no row has."""

    def __init__(self, client: Any, before: str, after: str) -> None:
        self.client, self.before, self.after = client, before, after

    def update_item(self, **words: Any) -> Any:
        condition, names = words["ConditionExpression"], words["ExpressionAttributeNames"]
        words["ConditionExpression"] = condition.replace(self.before, self.after)
        words["ExpressionAttributeNames"] = {**names, "#none": "none"}
        return self.client.update_item(**words)


def _rewriting(before: str, after: str) -> type[DynamoLeases]:
    class Rewriting(DynamoLeases):
        def __init__(self, client: Any, *others: Any) -> None:
            super().__init__(_Rewritten(client, before, after), *others)  # type: ignore[arg-type]

    return Rewriting


Freeing = _rewriting("#owner = :me AND #fence = :fence", "attribute_not_exists(#none)")
Eternal = _rewriting(
    "attribute_not_exists(#expires) OR #expires <= :now", "attribute_not_exists(#owner)"
)
Taking = _rewriting("attribute_not_exists(#expires)", "attribute_not_exists(#none)")


class Restarting(DynamoLeases):
    def _take(self, name: str, owner: str) -> int:
        row = cast("LeaseTable", self.client).rows.get(name, {})
        if "owner" in row and row["expires"] <= self.clock().timestamp() * 1000:
            row["fence"] = 0
        return DynamoLeases._take(self, name, owner)


class Unlocked(SimBooks):
    def lock(self, user_id: str) -> Row:
        return self.row(user_id)


class Skipping(SimBooks):
    """`FOR UPDATE SKIP LOCKED`: whoever is being served counts as served."""

    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[SimDesk | None]:
        if self.row(user_id).locked:
            yield None
            return
        with super().trading(user_id, execution_id) as desk:
            yield desk


class Blind(SimBooks):
    """What says that the order is done was read before the row was locked."""

    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[SimDesk | None]:
        done = self.tables.orders.get(execution_id, {}).get(user_id, True)
        self.world.point("books: order read")
        row = self.lock(user_id)
        try:
            user = self.tables.users[user_id]
            desk = None
            if not done:
                desk = SimDesk(self.tables, user, self.tables.runs[execution_id], row, self.world)
            yield desk
            self.world.point("books: commit")
            if desk is not None:
                self.tables.open_orders[desk.run.strategy_id].setdefault(
                    execution_id, desk.run.slot_at
                )
                desk.commit()
        finally:
            row.locked = False


class Early(SimBooks):
    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[SimDesk | None]:
        with super().trading(user_id, execution_id) as desk:
            if desk is None:
                yield None
                return
            self.tables.orders[execution_id][user_id] = True
            self.world.point("books: order done")
            yield desk
            waiting = self.tables.open_orders[desk.run.strategy_id]
            waiting.setdefault(execution_id, desk.run.slot_at)


class Late(SimBooks):
    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[SimDesk | None]:
        with super().trading(user_id, execution_id) as desk:
            yield desk
        if desk is not None:
            orders, strategy = self.tables.orders[execution_id], desk.run.strategy_id
            orders[user_id] = False
            self.tables.open_orders[strategy][execution_id] = desk.run.slot_at
            self.world.point("books: order to be done")
            self.tables.done(execution_id, strategy, user_id)


class Forgetful(SimBooks):
    @contextmanager
    def trading(self, user_id: str, execution_id: str) -> Iterator[SimDesk | None]:
        with super().trading(user_id, execution_id) as desk:
            yield desk
            kept = desk._recorded if desk is not None else None
            if desk is not None and kept is not None:
                desk._recorded = kept[0], (), kept[2]
        if desk is not None and kept is not None:
            desk.user.outbox += kept[1]
            row = self.row(user_id)
            row.numbers += range(row.last_seq + 1, row.last_seq + 1 + len(kept[1]))
            row.last_seq += len(kept[1])


class HastyOutbox(SimOutbox):
    @contextmanager
    def relaying(self, limit: int) -> Iterator[list[Numbered]]:
        with MemoryOutbox.relaying(self, limit) as found:
            waiting = list(found)
        self.world.point("outbox: marked")
        yield waiting


@dataclass(frozen=True, slots=True)
class Swallowing(OrderExecutor):
    async def execute_batches(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        await OrderExecutor.execute_batches(self, records)
        return []


@dataclass(frozen=True, slots=True)
class one_failed_user_is_enough(OrderExecutor):
    async def execute(self, execution_id: str, users: Sequence[str]) -> Executed:
        done = Executed()
        for user in users:
            with suppress(Exception):
                done = await OrderExecutor.execute(self, execution_id, [user])
        return done
