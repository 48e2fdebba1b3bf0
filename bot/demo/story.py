"""The story: two people, one issue, and the whole service, from a label to a merged pull request.

`play()` starts a town and the service as an operator would, acts for the two people, and watches the run in the
service's own store. It tells what happens while it happens, and returns how it ended.
"""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

from adapters.store import Store, costs, effects, events, open_store, runs, steps
from bot.demo.model import Script
from bot.demo.spans import Span, spans
from bot.demo.town import APPROVER, REQUESTER, Town, open_town
from bot.up import Service, supervise
from core.errors import BotError
from core.names import Digest
from core.runs import Event, Run
from core.states import TERMINAL, RunState, WaitingFor

SAMPLE = Path(__file__).parent / "sample"
LABEL = "pullwright:implement"
LOOK_SECONDS = 0.1
BEGIN_SECONDS = 120.0
"""How long the label may take to start a run."""
PATIENCE_SECONDS = 1800.0
"""How long nothing may happen before the story is given up: a real project's tests take their time."""
FAREWELL_SECONDS = 15.0
"""How long the last comments may take after the run has ended."""

Tell = Callable[[datetime, str, str], None]
"""Called with when, who and what, for everything that happens."""


class DemoStuck(BotError):
    """The story does not go on."""

    code = "demo-stuck"
    log: Path | None = None
    """The service's log, where it is kept."""

    def remedy(self) -> str:
        return f"Read {self.log}." if self.log else "Run it again with `--keep`: then the service's log stays."


@dataclass(frozen=True, slots=True)
class Plot:
    """What is played. `model` names a real model; without one the script is followed."""

    repository: Path
    issue: str
    script: Script | None
    branch: str = "main"
    """The default branch of what is played."""
    model: str | None = None
    model_settings: Mapping[str, str] = field(default_factory=dict)
    keep: bool = False
    ready: Callable[[Service], Awaitable[None]] | None = None
    """Awaited before the story begins, by who measures it."""


@dataclass
class Ending:
    """How it ended, for people and for programs."""

    run: str
    state: RunState
    merged: bool
    why: str
    issue: int
    pull: int | None
    seconds: float
    first_webhook_seconds: float
    cost_usd: Decimal | None
    unpriced_calls: int
    checks: list[dict[str, Any]]
    timeline: list[dict[str, str]]
    spans: list[Span]
    """Where the time went from the label to the pull request."""
    last_words: str
    """The bot's last comment: where a run failed, it says what happened and what to do."""


async def play(plot: Plot, data_dir: Path, tell: Tell, kept: Callable[[Ending, Town, Service, Path], None]) -> Ending:
    """Play the plot below `data_dir`. Nothing of it is left afterwards, unless it is kept.

    With `keep` everything goes on running after the end until the task is cancelled, which then is no failure; `kept`
    is told the ending and where to look.
    """
    began = monotonic()
    (data_dir / "demo").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="", dir=data_dir / "demo"))
    try:
        with socket.socket() as free, (folder / "service.log").open("wb") as log:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            async with (
                open_town(
                    folder,
                    plot.repository,
                    webhook_port=port,
                    script=plot.script,
                    model=plot.model,
                    name=repository_name(plot.repository),
                    branch=plot.branch,
                    settings=plot.model_settings,
                ) as town,
                supervise(town.environ, output=log) as service,
                open_store(service.settings.database_url) as store,
            ):
                if plot.ready is not None:
                    await plot.ready(service)
                ending = await _Stage(town, service, store, tell, began).perform(plot.issue)
                if plot.keep:
                    kept(ending, town, service, folder)
                    with suppress(asyncio.CancelledError):
                        await asyncio.Event().wait()
                return ending
    except DemoStuck as stuck:
        stuck.log = folder / "service.log" if plot.keep else None
        raise
    finally:
        if not plot.keep:
            shutil.rmtree(folder)


