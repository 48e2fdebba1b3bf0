"""A worker that dies anywhere in a workflow of a repository's own: every step is there once, and nothing ran twice."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, fault_points, survive
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import steps
from bot.demo.github import git
from bot.demo.github.people import OtherApp
from core import faults

EVERY_KIND = """
name: every-kind
steps:
  - {id: note, write: {path: notes.txt, content: "about ${{ subject.title }}"}}
  - {id: count, run: {script: "wc -w < notes.txt > words.txt; cat words.txt", writes: true}, capture: {format: number}}
  - id: mended
    run: test -e mended.txt
    on_failure:
      - {id: mend, run: {script: "touch mended.txt", writes: true}}
  - {id: extra, run: "exit 1", continue_on_error: true}
  - {id: flaky, run: "exit 1", retry: {attempts: 2, delay: 1m, jitter: false}, continue_on_error: true}
  - {id: say, github: {comment: "It has ${{ steps.count.output }} words.", label: [bug], assign: [ada]}}
  - {id: pause, wait: 2m}
  - {id: which, ask: {question: "Which one?"}}
  - {id: task, agent: {role: writer, task: "Write it down."}, goal: {run: "echo '{\\"score\\": 100}'"}}
  - {id: ship, ship: {title: "add notes", summary: "Answered: ${{ steps.which.answer }}"}}
  - {id: ci, wait: {checks: green, names: [build]}}
  - {id: ready, ready: {request_review: requester}}
  - {id: approved, gate: {binds: change}}
"""
SCRIPT: Mapping[str, Any] = {
    "task/goal:1": [
        {"write": {"path": "task.txt", "content": "done\n"}},
        {"submit": {"title": "write it down", "kind": "docs", "summary": "Wrote it."}},
    ]
}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@dataclass(frozen=True)
class Account:
    """What came of the story: everything that people see, and how often anything was run or paid for."""

    ended: tuple[str, str]
    comments: Mapping[str, int]
    labels: frozenset[str]
    assigned: frozenset[str]
    told: Mapping[str, int]
    """How often GitHub's timeline of the issue tells of each kind of thing."""
    pulls: int
    tree: str
    outputs: Mapping[str, Any]
    commands: int
    replies: int

    @classmethod
    async def of(cls, world: World, issue: int) -> "Account":
        run, repository, journal = await world.run(), world.town.repository, await world.journal()
        found = repository.issues[issue]
        async with world.services.store.read() as db:
            memos = {memo.key: memo.output for memo in await steps.all_(db, run.id) if "/" not in memo.key}
        named = Counter(event.name for event in journal)
        return cls(
            ended=(run.state, run.ended_why or ""),
            comments=Counter(reply.split("\n")[0].replace(run.id, "RUN") for reply in world.replies(issue)),
            labels=frozenset(label.name for label in found.labels),
            assigned=frozenset(account.login for account in found.assignees),
            told=Counter(event.event for event in found.timeline if event.event in {"labeled", "assigned", "closed"}),
            pulls=len(world.town.github.world.pulls(repository)),
            tree=await git.text(repository.path, "rev-parse", f"refs/heads/{world.pull.head_ref}^{{tree}}"),
            outputs={key: memos[key]["output"] for key in ("count",)} | {"answer": memos["which"]["answer"]},
            commands=named["command.ran"],
            replies=named["model.replied"],
        )


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[World]:
    async with quick_world(folder, source=source(folder), policy=AT_ONCE, script=SCRIPT) as world:
        yield world


async def begun(world: World) -> int:
    """A run of it that nobody looked at yet; its issue."""
    issue = (await world.requester.open_issue("Two words")).number
    await begin(world, EVERY_KIND, issue=issue)
    return issue


async def play(world: World, issue: int) -> Account:
    """From the first step to the approval, whatever dies in between."""
    for _ in range(6):
        await survive(world)
        world.clock.leap(121)
    run = await world.run()
    assert run.waiting is not None, run.ended_why
    assert run.waiting.what == "answer"
    await world.requester.comment(issue, "/answer the second")
    await survive(world)
    run = await world.run()
    assert run.waiting is not None, run.ended_why
    assert run.waiting.what == "checks"
    ci = OtherApp(world.town.github.world, "acme-ci", world.town.repository)
    await ci.check(world.pull.head_sha, "build", "success")
    await survive(world)
    world.clock.leap(11)  # GitHub's API may lag behind its own event, so it is looked at once more
    await survive(world)
    await world.approver.approve(world.pull_number)
    await survive(world)
    return await Account.of(world, issue)


_undisturbed: list[Account] = []


@pytest.fixture
async def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account of the story in which nobody dies; played once."""
    if not _undisturbed:
        async with told(tmp_path_factory.mktemp("undisturbed")) as world:
            _undisturbed.append(await play(world, await begun(world)))
    found = _undisturbed[0]
    assert found.ended == ("succeeded", "#2 is approved, and a person may merge it")
    assert (found.labels, found.assigned, found.commands) == ({"bug"}, {"ada"}, 8)
    return found


RARELY = {"store.before_commit": 31, "store.after_commit": 31}
"""Points that the story passes hundreds of times: more deaths in a row than it can make headway between."""
UNRECORDED = {"agent.after_reply", "memo.before_keep", "store.before_commit", "store.after_commit"}
"""Between what a command or a model gave and its record: the one place where a death costs another. A command is in the
journal one commit before it is kept, and a death between the two runs it once more."""


@pytest.mark.parametrize(
    "name",
    [point if point == "memo.before_keep" else pytest.param(point, marks=pytest.mark.slow) for point in fault_points()],
)
async def test_a_death_at_this_point_is_not_seen_by_anybody(tmp_path: Path, undisturbed: Account, name: str) -> None:
    async with told(tmp_path) as world:
        issue = await begun(world)
        deaths = Deaths(name, every=RARELY.get(name, 4))
        found = await play(world, issue)
        assert deaths.died > 0, "the story comes by every point"
        again = deaths.died if name in UNRECORDED else 0
        assert undisturbed.commands <= found.commands <= undisturbed.commands + again
        assert replace(found, commands=undisturbed.commands) == undisturbed
