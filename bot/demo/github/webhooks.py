"""What happened, told to the Apps: signed, in order, by one task per hook, and logged.

`emit` freezes the payload at once and returns; nobody waits for a receiver. A failed delivery is recorded and never
repeated by itself: only `redeliver` sends it again, under the same GUID.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
import uuid

import aiohttp

from . import shapes
from .records import Actor, App, Delivery, Hook, Installation, Json, Repository
from .world import World

TIMEOUT_SECONDS = 10.0
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


class Webhooks:
    """The delivery log and the senders. `paused` holds deliveries back until `resume`."""

    def __init__(self) -> None:
        self.log: list[Delivery] = []
        self._queues: dict[int, asyncio.Queue[Delivery]] = {}
        self._senders: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._open = asyncio.Event()
        self._open.set()

    def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        for hook_id in self._queues:
            self._start_sender(hook_id)

    async def stop(self) -> None:
        for sender in self._senders.values():
            sender.cancel()
        for sender in self._senders.values():
            with contextlib.suppress(asyncio.CancelledError):
                await sender
        self._senders.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def pause(self) -> None:
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    async def delivered(self) -> None:
        """Return once every delivery emitted so far was attempted."""
        for queue in self._queues.values():
            await queue.join()

    def emit(
        self,
        world: World,
        repository: Repository,
        event: str,
        action: str | None,
        actor: Actor,
        payload: Json,
        only: App | None = None,
    ) -> None:
        """Tell every App that is installed there and subscribed to the event; with `only` no other than this one."""
        for installation in list(world.installations.values()):
            if repository not in installation.repositories or event not in installation.app.events:
                continue
            if installation.suspended_at or only not in {None, installation.app}:
                continue
            body: Json = {"action": action} if action else {}
            body |= payload
            body |= {"repository": shapes.repository(world, repository)}
            if repository.owner.type == "Organization":
                body["organization"] = shapes.organization(world, repository.owner)
            if actor.account:
                body["sender"] = shapes.user(world, actor.account)
            body["installation"] = {"id": installation.id, "node_id": shapes.installation_node(installation)}
            self._queue(world, installation, event, action, repository.id, body)

    def installation(self, world: World, action: str, installation: Installation, actor: Actor) -> None:
        body: Json = {
            "action": action,
            "installation": shapes.installation(world, installation),
            "repositories": [shapes.repository_stub(each) for each in installation.repositories],
            "requester": None,
            "sender": shapes.user(world, actor.account or installation.account),
        }
        self._queue(world, installation, "installation", action, None, body)

    def installation_repositories(
        self,
        world: World,
        installation: Installation,
        added: list[Repository],
        removed: list[Repository],
        actor: Actor,
    ) -> None:
        body: Json = {
            "action": "added" if added else "removed",
            "installation": shapes.installation(world, installation),
            "repository_selection": "selected",
            "repositories_added": [shapes.repository_stub(each) for each in added],
            "repositories_removed": [shapes.repository_stub(each) for each in removed],
            "requester": None,
            "sender": shapes.user(world, actor.account or installation.account),
        }
        self._queue(world, installation, "installation_repositories", body["action"], None, body)

    def redeliver(self, world: World, delivery: Delivery) -> Delivery:
        """Queue the same bytes again as a new attempt with the same GUID."""
        again = Delivery(
            world.next_id("D")[0],
            delivery.guid,
            delivery.hook,
            delivery.event,
            delivery.action,
            delivery.installation_id,
            delivery.repository_id,
            delivery.headers,
            delivery.body,
            world.now(),
            redelivery=True,
        )
        self._send_later(again)
        return again

    def _queue(
        self,
        world: World,
        installation: Installation,
        event: str,
        action: str | None,
        repository_id: int | None,
        body: Json,
    ) -> None:
        hook = installation.app.hook
        if not hook.url:
            return
        number, _ = world.next_id("D")
        guid = str(uuid.uuid5(_NAMESPACE, f"delivery {number}"))
        content = json.dumps(body, separators=(",", ":")).encode()
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{hook.id:07x}",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(installation.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        self._send_later(
            Delivery(number, guid, hook, event, action, installation.id, repository_id, headers, content, world.now())
        )

    def _send_later(self, delivery: Delivery) -> None:
        self.log.append(delivery)
        queue = self._queues.get(delivery.hook.id)
        if queue is None:
            queue = self._queues[delivery.hook.id] = asyncio.Queue()
        if self._session is not None and delivery.hook.id not in self._senders:
            self._start_sender(delivery.hook.id)
        queue.put_nowait(delivery)

    def _start_sender(self, hook_id: int) -> None:
        self._senders[hook_id] = asyncio.create_task(self._send_in_order(self._queues[hook_id]))

    async def _send_in_order(self, queue: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await queue.get()
            await self._open.wait()
            try:
                await self._attempt(delivery)
            finally:
                queue.task_done()

    async def _attempt(self, delivery: Delivery) -> None:
        assert self._session is not None  # noqa: S101 (senders run only while started)
        headers = delivery.headers | signatures(delivery.hook, delivery.body)
        began = time.monotonic()
        try:
            async with self._session.post(delivery.hook.url, data=delivery.body, headers=headers) as answer:
                delivery.response_body = (await answer.read()).decode(errors="replace")[:65_535]
                delivery.response_headers = dict(answer.headers)
                delivery.status_code = answer.status
                delivery.status = "OK" if answer.ok else f"Invalid HTTP Response: {answer.status}"
        except TimeoutError:
            delivery.status_code, delivery.status = 504, "timed out"
        except (aiohttp.ClientError, OSError, ValueError):
            delivery.status_code, delivery.status = 502, "failed to connect to host"
        delivery.duration = round(time.monotonic() - began, 2)


def signatures(hook: Hook, body: bytes) -> dict[str, str]:
    """The signature headers of a body; none where the hook has no secret. Computed when sent, so that a redelivery
    after the secret was changed is signed with the new one."""
    if not hook.secret:
        return {}
    key = hook.secret.encode()
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