@dataclass
class _Stage:
    town: Town
    service: Service
    store: Store
    tell: Tell
    began: float
    timeline: list[dict[str, str]] = field(default_factory=list)
    told: int = 0
    stumbled: int = 0
    labelled_at: datetime | None = None
    asked: set[Digest | None] = field(default_factory=set)

    async def perform(self, text: str) -> Ending:
        title, _, body = text.strip().partition("\n")
        opened = await self.town.requester.open_issue(title.lstrip("# ").strip(), body.strip())
        first_webhook = monotonic() - self.began
        self._say(REQUESTER, f"opens issue #{opened.number}: {opened.title}")
        self.labelled_at = self.town.github.world.now()
        await self.town.requester.label(opened.number, LABEL)
        self._say(REQUESTER, f"labels it `{LABEL}`")
        run = await self._until_over()
        if run.state is RunState.succeeded and run.pull_number is not None and not self._merged(run.pull_number):
            self._say(APPROVER, f"merges #{run.pull_number}, since here a person does")
            await self.town.approver.merge(run.pull_number, "squash")
        await self._farewell()
        return await self._ending(run, opened.number, first_webhook)

    async def _until_over(self) -> Run:
        """Watch the run, and answer for the approver whenever it waits for an approval."""
        moved = monotonic()
        while True:
            run = await self._newest()
            self._tell_stumbles()
            if run is None and monotonic() - moved > BEGIN_SECONDS:
                raise DemoStuck(f"The label has started no run within {BEGIN_SECONDS:.0f} seconds.")
            if run is not None:
                if await self._tell_news(run):
                    moved = monotonic()
                if run.state in TERMINAL:
                    return run
                if run.waiting and run.waiting.what is WaitingFor.approval and run.waiting.digest not in self.asked:
                    self.asked.add(run.waiting.digest)
                    await self._approve(run)
            if monotonic() - moved > PATIENCE_SECONDS:
                raise DemoStuck(f"Nothing has happened for {PATIENCE_SECONDS:.0f} seconds.")
            await asyncio.sleep(LOOK_SECONDS)

    async def _approve(self, run: Run) -> None:
        assert run.waiting is not None  # noqa: S101  # the caller has looked
        digest = (run.waiting.digest or "")[:12]
        if run.pull_number is None:
            self._say(APPROVER, f"reads the plan and comments `/approve {digest}`")
            await self.town.approver.comment(run.subject.number, f"/approve {digest}")
        else:
            self._say(APPROVER, f"reviews #{run.pull_number} and approves it")
            await self.town.approver.approve(run.pull_number)

    async def _newest(self) -> Run | None:
        async with self.store.read() as db:
            found = await runs.recent(db, 1)
        return found[0] if found else None

    async def _tell_news(self, run: Run) -> bool:
        """Tell what the journal has that was not told yet. False: nothing new."""
        async with self.store.read() as db:
            journal = await events.of_run(db, run.id)
        news = journal[self.told :]
        self.told = len(journal)
        for event in news:
            if (line := _line(event, run)) is not None:
                self._say("pullwright", line, event.at)
        return bool(news)

    def _tell_stumbles(self) -> None:
        """Tell what the tools refused the script, once each."""
        stumbles = self.town.model.stumbles if self.town.model is not None else {}
        for place in list(stumbles)[self.stumbled :]:
            self.stumbled += 1
            self._say("script", f"{place}: {stumbles[place]}")

    async def _farewell(self) -> None:
        """Let the last comments arrive."""
        deadline = monotonic() + FAREWELL_SECONDS
        while monotonic() < deadline:
            async with self.store.read() as db:
                if not await effects.unsettled_loose(db):
                    return
            await asyncio.sleep(LOOK_SECONDS)

    def _merged(self, number: int) -> bool:
        _, pull = self.town.github.world.pull(self.town.repository, number)
        return pull.merged_at is not None

    async def _ending(self, run: Run, issue: int, first_webhook: float) -> Ending:
        async with self.store.read() as db:
            totals = await costs.of_run(db, run.id)
            journal, memos = await events.of_run(db, run.id), await steps.all_(db, run.id)
        world, repository = self.town.github.world, self.town.repository
        said = [c.body for c in world.comments_by(repository, "pullwright[bot]")]
        return Ending(
            run=run.id,
            state=run.state,
            merged=run.pull_number is not None and self._merged(run.pull_number),
            why=run.ended_why or "",
            issue=issue,
            pull=run.pull_number,
            seconds=round(monotonic() - self.began, 1),
            first_webhook_seconds=round(first_webhook, 1),
            cost_usd=totals.cost_usd,
            unpriced_calls=totals.unpriced_calls,
            checks=[
                {
                    "name": check.name,
                    "conclusion": check.conclusion,
                    "title": (check.output or {}).get("title", ""),
                    "summary": (check.output or {}).get("summary", ""),
                }
                for check in world.check_runs(repository)
            ],
            timeline=self.timeline,
            spans=spans(self.labelled_at or run.created_at, journal, memos),
            last_words=said[-1].split("\n\n<!--")[0] if said else "",
        )

    def _say(self, who: str, what: str, at: datetime | None = None) -> None:
        at = at or self.town.github.world.now()
        self.timeline.append({"at": at.isoformat(timespec="milliseconds"), "who": who, "what": what})
        self.tell(at, who, what)


def _line(event: Event, run: Run) -> str | None:
    """An entry of the journal as one line of the story, or None where people do not see it."""
    facts = event.facts
    match event.name:
        case "run.queued":
            return f"starts the workflow `{facts['workflow']}`, at {facts['base'][:-28]}"
        case "step.finished":
            return f"{facts['step']}: {facts['why']}"
        case "check.ran" if facts["verdict"] != "green" and facts["tree"] != run.base_sha:
            return f"`{facts['command']}` is {facts['verdict']}"
        case "check.repaired":
            return f"repairs it in {facts['turns']} turns"
        case "run.waiting":
            return f"waits for @{facts['person']}: {facts['why']}"
        case "approval.granted":
            return f"counts the approval of @{event.actor} (role {facts['role']}) for {str(facts['digest'])[:12]}"
        case "run.postponed":
            return f"waits {facts['seconds']} s and tries again: {facts['why']}"
        case "run.ended":
            return f"run ended: {facts['state']}: {facts['why']}"
        case _:
            return None


def repository_name(repository: Path) -> str:
    """The repository's name in the town: the folder's, as far as GitHub takes it."""
    if repository == SAMPLE / "repository":
        return "slugs"
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in repository.resolve().name).strip(
        "-."
    )
    return kept or "project"
