"""The inbox: deliveries that arrive together are stored by one transaction, and one bell is rung for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from adapters.store import Store, deliveries
from core.doorbell import Doorbell
from core.runs import Delivery

GROUP_DELIVERIES = 256
GROUP_BYTES = 32 * 1024 * 1024
"""A group is closed when it has this much, so that no transaction lasts long."""

log = structlog.get_logger()


class _Group:
    """Deliveries that share a transaction, and the moment when it is over."""

    __slots__ = ("bytes", "deliveries", "over")

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.bytes = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def full(self) -> bool:
        return len(self.deliveries) >= GROUP_DELIVERIES or self.bytes >= GROUP_BYTES


class Inbox:
    """`put()` returns when the delivery is on disk.

    A delivery that finds nobody at work is written at once. Those that arrive during a commit form the next group, so
    the groups grow with the load and waiting is never longer than two commits.
    """

    def __init__(self, store: Store, doorbell: Doorbell, committed: Callable[[int, int], None]) -> None:
        """`committed(sent, new)` is told the size of each group, and how many of it were not known before."""
        self._store = store
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
        # The group outlives whoever waits for it: a client that goes away must not stop the others' commit.
        await asyncio.shield(group.over)

    async def close(self) -> None:
        """Wait until everything that was put is stored, and the last bell is rung."""
        if self._writer is not None:
            await self._writer
        if self._bells:
            await asyncio.wait(self._bells)

    async def _write(self) -> None:
        try:
            while self._waiting:
                group = self._waiting.pop(0)
                await _settle(group.over, self._commit(group.deliveries))
        finally:
            self._writer = None

    async def _commit(self, group: Sequence[Delivery]) -> None:
        async with self._store.begin() as db:
            new = await deliveries.insert(db, group)
        self._committed(len(group), new)
        # In the background: the answer to GitHub never waits for Redis.
        bell = asyncio.create_task(self._doorbell.ring_intake())
        self._bells.add(bell)
        bell.add_done_callback(self._bells.discard)


async def _settle(over: asyncio.Future[None], work: Awaitable[None]) -> None:
    """Do the work, and tell the outcome to everyone who waits; this task itself goes on to the next group."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  # the edge of a request, of many at once: each of them raises it
        over.set_exception(error)
        over.exception()  # it counts as seen, also where every client has gone away
    else:
        over.set_result(None)
