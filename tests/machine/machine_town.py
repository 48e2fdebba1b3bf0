"""The town the machine plays in: the world of the stories, with a post office, a ledger, four people and a stranger.

`work()` lets the service do all it can, with another worker coming where one died; `quiet()` mends everything first
and lets time pass. After each the promises are looked at.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from post_office import PostOffice, open_post_office
from promises import AT_REST, NEEDS, QUIET, Needs, Promise, broken
from story_sources import UNITTEST, source
from story_trust import QUICK, give, newcomer
from story_world import World, open_world
from town_ledger import POLICY, Ledger
from world_facts import Facts, gather

from adapters import logs
from adapters.settings import load
from adapters.store import runs
from bot.demo.github.errors import Refusal
from bot.demo.github.records import Comment, Issue, Role
from bot.demo.github.webhooks import Webhooks
from core import faults
from core.runs import Run
from core.workflow.catalogue import FOLDER
from jobs.services import open_services

OPERATOR = {"version": 1, "policy": "team", "merge": "bot", "plan": {"wait": "never"}}
PEOPLE: dict[str, Role] = {"rosa": "write", "ben": "write", "ada": "maintain", "tia": "triage", "sid": "none"}
"""rosa and ben ask for work; ada approves; tia may label and no more; sid is a stranger."""


def _policy(wait: str, **change: object) -> str:
    keys = {"version": 1, "policy": "team", "merge": "bot", "plan": {"wait": wait}, "checks": {"tests": UNITTEST}}
    return yaml.safe_dump({**keys, **({"change": change} if change else {})}, sort_keys=False).strip()


POLICIES = {
    "at once": _policy("never"),
    "plans wait": _policy("always"),
    "two people": _policy("always", approvals=2),
    "a maintainer": _policy("always", **{"from": "maintain"}),
    "broken": "version: [",
}
NEEDS |= {
    POLICIES["at once"]: Needs(),
    POLICIES["plans wait"]: Needs(),
    POLICIES["two people"]: Needs(people=2),
    POLICIES["a maintainer"]: Needs(role="maintain"),
}


SURVEY = """
name: survey
on: {command: survey}
steps:
  - {id: which, ask: {question: "Which one?"}}
  - id: each
    foreach:
      in: [1, 2]
      steps:
        - {id: make, run: {script: "echo $N > item-$N.txt; test $N -ne 2", writes: true}, env: {N: "${{ item }}"}}
  - {id: say, github: {comment: "${{ steps.which.answer }}: ${{ steps.each.done }} of ${{ steps.each.count }} done."}}
"""
"""A workflow of the repository's own, which asks and has parts; it ships nothing."""


class Died(BaseException):
    """The worker is gone: nothing of ours may catch this."""


class Broken(AssertionError):
    """A promise does not hold."""


