"""Runs of empty steps, taken through the engine in this process: what is left is what the engine itself costs.

GitHub is the demo's stand-in over real HTTP, the store is the one that is named, and claim, lease, heartbeat, intents,
outcomes and journal are all there. Only what a step would do is left out: nobody's command is waited for.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from adapters import logs
from adapters.doorbell import SilentDoorbell
from adapters.settings import load
from adapters.store import events, runs
from benchmarks.machine import free_port
from bot.demo.story import SAMPLE
from bot.demo.town import Town, open_town
from core.digests import digest
from core.names import Repo, RunId, Sha, Subject, SubjectKind
from core.runs import NewRun, Snapshot
from core.states import RunState
from core.workflow import Step, parse
from jobs import engine
from jobs.attempts import Perform
from jobs.outcomes import Done, Outcome
from jobs.services import Services, open_services
from jobs.work import Work

STEPS = 10


def workflow(count: int = STEPS) -> str:
    """A workflow of so many steps. What they say they do is never done."""
    lines = [f"  - {{id: step-{number}, wait: 1s}}" for number in range(count)]
    return "\n".join(["name: empty", "on: {command: empty}", "steps:", *lines, ""])


@dataclass(frozen=True, slots=True)
class Played:
    """What one run took, in seconds."""

    whole: float
    """From the claim to the end, with what is said on GitHub about it."""
    per_step: float
    """From the first outcome to the last, divided by the steps between: the beginning and the end of a run are apart.
    """


@dataclass
class Place:
    """A service of one worker, and the repository of its runs."""

    town: Town
    services: Services
    base: Sha

    async def begin(self, text: str | None = None) -> RunId:
        """A queued run on an issue of its own, as intake would write it."""
        services, repository, text = self.services, self.town.repository, text or workflow()
        installation = self.town.github.world.installation_of(self.town.app, repository)
        assert installation is not None
        owner = repository.owner.login
        issue = (await self.town.requester.open_issue("Nothing", "To be done.")).number
        run_id, now = services.ids.run(), services.clock.now()
        snapshot = Snapshot(
            title="Nothing", body="To be done.", author="rosa", author_association="MEMBER", taken_at=now
        )
        new = NewRun(
            id=run_id,
            workflow=parse(text, "empty.yml").name,
            workflow_text=text,
            workflow_digest=digest("workflow", text),
            repo=Repo(id=repository.id, owner=owner, name=repository.name, installation_id=installation.id),
            subject=Subject(kind=SubjectKind.issue, number=issue),
            base_ref=repository.default_branch,
            base_sha=self.base,
            trigger_key=f"bench:{run_id}",
            requester="rosa",
            source="bench",
            snapshot=snapshot,
            inputs={},
            created_at=now,
        )
        async with services.store.begin() as db:
            assert await runs.insert(db, new) is runs.Inserted.started
        return run_id

    async def play(self, run_id: RunId) -> Played:
        """Take the run to its end. Ends the process where it ends badly: there is nothing to measure then."""
        began = time.perf_counter()
        await engine.look(self.services, run_id, asyncio.Event())
        whole = time.perf_counter() - began
        async with self.services.store.read() as db:
            run, journal = await runs.require(db, run_id), await events.of_run(db, run_id)
        if run.state is not RunState.succeeded:
            raise SystemExit(f"A run of empty steps {run.state}: {run.ended_why}")
        ended = [entry.at for entry in journal if entry.name == "step.finished"]
        return Played(whole, (ended[-1] - ended[0]).total_seconds() / (len(ended) - 1))


async def _nothing(step: Step, work: Work) -> Outcome:
    return Done({}, "nothing")


@asynccontextmanager
async def place(
    folder: Path,
    database_url: str | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    perform: Perform = _nothing,
) -> AsyncIterator[Place]:
    """A place whose runs are kept in this database, or in SQLite below the folder. `perform` does their steps."""
    folder.mkdir(parents=True, exist_ok=True)
    added = {**(settings or {}), **({"PULLWRIGHT_DATABASE_URL": database_url} if database_url else {})}
    town = open_town(folder, SAMPLE / "repository", webhook_port=free_port(), model="bench/none", settings=added)
    # A worker's log is a part of its work; only no terminal is waited for.
    with Path(folder, "log").open("w") as log, logs.configured(log, process="bench"):  # noqa: ASYNC230  # one local file
        async with town as at, open_services(load(at.environ)) as opened:
            at.github.world.hourly_limit = 0  # what is measured is our pace, not the one that GitHub allows
            await opened.store.migrate()
            repository = at.repository
            installation = at.github.world.installation_of(at.app, repository)
            assert installation is not None
            repo = Repo(
                id=repository.id,
                owner=repository.owner.login,
                name=repository.name,
                installation_id=installation.id,
            )
            base = await opened.github.repository(repo).head_of(repository.default_branch)
            assert base is not None
            with patch.object(engine, "perform", perform):
                yield Place(at, replace(opened, doorbell=SilentDoorbell()), base)
