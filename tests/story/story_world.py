"""The whole service against the stand-in, in one process: real HTTP, git, database and sandbox, and no Redis.

A test says what a person does and what they see. `settle()` plays the doorbell and the clock: it lets every delivery
arrive, routes what is pending, and looks at every run that is due, until nothing moves any more.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import make_url

from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import deliveries, effects, events, open_store, runs
from bot.demo.github.people import Person
from bot.demo.github.records import Comment, Pull
from bot.demo.model import Script
from bot.demo.town import Town, open_town
from bot.web.app import make_app
from core.runs import Event, Run
from jobs import engine
from jobs.intake import drain
from jobs.services import Services, open_services

SAMPLE = Path(__file__).parents[2] / "bot" / "demo" / "sample"
LABEL = "pullwright:implement"


class LeapingClock:
    """The time of day, and of GitHub's and ours alike: a test leaps ahead instead of waiting."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def leap(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass
class World:
    town: Town
    services: Services
    clock: LeapingClock
    _opened: AsyncExitStack

    async def another_worker(self, *, environ: Mapping[str, str] | None = None) -> None:
        """Drop everything a job works with, as a death does, and let another worker come on the same database.

        `environ` is what the operator changed in the settings meanwhile.
        """
        await self._opened.aclose()
        self.services = await _serve(self._opened, {**self.town.environ, **(environ or {})}, self.clock)

    @property
    def requester(self) -> Person:
        return self.town.requester

    @property
    def approver(self) -> Person:
        return self.town.approver

    async def ask(self, body: str | None = None, *, by: str = "rosa") -> int:
        """An issue with the bot's label, opened by somebody; its number. Nothing has settled yet."""
        title, text = (SAMPLE / "issue.md").read_text().split("\n", 1)
        person = self.town.person(by)
        issue = await person.open_issue(title.removeprefix("# "), body if body is not None else text.strip())
        await person.label(issue.number, LABEL)
        return issue.number

    async def settle(self) -> None:
        """Let everything happen that can happen without a person."""
        draining = asyncio.Event()
        for _ in range(50):
            await self.town.github.webhooks.delivered()
            await drain(self.services)
            await self.town.github.webhooks.delivered()
            async with self.services.store.begin() as db:
                now = self.services.clock.now()
                pending = await deliveries.pending(db, now, 1)
                due = await runs.due(db, now, 50)
                for run_id in due:
                    await runs.wake(db, run_id, now)
                loose = await effects.pending_loose(db, now, 1)
            if not (pending or due or loose):
                return
            for run_id in due:
                await engine.look(self.services, run_id, draining)
        raise AssertionError("the world does not come to rest")

    async def settle_in_time(self, rounds: int = 12, seconds: float = 61) -> None:
        """`settle()`, and let as much time pass, a minute or so at once, as it takes for what was put off."""
        for _ in range(rounds):
            await self.settle()
            self.clock.leap(seconds)
            async with self.services.store.read() as db:
                now = self.services.clock.now()
                if not (
                    await deliveries.pending(db, now, 1)
                    or await runs.due(db, now, 1)
                    or await effects.unsettled_loose(db)
                ):
                    return
        raise AssertionError("the world does not come to rest in time")

    async def run(self) -> Run:
        """The newest run."""
        async with self.services.store.read() as db:
            return (await runs.recent(db, 1))[0]

    async def journal(self) -> list[Event]:
        run = await self.run()
        async with self.services.store.read() as db:
            return await events.of_run(db, run.id)

    def replies(self, number: int | None = None) -> list[str]:
        """What the bot has said, oldest first, without its hidden markers."""
        found = self.town.github.world.comments_by(self.town.repository, "pullwright[bot]", number)
        return [comment.body.split("\n\n<!-- pullwright")[0] for comment in found]

    def comments(self, number: int | None = None) -> list[Comment]:
        return self.town.github.world.comments_by(self.town.repository, "pullwright[bot]", number)

    async def digest(self) -> str:
        """The digest that the run waits for an approval of, as people see it."""
        run = await self.run()
        assert run.waiting is not None, f"the run is {run.state}: {run.ended_why}"
        assert run.waiting.digest is not None
        return run.waiting.digest[:12]

    @property
    def pull(self) -> Pull:
        (issue,) = self.town.github.world.pulls(self.town.repository)
        assert issue.pull is not None
        return issue.pull

    @property
    def pull_number(self) -> int:
        (issue,) = self.town.github.world.pulls(self.town.repository)
        return issue.number

    def checks(self) -> dict[str, str | None]:
        """The conclusion of every check run, by name."""
        found = self.town.github.world.check_runs(self.town.repository)
        return {check.name: check.conclusion for check in found}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    script: str | None = None,
    source: Path | None = None,
    settings: Mapping[str, str] | None = None,
    limited: bool = False,
    **town: Any,
) -> AsyncIterator[World]:
    """A world with the sample repository and its script, unless told otherwise.

    Only a `limited` one counts requests as GitHub does: here everything happens within the same second.
    """
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))  # held until it is served: another test could take a port that was only tried
    port = int(listening.getsockname()[1])
    text = script if script is not None else (SAMPLE / "script.yml").read_text()
    async with AsyncExitStack() as stack:
        stack.callback(listening.close)
        place = await stack.enter_async_context(
            open_town(
                folder,
                source or SAMPLE / "repository",
                webhook_port=port,
                script=Script.parse(text),
                settings=settings,
                key=_key(),
                **town,
            )
        )
        if not limited:
            place.github.world.hourly_limit = 0
        clock = LeapingClock()
        place.github.world.now = clock.now
        loaded = load(place.environ)
        opened = await stack.enter_async_context(AsyncExitStack())
        await _begin_migrated(loaded.database_url)
        services = await _serve(opened, place.environ, clock)
        await services.store.migrate()
        store = await stack.enter_async_context(open_store(loaded.database_url))
        runner = web.AppRunner(make_app(loaded, store, SilentDoorbell(), clock))
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        yield World(place, services, clock, opened)


_migrated: list[bytes] = []


async def _begin_migrated(url: str) -> None:
    """Let a new SQLite database begin as what migrating one came to: that takes a while, and is the same each time.

    Migrating it then finds nothing to do. What migrations themselves do is told by tests of the store.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None or Path(parsed.database).exists():
        return
    if not _migrated:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "migrated.db"
            async with open_store(f"sqlite:///{file}") as store:
                await store.migrate()
            _migrated.append(file.read_bytes())
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    Path(parsed.database).write_bytes(_migrated[0])


@cache
def _key() -> rsa.RSAPrivateKey:
    """The App's key in every world of this process: the demo makes a new one each time, and that takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def _serve(opened: AsyncExitStack, environ: Mapping[str, str], clock: LeapingClock) -> Services:
    services = await opened.enter_async_context(open_services(load(environ), clock))
    return replace(services, doorbell=SilentDoorbell())
