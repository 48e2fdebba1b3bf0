"""The inbox: deliveries that arrive together are stored by one transaction, and one bell is rung for all of them."""

import asyncio
from collections.abc import Callable, Sequence

from adapters.store.inbox import InboxWriter
from core.doorbell import Doorbell
from core.runs import Delivery

GROUP_DELIVERIES = 256
GROUP_BYTES = 32 * 1024 * 1024
"""A group is closed when it has this much, so that no transaction lasts long."""


class _Group:
    """Deliveries that share a transaction, and those who wait for its end.

    Each waits for a future of its own: a client that goes away cancels its own waiting, and nobody else's commit.
    """

    __slots__ = ("bytes", "deliveries", "waiting")

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.bytes = 0
        self.waiting: list[asyncio.Future[None]] = []

    @property
    def full(self) -> bool:
        return len(self.deliveries) >= GROUP_DELIVERIES or self.bytes >= GROUP_BYTES

    def settle(self, error: Exception | None) -> None:
        for one in self.waiting:
            if one.done():
                continue
            if error is None:
                one.set_result(None)
            else:
                one.set_exception(error)


class Inbox:
    """`put()` returns when the delivery is on disk.

    A delivery that finds nobody at work is written at once. Those that arrive during a commit form the next group, so
    the groups grow with the load and waiting is never longer than two commits.
    """

    def __init__(self, writer: InboxWriter, doorbell: Doorbell, committed: Callable[[int, int], None]) -> None:
        """`committed(sent, new)` is told the size of each group, and how many of it were not known before."""
        self._disk = writer
        self._doorbell = doorbell
        self._committed = committed
        self._waiting: list[_Group] = []
        self._writer: asyncio.Task[None] | None = None
        self._bells: set[asyncio.Task[bool]] = set()

    async def put(self, delivery: Delivery) -> None:
        """Store it. Raises StoreUnavailable where the database refuses: then nothing of the group was stored."""
        if not self._waiting or self._waiting[-1].full:
            self._waiting.append(_Group())
        group = self._waiting[-1]
        group.deliveries.append(delivery)
        group.bytes += len(delivery.body)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.waiting.append(over)
        await over

    async def close(self) -> None:
        """Wait until everything that was put is stored, and the last bell is rung."""
        if self._writer is not None:
            await self._writer
        if self._bells:
            await asyncio.wait(self._bells)
        await self._disk.close()

    async def _write(self) -> None:
        try:
            while self._waiting:
                group = self._waiting.pop(0)
                try:
                    await self._commit(group.deliveries)
                except Exception as error:  # noqa: BLE001  # the edge of a request, of many at once: each raises it
                    group.settle(error)
                else:
                    group.settle(None)
        finally:
            self._writer = None

    async def _commit(self, group: Sequence[Delivery]) -> None:
        self._committed(len(group), await self._disk.write(group))
        # In the background: the answer to GitHub never waits for Redis.
        bell = asyncio.create_task(self._doorbell.ring_intake())
        self._bells.add(bell)
        bell.add_done_callback(self._bells.discard)
