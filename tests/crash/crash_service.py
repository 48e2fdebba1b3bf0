"""The service as it really runs, one process a part, and people who do not notice that its processes are killed.

`story()` is the main job from an issue to the merge, in a repository of its own, so that many are told at once.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import mortal_part
import pytest
import yaml
from fate import Fate
from story_account import Account, account
from story_trust import QUICK
from story_world import LABEL, SAMPLE, free_port

from adapters.store import Store, StoreUnavailable, deliveries, effects, events, open_store, runs
from adapters.store.tables import DeliveryState
from bot.demo.github.records import Repository
from bot.demo.model import Script
from bot.demo.town import OWNER, Town, open_town
from bot.up import Service, supervise
from core.runs import Run
from core.states import TERMINAL

T = TypeVar("T")
SHORT_LEASE = {
    "PULLWRIGHT_LEASE_SECONDS": "4",
    "PULLWRIGHT_HEARTBEAT_SECONDS": "0.5",
    "PULLWRIGHT_CLOCK_SECONDS": "0.5",
}
"""Deaths are noticed in seconds, and a machine that is busy with other tests still renews in time."""
PATIENCE_SECONDS = 240.0
LOOK_SECONDS = 0.1


@dataclass
class Mortal:
    """A service whose parts die, and the town that it serves."""

    town: Town
    service: Service
    store: Store
    fate: Fate
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    async def repository(self, name: str) -> Repository:
        """One more repository of the same owner, with the App installed and the same people."""
        world = self.town.github.world
        repository = await world.create_repository(OWNER, name, self.folder / "source")
        world.add_collaborator(repository, self.town.requester.login, "write")
        world.add_collaborator(repository, self.town.approver.login, "maintain")
        world.install(self.town.app, repository)
        return repository

    async def story(self, name: str) -> "Told":
        """An issue, its plan approved, its change approved: over when the run has ended."""
        repository = await self.repository(name)
        requester, approver = self.town.requester.at(repository), self.town.approver.at(repository)
        issue = await requester.open_issue("Join words", "Words are joined with too many hyphens.")
        await requester.label(issue.number, LABEL)
        answered: set[str | None] = set()
        async for run in self.looks(repository, issue.number):
            if run.state in TERMINAL:
                return Told(repository, run)
            if run.state != "waiting" or run.waiting is None or run.waiting.digest in answered:
                continue
            answered.add(run.waiting.digest)
            if run.pull_number is None:
                await approver.comment(issue, f"/approve {(run.waiting.digest or '')[:12]}")
            else:
                await approver.approve(run.pull_number)
        raise AssertionError("looks() ends by an error only")

    async def looks(
        self, repository: Repository, number: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> AsyncIterator[Run]:
        """The run about this issue, again and again; people look again where the database is away."""
        run: Run | None = None
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    try:
                        async with self.store.read() as db:
                            found = await runs.of_subject(db, repository.id, number)
                    except StoreUnavailable:
                        found = []
                    if found:
                        run = found[0]
                        yield run
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{repository.name} does not go on: {await self.journal_end(run)}") from None

    async def account(self, told: "Told") -> Account:
        return await account(self.town, self.store, told.repository, told.run)

    async def journal_end(self, run: Run | None) -> str:
        """Where a run stands, for who reads a failure."""
        if run is None:
            return f"no run was started; see {self.log}"
        async with self.store.read() as db:
            journal = await events.of_run(db, run.id)
        last = [f"{event.name} {dict(event.facts)}"[:200] for event in journal[-3:]]
        return f"run {run.id} is {run.state} at epoch {run.epoch}, waiting {run.waiting}; {last}; see {self.log}"

    async def rest(self) -> None:
        """Return when nothing is left to be done without a person: what was accepted is routed, answers are given."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await self.town.github.webhooks.delivered()
                async with self.store.read() as db:
                    pending = (await deliveries.counts(db))[DeliveryState.pending]
                    loose = await effects.unsettled_loose(db)
                    unfinished = [run for run in await runs.recent(db, 100) if run.state not in TERMINAL]
                    log = self.town.github.webhooks.log
                    missing = {one.guid for one in log} - await deliveries.known(db, {one.guid for one in log})
                if not (pending or loose or unfinished or missing):
                    return
                await asyncio.sleep(LOOK_SECONDS)

    def slips(self, run_id: str) -> int:
        """How often a worker that lived lost this run, because the machine was too busy to renew its lease in time."""
        told = (json.loads(line) for line in self.log.read_text().splitlines() if '"lease.lost"' in line)
        return sum(line["event"] == "lease.lost" and line["run"] == run_id for line in told)


@dataclass(frozen=True)
class Told:
    """A story that has ended."""

    repository: Repository
    run: Run


@asynccontextmanager
async def open_mortal(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    database: str | None = None,
    settings: Mapping[str, str] = SHORT_LEASE,
    script: Mapping[str, Any] = QUICK,
    files: Mapping[str, str] | None = None,
    workers: int = 3,
) -> AsyncIterator[Mortal]:
    """The service under the real supervisor, whose parts are the console script with every fault point armed.

    `database` is the URL of an empty one; without it SQLite is used. `files` are added to the sample repository.
    """
    script_of_parts = mortal_part.console_script(folder)
    monkeypatch.setattr("bot.up.children.console_script", lambda: script_of_parts)
    fate = Fate(folder / "fate")
    source = folder / "source"
    shutil.copytree(SAMPLE / "repository", source)
    for name, text in (files or {}).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    environ = {**settings, **mortal_part.environ(folder / "fate")}
    if database is not None:
        environ["PULLWRIGHT_DATABASE_URL"] = database
    async with AsyncExitStack() as stack:
        log = stack.enter_context((folder / "service.log").open("wb"))
        town = await stack.enter_async_context(
            open_town(
                folder,
                source,
                webhook_port=free_port(),
                script=Script.parse(yaml.safe_dump(dict(script), sort_keys=False)),
                settings=environ,
            )
        )
        town.github.world.hourly_limit = 0  # a story takes seconds here, and GitHub's limits count by the minute
        service = await stack.enter_async_context(supervise(town.environ, workers=workers, output=log))
        store = await stack.enter_async_context(open_store(service.settings.database_url))
        yield Mortal(town, service, store, fate, folder)


async def eventually(look: Callable[[], T], seconds: float = 60.0) -> T:
    """The first true answer about what other processes do; fails when there is none in time."""
    async with asyncio.timeout(seconds):
        while not (found := look()):  # noqa: ASYNC110  # what other processes do has no event here
            await asyncio.sleep(0.02)
    return found


async def all_of(tales: list[Callable[[], Awaitable[Told]]], at_once: int) -> list[Told]:
    """Tell the stories, so many at a time, in this order."""
    turns = asyncio.Semaphore(at_once)

    async def told(tale: Callable[[], Awaitable[Told]]) -> Told:
        async with turns:
            return await tale()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(tale)) for tale in tales]
    return [task.result() for task in tasks]
