"""A worker that dies anywhere in `investigate`, `review` or `revert`: one comment, one review, one pull request."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, fault_points, survive
from story_sources import AT_ONCE, source
from story_trust import all_runs, ourselves, quick_world
from story_workflows import begin
from story_world import World

from adapters.store import events
from bot.demo.github import git
from bot.demo.github.acts import pulls
from core import faults
from jobs.records import record_of
from jobs.replay import replay

FAILS = """
name: fails
steps:
  - {id: doomed, run: "exit 3"}
"""
SCRIPT: Mapping[str, Any] = {
    "diagnose": [{"submit": {"cause": "It exits.", "evidence": "exit 3", "next_step": "Do not."}}],
    "review": [
        {"read": "idea.txt"},
        {
            "submit": {
                "verdict": "concerns",
                "summary": "An idea.",
                "findings": [{"path": "idea.txt", "line": 1, "note": "Which idea?"}],
            }
        },
    ],
}
HERE = [
    point
    for point in fault_points()
    if point.partition(".")[0] in {"agent", "effect", "memo", "push", "step", "store"} and "checkpoint" not in point
]
"""No agent of these workflows writes; parts of runs have stories of their own."""
RARELY = {"store.before_commit": 31, "store.after_commit": 31}
"""Points that the story passes hundreds of times: more deaths in a row than it can make headway between."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@dataclass(frozen=True)
class Account:
    """What came of the story: everything that people see, and what was paid for."""

    ended: Mapping[str, str]
    comments: Mapping[str, int]
    reviews: tuple[tuple[str, int], ...]
    """Of each review of ours its state, and how many comments it has on lines."""
    pulls: tuple[str, ...]
    reverted: str
    replies: int


async def prepared(world: World) -> tuple[int, int, int]:
    """An issue with a failed run, a pull request of ada's, and a merged one of ours."""
    issue = (await world.requester.open_issue("It fails")).number
    await begin(world, FAILS, issue=issue)
    await world.settle()
    repository, github = world.town.repository, world.town.github.world
    await world.approver.push("pullwright/done", {"done.txt": "done\n"}, "feat: done")
    asked = {"head": "pullwright/done", "base": "main", "title": "done", "body": "", "draft": False}
    ours = await pulls.open_pull(github, ourselves(world), repository, asked)
    await world.approver.merge(ours, "squash")
    await world.approver.push("idea", {"idea.txt": "idea\n"}, "feat: idea")
    theirs = await world.approver.open_pull("idea", "main", "An idea")
    await world.settle()
    return issue, theirs.number, ours.number


async def play(world: World, issue: int, theirs: int, ours: int) -> Account:
    for number, words in ((issue, "/investigate"), (theirs, "/review"), (ours, "/revert")):
        await world.requester.comment(number, words)
        await survive(world)
    world.clock.leap(61)
    await survive(world)
    faults.disarm()
    return await account(world)


async def account(world: World) -> Account:
    found, repository, journals = await all_runs(world), world.town.repository, []
    async with world.services.store.read() as db:
        for run in found:
            journals += await events.of_run(db, run.id)
    opened = world.town.github.world.pulls(repository)
    reviews = [(review, pull.pull) for pull in opened if pull.pull is not None for review in pull.pull.reviews]
    newest = max(opened, key=lambda pull: pull.number).pull
    assert newest is not None

    def plain(text: str) -> str:
        for run in found:
            text = text.replace(run.id, "RUN")
        return text.split("\n")[0]

    return Account(
        ended={run.workflow: f"{run.state}: {run.ended_why or (run.waiting and run.waiting.what)}" for run in found},
        comments=Counter(plain(reply) for reply in world.replies()),
        reviews=tuple((review.state, sum(one.review is review for one in pull.comments)) for review, pull in reviews),
        pulls=tuple(pull.title for pull in opened),
        reverted=await git.text(repository.path, "rev-parse", f"refs/heads/{newest.head_ref}^{{tree}}"),
        replies=sum(event.name == "model.replied" for event in journals),
    )


_undisturbed: list[Account] = []


@pytest.fixture
async def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account of the story in which nobody dies; played once."""
    if not _undisturbed:
        folder = tmp_path_factory.mktemp("undisturbed")
        async with quick_world(folder, source=source(folder), policy=AT_ONCE, script=SCRIPT) as world:
            _undisturbed.append(await play(world, *await prepared(world)))
    found = _undisturbed[0]
    assert found.ended == {
        "fails": "failed: The command of `doomed` ended with 3.",
        "investigate": "succeeded: every step is done",
        "review": "succeeded: every step is done",
        "revert": "waiting: approval",
    }
    assert found.reviews == (("COMMENTED", 1),)
    assert len([title for title in found.pulls if title.startswith("Revert")]) == 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", HERE)
async def test_a_death_at_this_point_is_not_seen_by_anybody(tmp_path: Path, undisturbed: Account, name: str) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        subjects = await prepared(world)
        deaths = Deaths(name, every=RARELY.get(name, 4))
        assert await play(world, *subjects) == undisturbed
        assert deaths.died > 0, "the story comes by every one of these points"


@pytest.mark.slow
async def test_what_they_did_can_be_replayed_from_their_records(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        await play(world, *await prepared(world))
        found = await all_runs(world)
        async with world.services.store.read() as db:
            records = [await record_of(db, world.services.artifacts, run.id) for run in found]
    replays = [await replay(record) for record in records]
    assert [(run.workflow, one.difference) for run, one in zip(found, replays, strict=True)] == [
        (run.workflow, None) for run in found
    ]
    assert {run.workflow: one.replies for run, one in zip(found, replays, strict=True)} == {
        "fails": 0,
        "investigate": 1,
        "review": 2,
        "revert": 0,
    }
