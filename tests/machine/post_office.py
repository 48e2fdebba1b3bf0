"""The network between GitHub's hooks and the service: it holds deliveries back, shuffles, repeats and loses them.

GitHub is told 202 for a delivery that is held back (it is only late) and 502 for one that is lost. `accepted` is what
the service itself answered 202 to: what it must never lose.
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

GUID = "X-GitHub-Delivery"
CARRIED = (GUID, "Content-Type", "X-GitHub-Event", "X-GitHub-Hook-ID", "X-Hub-Signature-256")


@dataclass(frozen=True)
class Letter:
    """One delivery on its way, signed by whoever sent it."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def guid(self) -> str:
        return self.headers[GUID]


@dataclass
class PostOffice:
    target: str
    holding: bool = False
    losing: int = 0
    """How many of the next letters are lost."""
    held: list[Letter] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """GUIDs of lost letters that GitHub was not yet asked to send again."""
    sent: list[Letter] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    async def deliver(self, letter: Letter) -> int:
        """Hand it to the service now; the status of its answer."""
        assert self._session is not None
        async with self._session.post(self.target, data=letter.body, headers=letter.headers) as answer:
            self.sent.append(letter)
            if answer.status == 202:
                self.accepted.add(letter.guid)
            return answer.status

    async def release(self, order: Sequence[int] = ()) -> None:
        """Deliver what was held back: first the letters at these places of the pile, then the others, newest first."""
        self.holding = False
        while self.held:
            place = order[0] % len(self.held) if order else -1
            order = order[1:]
            await self.deliver(self.held.pop(place))

    async def repeat(self, letter: Letter, *, anew: bool) -> None:
        """The same bytes again: under the same GUID, or `anew` under another, as a thief of the secret could."""
        headers = {**letter.headers, GUID: str(uuid.uuid4())} if anew else letter.headers
        assert await self.deliver(Letter(headers, letter.body)) == 202

    async def receive(self, request: web.Request) -> web.Response:
        letter = Letter({k: request.headers[k] for k in CARRIED if k in request.headers}, await request.read())
        if self.losing:
            self.losing -= 1
            self.lost.append(letter.guid)
            return web.Response(status=502)
        if self.holding:
            self.held.append(letter)
            return web.Response(status=202)
        return web.Response(status=await self.deliver(letter))


@asynccontextmanager
async def open_post_office(target: str) -> AsyncIterator[tuple[PostOffice, str]]:
    """A post office in front of `target`, and the address at which it takes letters."""
    office = PostOffice(target)
    application = web.Application(client_max_size=32 * 1024 * 1024)
    application.router.add_post("/", office.receive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    async with aiohttp.ClientSession() as office._session:
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield office, str(runner.addresses and f"http://127.0.0.1:{runner.addresses[0][1]}/")
        finally:
            await runner.cleanup()
