"""Pull requests that start work by themselves: once per head, for somebody who may, and never for strangers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import all_runs, newcomer, quick_world
from story_world import World

from core.workflow.sources import FOLDER

LOOK = """
name: look
on:
  pull_request: {types: [opened, synchronize, reopened, labeled], branches: [main], paths: ["slugs/**"]}
concurrency: supersede
steps:
  - {id: head, run: "test -f slugs/idea.py"}
  - {id: which, ask: {question: Say which one}}
"""

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    files = {f"{FOLDER}/look.yml": LOOK}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script={}) as opened:
        await opened.approver.push("idea", {"slugs/idea.py": "X = 1\n"}, "feat: idea")
        yield opened


async def test_each_head_of_a_pull_request_starts_one_run_that_works_with_it_and_the_newest_stays(world: World) -> None:
    number = (await world.approver.open_pull("idea", "main", "An idea")).number
    await world.settle()
    head = await world.approver.push("idea", {"slugs/idea.py": "X = 2\n"}, "fix: idea")
    await world.settle()
    second, first = await all_runs(world)
    assert (first.state, second.state) == ("cancelled", "waiting"), (first.ended_why, second.ended_why)
    assert (second.subject.kind, second.subject.number, second.requester) == ("pull_request", number, "ada")
    assert second.snapshot.head == head
    assert second.trigger_key == f"pull:{second.repo.id}:{number}:synchronize:{head}:look"
    await world.approver.close_pull(number)
    await world.settle()
    assert (await all_runs(world))[0].state == "cancelled"
    await world.approver.reopen_issue(number)
    await world.settle()
    assert (await all_runs(world))[0].trigger_key.endswith(f":reopened:{head}:look")


async def test_a_strangers_pull_request_starts_nothing_until_somebody_who_may_labels_it(world: World) -> None:
    stranger = newcomer(world, "mallory")
    number = (await stranger.open_pull("idea", "main", "An idea", "Spend something.")).number
    await world.settle()
    await world.approver.push("idea", {"slugs/idea.py": "X = 2\n"}, "fix: idea")
    await world.settle()
    assert await all_runs(world) == []
    assert world.comments(number) == []
    await world.requester.label(number, "bug")
    await world.settle()
    (run,) = await all_runs(world)
    assert (run.requester, run.subject.number, run.state) == ("rosa", number, "waiting")


async def test_what_touches_none_of_the_paths_or_goes_elsewhere_starts_nothing(world: World) -> None:
    await world.approver.push("words", {"NOTES.md": "Hello.\n"}, "docs: greet")
    await world.approver.push("stable", {"NOTES.md": "Stable.\n"}, "docs: stable")
    await world.approver.open_pull("words", "main", "Words")
    await world.approver.open_pull("idea", "stable", "An idea for stable")
    await world.settle()
    assert await all_runs(world) == []


async def test_closing_a_pull_request_ends_the_run_about_it_and_those_in_line(world: World) -> None:
    await world.approver.push("main", {f"{FOLDER}/look.yml": LOOK.replace("supersede", "queue")}, "chore: wait in line")
    number = (await world.approver.open_pull("idea", "main", "An idea")).number
    await world.settle()
    await world.approver.push("idea", {"slugs/idea.py": "X = 2\n"}, "fix: idea")
    await world.settle()
    second, first = await all_runs(world)
    assert (first.state, second.state, second.behind_id) == ("waiting", "queued", first.id)
    await world.approver.close_pull(number)
    await world.settle()
    assert [run.state for run in await all_runs(world)] == ["cancelled", "cancelled"]
