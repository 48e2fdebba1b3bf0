"""Deaths where people steer: vouching, ticks, a change of fewer files, a merge queue, and taking things back.

One story in chapters, played twice: undisturbed, and with workers that die once at every point that a chapter passes.
After each chapter both look alike, and each of its effects is there once.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from story_deaths import HEADWAY, Died, fault_points
from story_sources import AT_ONCE, source
from story_trust import DONE, NEW, OLD, PATH, PLAN, all_runs, newcomer, quick_world
from story_world import World

from adapters.store import tables
from bot.demo.github import git
from bot.demo.github.people import OtherApp
from bot.demo.github.records import Issue, Pull
from core import faults

NOTES = "NOTES.md"
SCRIPT = {
    "plan": [{"submit": PLAN}],
    "change": [
        {"edit": {"path": PATH, "old": OLD, "new": NEW}},
        {"write": {"path": NOTES, "content": "Runs become one hyphen.\n"}},
        {"submit": DONE},
    ],
}
MARKS = {
    "name": "marks",
    "on": {"command": "marks"},
    "steps": [{"id": "mark", "github": {"comment": "Marked.", "label": ["odd"]}}],
}
FILES = {".github/pullwright/workflows/marks.yml": yaml.safe_dump(MARKS, sort_keys=False)}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


FIRST = frozenset(
    {
        "agent.after_call",
        "agent.before_checkpoint",
        "agent.after_checkpoint",
        "push.before",
        "push.after",
        "step.before_outcome",
    }
)
"""Passed seldom, or after much else: room is kept for deaths there."""


class Once:
    """Lets a worker die at each point once: early where there was headway since, else where it is seldom or nearly for
    the last time passed. A run that dies five times on end is given up. `passed` is what the chapter came by."""

    def __init__(self, usual: Mapping[str, int] | None = None) -> None:
        self.passed: Counter[str] = Counter()
        self.died: set[str] = set()
        self._usual = usual
        self._lived = self._borne = 0
        for point in fault_points():
            faults.arm(point, partial(self._meet, point))

    def _meet(self, point: str) -> None:
        self.passed[point] += 1
        self._lived += 1
        if self._usual is None:
            return
        early = self._lived > 2
        rare = self._usual[point] <= 2 or self.passed[point] >= self._usual[point] - 1
        if point not in self.died and ((self._borne < 1 and (early or rare)) or (self._borne < 4 and point in FIRST)):
            self.died.add(point)
            self._lived, self._borne = 0, self._borne + 1
            raise Died
        if point in HEADWAY:
            self._borne = 0


async def survive(world: World) -> None:
    """Let everything happen, also what was put off, with another worker coming once the lease of a dead one is over."""
    while True:
        try:
            await world.settle_in_time()
        except Died:
            await world.another_worker()
            world.clock.leap(61)
        else:
            return


# The story ------------------------------------------------------------------------------------------------------


async def vouched(world: World) -> None:
    """A stranger asks, and somebody who may lets exactly that run."""
    mallory = newcomer(world, "mallory")
    issue = (await mallory.open_issue("slugify() doubles hyphens", "One hyphen, please.")).number
    await mallory.comment(issue, "/implement")
    await survive(world)
    await world.requester.comment(issue, "/ok-to-run")
    await survive(world)
    await world.requester.comment(issue, f"/ok-to-run {world.replies(issue)[-1].split('/ok-to-run ')[1][:12]}")
    await survive(world)
    run = await world.run()
    assert (run.requester, run.waiting and run.waiting.binds) == ("rosa", "plan"), run.ended_why


async def ticked(world: World) -> None:
    """A tick approves the plan."""
    digest = await world.digest()
    plan = next(one for one in world.comments(1) if f"- [ ] Approve `{digest}`" in one.body)
    await world.approver.edit_comment(plan.id, plan.body.replace("- [ ] Approve", "- [x] Approve"))
    await survive(world)
    assert plan.body.split("\n\n<!-- ")[0].endswith("> @ada approved this.")
    run = await world.run()
    assert run.pull_number is not None, (run.state, run.ended_why, run.waiting)


async def narrowed(world: World) -> None:
    """Of two files one is kept, and the rest is asked about."""
    await world.approver.comment(world.pull_number, f"/approve {await world.digest()} {PATH}")
    await survive(world)
    touched = await git.text(world.town.repository.path, "diff", "--name-only", f"main...{world.pull.head_sha}")
    assert touched.split() == [PATH]
    assert (await world.run()).state == "waiting"


async def merged(world: World) -> None:
    """What is left is approved and merged."""
    await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
    await survive(world)
    assert ((await world.run()).state, world.pull.merged_at is not None) == ("succeeded", True)


async def undone(world: World) -> None:
    """The merge is taken back: a pull request that reverts it waits for somebody."""
    await world.approver.comment(world.pull_number, "/undo")
    await survive(world)
    run = await world.run()
    assert (run.workflow, run.waiting and run.waiting.binds) == ("revert", "change"), run.ended_why


async def enqueued(world: World) -> None:
    """That one is approved under a merge queue, and goes there once."""
    world.town.github.world.rule(world.town.repository, "main", "merge_queue")
    checks = [{"context": "build"}]
    world.town.github.world.rule(world.town.repository, "main", "required_status_checks", required_status_checks=checks)
    await ci(world).check(newest(world)[1].head_sha, "build", "success")
    await world.requester.approve(newest(world)[0].number)
    await survive(world)
    (entry,) = world.town.repository.queue
    assert (entry.head_sha, entry.enqueuer.login) == (newest(world)[1].head_sha, "pullwright[bot]")


async def taken_from_the_queue(world: World) -> None:
    """The queue merges it, and the run says so once."""
    (entry,) = world.town.repository.queue
    await ci(world).check(entry.group_sha, "build", "success")
    await survive(world)
    assert ((await world.run()).state, newest(world)[1].merge_commit_sha) == ("succeeded", entry.group_sha)


async def marked(world: World) -> None:
    """A workflow comments and labels; then the label is taken back, then the comment."""
    issue = await world.requester.open_issue("A question")
    await world.requester.comment(issue, "/marks")
    await survive(world)
    assert [label.name for label in issue.labels] == ["odd"]
    for _ in range(2):
        await world.approver.comment(issue, "/undo")
        await survive(world)
    assert issue.labels == []
    assert "*Taken back by @ada with `/undo`.*" in world.replies(issue.number)


CHAPTERS: tuple[Callable[[World], Awaitable[None]], ...] = (
    vouched,
    ticked,
    narrowed,
    merged,
    undone,
    enqueued,
    taken_from_the_queue,
    marked,
)


def newest(world: World) -> tuple[Issue, Pull]:
    issue = world.town.github.world.pulls(world.town.repository)[-1]
    assert issue.pull is not None
    return issue, issue.pull


def ci(world: World) -> OtherApp:
    return OtherApp(world.town.github.world, "acme-ci", world.town.repository)


async def seen(world: World) -> dict[str, Counter[str]]:
    """All that people see and that is stored of it, without what differs by chance, each with how often it is there."""
    repository, github = world.town.repository, world.town.github.world
    issues = list(repository.issues.values())
    async with world.services.store.read() as db:
        effects = (await db.execute(sa.select(tables.effects))).mappings().all()
        signals = (await db.execute(sa.select(tables.signals))).mappings().all()
        approvals = (await db.execute(sa.select(tables.approvals))).mappings().all()
    found = {
        "runs": [f"{run.workflow} {run.state} {run.ended_why}" for run in await all_runs(world)],
        "comments": [one.body.split("\n\n<!-- ")[0] for one in world.comments()],
        "timeline": [f"#{one.number} {entry.event} by {entry.actor.login}" for one in issues for entry in one.timeline],
        "reactions": [
            f"{one.content} on #{issue.number}"
            for issue in issues
            for on in (issue.reactions, *(comment.reactions for comment in issue.comments))
            for one in on
        ],
        "branches": list(await github.branches(repository)),
        "checks": [f"{check.name} {check.conclusion}" for check in github.check_runs(repository)],
        "effects": [f"{row['act']['kind']} {row['state'].value}" for row in effects],
        "signals": [f"{row['kind']}" for row in signals],
        "approvals": [f"{row['gate']} by {row['actor']}: {row['voided_why']}" for row in approvals],
        "tree": [await git.text(repository.path, "rev-parse", "refs/heads/main^{tree}")],
    }
    ids = {str(run.id): "RUN" for run in await all_runs(world)}
    return {name: Counter(_usual(one, ids) for one in listed) for name, listed in found.items()}


def _usual(words: str, ids: Mapping[str, str]) -> str:
    for known, name in ids.items():
        words = words.replace(known, name)
    words = re.sub(r"\$\d+\.\d+|\b\d+\.\d+ s\b", "SOME", re.sub(r"127\.0\.0\.1:\d+|issuecomment-\d+", "PLACE", words))
    return re.sub(r"\b[0-9a-f]{12,64}\b", "HEX", words)


async def play(
    world: World, usual: list[Counter[str]] | None
) -> tuple[list[Counter[str]], list[dict[str, Counter[str]]]]:
    """What each chapter passed, and what there was to be seen behind it."""
    passed, found = [], []
    met: set[str] = set()
    died: set[str] = set()
    for number, chapter in enumerate(CHAPTERS):
        deaths = Once(usual[number] if usual is not None else None)
        await chapter(world)
        faults.disarm()
        assert usual is None or deaths.died, f"{chapter.__name__}: nobody died"
        met, died = met | set(deaths.passed), died | deaths.died
        passed.append(deaths.passed)
        found.append(await seen(world))
    assert usual is None or met - died == set(), "nobody died at these"
    return passed, found


@pytest.mark.slow
async def test_a_death_at_any_point_of_what_people_steer_is_not_seen_and_every_effect_is_there_once(
    tmp_path: Path,
) -> None:
    stories: list[tuple[list[Counter[str]], list[dict[str, Counter[str]]]]] = []
    for name in ("usual", "deaths"):
        (tmp_path / name).mkdir()
        place = source(tmp_path / name, FILES, plan={"wait": "always"})
        async with quick_world(tmp_path / name, script=SCRIPT, source=place, policy=AT_ONCE) as world:
            stories.append(await play(world, stories[0][0] if stories else None))
    for chapter, usual, found in zip(CHAPTERS, stories[0][1], stories[1][1], strict=True):
        different = {name: (found[name] - usual[name], usual[name] - found[name]) for name in usual}
        assert {name: one for name, one in different.items() if any(one)} == {}, chapter.__name__