@dataclass(repr=False)
class MachineTown:
    world: World
    office: PostOffice
    ledger: Ledger
    logs: io.StringIO
    policy: str
    """The name of the policy in force."""
    deaths: int = 0
    said_before: list[str] = field(default_factory=list)
    """Digests that a gate asked about at some time, oldest first."""

    @property
    def webhooks(self) -> Webhooks:
        return self.world.town.github.webhooks

    @property
    def issues(self) -> list[Issue]:
        return [issue for issue in self.world.town.repository.issues.values() if issue.pull is None]

    @property
    def pulls(self) -> list[Issue]:
        return self.world.town.repository.pulls

    @property
    def plans(self) -> list[tuple[Issue, Comment]]:
        """The bot's plan comments that are still there."""
        return [
            (issue, comment)
            for issue in self.issues
            for comment in issue.comments
            if comment.app is not None and "### Plan" in comment.body
        ]

    @property
    def questions(self) -> list[Issue]:
        """Where the bot asked something."""
        return [one for one in self.issues if any(c.app is not None and "asks you" in c.body for c in one.comments)]

    @property
    def yeses(self) -> list[tuple[Issue, Comment]]:
        """Comments of people that approve."""
        return [
            (issue, comment)
            for issue in self.world.town.repository.issues.values()
            for comment in issue.comments
            if comment.app is None and comment.body.startswith("/approve")
        ]

    def give(self, login: str, role: Role) -> None:
        give(self.world, login, role)
        if role in {"write", "maintain", "admin"}:
            self.ledger.once_wrote.add(login)

    async def something_new(self, *, pull: bool) -> Issue:
        """An issue, or a pull request by a person, which nobody asked the bot about yet."""
        number = len(self.world.town.repository.issues)
        if not pull:
            return await self.world.requester.open_issue("How many?", "And which?")
        self.give("ada", "maintain")
        await self.world.approver.push(f"idea-{number}", {f"idea-{number}.txt": "An idea.\n"}, "feat: an idea")
        return await self.world.approver.open_pull(f"idea-{number}", "main", "An idea")

    async def push_policy(self, name: str) -> None:
        self.give("ada", "maintain")
        await self.world.approver.push("main", {POLICY: POLICIES[name]}, f"{name}")
        self.policy, self.ledger.policy_at = name, self.world.clock.now()

    async def waiting(self) -> list[Run]:
        """The runs that ask for an approval, by the service's own account, oldest first."""
        return [run for run in await self.runs() if run.waiting is not None and run.waiting.digest is not None]

    async def runs(self) -> list[Run]:
        async with self.world.services.store.read() as db:
            return (await runs.recent(db, 1000))[::-1]

    async def say_yes(self, which: int = 0, who: str = "ada", how: str = "") -> None:
        """Somebody approves what a run waits for, where one does; in a review or by its digest, unless told how."""
        waiting = await self.waiting()
        if not waiting:
            return
        run = waiting[which % len(waiting)]
        assert run.waiting is not None
        assert run.waiting.digest is not None
        person = self.world.town.person(who)
        with contextlib.suppress(Refusal):
            if how in {"", "review"} and run.pull_number is not None:
                await person.approve(run.pull_number)
            else:
                words = "/approve" if how == "bare" else f"/approve {run.waiting.digest[:12]}"
                await person.comment(run.pull_number or run.subject.number, words)

    async def work(self) -> None:
        """Let everything happen that can; a worker that dies is replaced when its lease has run out."""
        for _ in range(30):
            if await self._lives(self.world):
                break
            await self.world.another_worker()
            self.world.clock.leap(61)
        self.said_before += [
            run.waiting.digest
            for run in await self.waiting()
            if run.waiting and run.waiting.digest and run.waiting.digest not in self.said_before
        ]
        self.check(await self.facts(deep=False), AT_REST)

    async def _lives(self, world: World) -> bool:
        """Let everything happen that can, unless the worker dies of it."""
        try:
            await world.settle()
        except Died:
            self.deaths += 1
            faults.disarm()
            return False
        return True

    async def work_behind_its_back(self, after: int) -> None:
        """After so many writes GitHub does what a worker asked for and does not answer: its lease runs out, and another
        worker goes on.

        Then the answer arrives, and the first must notice that the run is not its own any more. Each may die meanwhile.
        """
        self.ledger.held, self.ledger.freed, self.ledger.hold = asyncio.Event(), asyncio.Event(), after
        first = asyncio.create_task(self._lives(self.world))
        held = asyncio.create_task(self.ledger.held.wait())
        try:
            await asyncio.wait({first, held}, return_when=asyncio.FIRST_COMPLETED)
            if held.done():
                self.world.clock.leap(61)
                loaded = load(self.world.town.environ)
                async with open_services(loaded, self.world.clock) as services:
                    quiet = replace(services, doorbell=self.world.services.doorbell)
                    if not await self._lives(replace(self.world, services=quiet)):
                        self.world.clock.leap(61)
        finally:
            self.ledger.hold = None
            self.ledger.freed.set()
            held.cancel()
            if not await first:
                await self.world.another_worker()
                self.world.clock.leap(61)
        await self.work()

    async def quiet(self) -> None:
        """Mend everything, let everything arrive, let time pass; then every promise must hold, on the disk too."""
        faults.disarm()
        self.world.town.github.faults.clear()
        if self.policy == "broken":
            await self.push_policy("plans wait")
        self.office.losing = 0
        await self.office.release()
        await self.redeliver()
        await self.work()
        for _ in range(3):
            await self.world.settle_in_time(rounds=40, seconds=301)
        self.check(await self.facts(deep=True), QUIET)
        assert self.world.town.github.world.unknown_requests == []

    async def redeliver(self) -> None:
        """Ask GitHub to send again what was lost on the way."""
        await self.webhooks.delivered()
        lost, self.office.lost = self.office.lost, []
        for delivery in [one for one in self.webhooks.log if one.guid in lost and not one.redelivery]:
            self.webhooks.redeliver(self.world.town.github.world, delivery)
        await self.webhooks.delivered()

    async def facts(self, *, deep: bool) -> Facts:
        await self.webhooks.delivered()
        return await gather(self.world, self.office, self.ledger, self.logs.getvalue(), deep=deep)

    def check(self, facts: Facts, promises: Iterable[Promise]) -> None:
        if found := broken(facts, promises):
            raise Broken("\n".join(found))


@asynccontextmanager
async def open_town_of_machine(folder: Path, policy: str) -> AsyncIterator[MachineTown]:
    """A fresh town under this policy, whose log goes into a buffer of its own."""
    written = io.StringIO()
    text = {POLICY: POLICIES[policy], f"{FOLDER}/survey.yml": SURVEY}
    script = yaml.safe_dump(dict(QUICK), sort_keys=False)
    async with open_world(folder, source=source(folder, text), script=script, policy=OPERATOR) as world:
        with logs.configured(written, process="machine"):
            try:
                hook = world.town.app.hook
                async with open_post_office(hook.url) as (office, hook.url):
                    github = world.town.github
                    ledger = Ledger(github.world, world.town.repository, world.clock.now())
                    github.middlewares.append(ledger)
                    town = MachineTown(world, office, ledger, written, policy)
                    for login, role in PEOPLE.items():
                        if login in {"rosa", "ada"}:
                            town.give(login, role)
                        else:
                            newcomer(world, login)
                            town.give(login, role)
                    await github.webhooks.delivered()
                    yield town
                    await github.webhooks.delivered()
            finally:
                faults.disarm()
