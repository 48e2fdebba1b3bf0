"""Runs that are to begin where another one is at work: refused, in line, or in its place, whatever dies meanwhile."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import all_runs, give, newcomer, quick_world
from story_world import World

from adapters.store import events, line, runs, signals
from core import faults
from core.names import RunId
from core.runs import NewRun
from core.workflow.sources import FOLDER
from jobs import lines


def asks(name: str, concurrency: str) -> str:
    return (
        f"name: {name}\non: {{command: {name}}}\nconcurrency: {concurrency}\nsteps:\n"
        "  - {id: which, ask: {question: Say which one}}\n"
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    kinds = ("refuse", "queue", "supersede")
    files = {f"{FOLDER}/{name}-it.yml": asks(f"{name}-it", name) for name in kinds}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script={}) as opened:
        yield opened


async def ordered(world: World, *commands: str) -> int:
    """These commands, one after another, on a new issue; its number."""
    number = (await world.requester.open_issue("Which one?", "")).number
    for command in commands:
        await world.requester.comment(number, command)
        await world.settle()
    return number


async def test_those_in_line_begin_one_after_another_and_status_shows_them(world: World) -> None:
    number = await ordered(world, "/queue-it", "/queue-it", "/queue-it")
    third, second, first = await all_runs(world)
    assert (first.state, second.state, third.state) == ("waiting", "queued", "queued")
    assert second.behind_id == third.behind_id == first.id
    await world.requester.comment(number, "/status")
    await world.settle()
    assert world.replies(number)[-1].endswith(
        f"In line behind it: `{second.id}` of `queue-it`, `{third.id}` of `queue-it`."
    )
    await world.requester.comment(number, "/answer this one")
    await world.settle()
    third, second, first = await all_runs(world)
    assert (first.state, second.state, third.state) == ("succeeded", "waiting", "queued")
    assert (second.behind_id, third.behind_id) == (None, second.id)


@pytest.mark.slow
async def test_where_nothing_is_said_a_second_run_is_refused(world: World) -> None:
    number = await ordered(world, "/refuse-it", "/refuse-it")
    (run,) = await all_runs(world)
    assert world.replies(number)[-1].startswith(f"Run `{run.id}` is already working on this: ")


@pytest.mark.slow
async def test_one_that_supersedes_begins_when_the_other_is_cancelled_for_it(world: World) -> None:
    await ordered(world, "/supersede-it", "/supersede-it")
    second, first = await all_runs(world)
    assert (first.state, second.state) == ("cancelled", "waiting")
    assert first.ended_why == f"cancelled by @rosa: run {second.id} takes its place"


@pytest.mark.slow
async def test_one_that_supersedes_waits_behind_another_workflows_run(world: World) -> None:
    await ordered(world, "/queue-it", "/supersede-it")
    second, first = await all_runs(world)
    assert (first.state, second.state, second.behind_id) == ("waiting", "queued", first.id)


async def joined(world: World, front: RunId, numbers: range) -> list[str]:
    """What became of runs that would supersede, one after another, behind a run of another workflow."""
    became = []
    async with world.services.store.begin() as db:
        ahead = await runs.require(db, front)
        for number in numbers:
            new = NewRun(
                **{name: getattr(ahead, name) for name in ("repo", "subject", "base_ref", "base_sha", "snapshot")},
                id=world.services.ids.run(),
                workflow="supersede-it",
                workflow_text=asks("supersede-it", "supersede"),
                workflow_digest=ahead.workflow_digest,
                trigger_key=f"push:{number}",
                requester="rosa",
                source="test",
                created_at=world.clock.now() + timedelta(seconds=number),
            )
            found = await lines.join(db, new, "supersede", set())
            became.append(found if isinstance(found, str) else "in line")
    return became


@pytest.mark.slow
async def test_the_newest_of_those_that_supersede_is_never_refused_for_those_whose_place_it_takes(
    world: World,
) -> None:
    """Whatever is in front may take days: what was pushed last counts, and it is told once to each that it does not."""
    await ordered(world, "/queue-it")
    (front,) = await all_runs(world)
    assert await joined(world, front.id, range(lines.MOST_IN_LINE + 5)) == ["in line"] * (lines.MOST_IN_LINE + 5)
    async with world.services.store.read() as db:
        told = [await signals.pending(db, run.id) for run in await line.behind(db, front.id)]
    assert [len(each) for each in told] == [1] * (lines.MOST_IN_LINE + 4) + [0]


@pytest.mark.slow
async def test_a_run_in_line_begins_at_the_default_branch_of_then_for_a_requester_who_may_still_start_it(
    world: World,
) -> None:
    number = await ordered(world, "/queue-it", "/queue-it")
    second, first = await all_runs(world)
    head = await world.approver.push("main", {"new.txt": "new"}, "go on")
    await world.requester.comment(number, "/answer this one")
    await world.settle()
    moved, first = await all_runs(world)
    assert (first.base_sha, moved.id, moved.state) == (second.base_sha, second.id, "waiting")
    assert (moved.base_ref, moved.base_sha) == ("main", head)
    async with world.services.store.read() as db:
        journal = {entry.name: entry.facts for entry in await events.of_run(db, moved.id)}
        assert await signals.pending(db, moved.id) == []
    assert journal["run.looked_again"] == {"role": "write", "base": f"main@{head}"}


@pytest.mark.slow
async def test_a_run_in_line_whose_requester_lost_the_role_ends_and_says_why_and_the_next_one_begins(
    world: World,
) -> None:
    leo = newcomer(world, "leo", "write")
    number = await ordered(world, "/queue-it")
    await leo.comment(number, "/queue-it")
    await world.settle()
    await world.requester.comment(number, "/queue-it")
    await world.settle()
    give(world, "leo", "read")
    deaths = Deaths("store.before_commit", every=13)
    try:
        await world.requester.comment(number, "/answer this one")
        await survive(world)
    finally:
        faults.disarm()
    assert deaths.died > 1
    third, second, first = await all_runs(world)
    assert [run.state for run in (first, second, third)] == ["succeeded", "failed", "waiting"]
    assert (second.ended_code, second.requester) == ("requester-refused", "leo")
    assert second.ended_why == (
        f"Run {second.id} stood in line, and may not begin any more: Starting `queue-it` needs the role `triage` or "
        "above, and @leo has the role `read`."
    )
    assert any("stood in line, and may not begin any more" in reply for reply in world.replies(number))


@pytest.mark.slow
async def test_cancel_names_the_next_in_line_and_one_that_is_named_ends_when_it_is_its_turn(world: World) -> None:
    number = await ordered(world, "/queue-it", "/queue-it", "/queue-it")
    third, second, first = await all_runs(world)
    await world.requester.comment(number, f"/cancel {second.id} not needed")
    await world.settle()
    assert [run.state for run in await all_runs(world)] == ["queued", "queued", "waiting"]
    await world.requester.comment(number, "/cancel")
    await world.settle()
    third, second, first = await all_runs(world)
    assert [run.state for run in (first, second, third)] == ["cancelled", "cancelled", "waiting"]
    assert (second.ended_why, third.behind_id) == ("cancelled by @rosa: not needed", None)


@pytest.mark.slow
async def test_an_issue_that_is_closed_ends_those_in_line_too(world: World) -> None:
    number = await ordered(world, "/queue-it", "/queue-it")
    await world.requester.close_issue(number)
    await world.settle()
    assert [run.state for run in await all_runs(world)] == ["cancelled", "cancelled"]


@pytest.mark.slow
async def test_a_worker_that_dies_right_after_an_end_leaves_the_next_in_line_free_to_begin(world: World) -> None:
    number = await ordered(world, "/queue-it", "/queue-it")
    deaths = Deaths("end.before_bells", every=1_000)
    try:
        await world.requester.comment(number, "/cancel")
        await survive(world)
    finally:
        faults.disarm()
    second, first = await all_runs(world)
    assert deaths.died == 1
    assert (first.state, second.state, second.behind_id) == ("cancelled", "waiting", None)
