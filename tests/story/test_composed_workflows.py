"""Workflows made of others, played: composite steps, sub-workflows, and files of the owner's `.github` repository."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import shared_repository
from story_trust import quick_world
from story_workflows import begin
from story_world import World

from adapters.store import parts, runs, steps
from core import faults
from core.runs import Run
from core.states import RunState
from core.workflow.catalogue import File, catalogue
from jobs.records import record_of
from jobs.replay import replay

PLACE, PIECES = ".github/pullwright/workflows", ".github/pullwright/steps"

COUNT = """
name: count
inputs: {word: {type: string}, most: {type: number, default: 0}}
steps:
  - id: find
    run: grep -rhoe "$WORD" slugs | wc -l
    env: {WORD: "${{ inputs.word }}"}
    capture: {format: number}
  - {id: many, run: "echo many", when: "${{ steps.find.output > inputs.most }}"}
outputs: {places: "${{ steps.find.output }}"}
"""
OUTER = """
name: mine
inputs: {task: {type: string, default: return}}
steps:
  - {id: before, run: "echo before"}
  - {id: look, uses: count, with: {word: "${{ inputs.task }}"}}
  - {id: say, github: {comment: "${{ steps.look.places }} places, ${{ steps.look.keys() | list | length }} output."}}
"""
NOTE = """
name: note
inputs: {words: {type: string}}
steps:
  - {id: file, write: {path: NOTE.md, content: "${{ inputs.words }}"}}
  - {id: size, run: "wc -c < NOTE.md", capture: {format: number}}
outputs: {size: "${{ steps.size.output }}"}
"""
CALLS = """
name: mine
steps:
  - {id: first, write: {path: FIRST.md, content: "first"}}
  - {id: sub, workflow: {name: note, with: {words: "hello"}}}
  - {id: both, run: "cat FIRST.md NOTE.md"}
  - {id: say, github: {comment: "${{ steps.sub.size }} bytes: ${{ steps.both.output }}"}}
"""


def pinned(text: str, **others: str) -> str:
    """The text of `mine`, as its run would pin it."""
    own = [
        File(f"{PIECES}/{name.removeprefix('step_')}.yml" if name.startswith("step_") else f"{PLACE}/{name}.yml", said)
        for name, said in {"mine": text, **others}.items()
    ]
    found = catalogue({}, own).get("mine")
    assert found is not None
    assert found.mistakes == ()
    return found.text


async def parts_of(world: World, run: Run) -> Sequence[Run]:
    async with world.services.store.read() as db:
        return [await runs.require(db, one.id) for one in await parts.of_step(db, run.id, "sub")]


async def keys(world: World, run: Run) -> list[str]:
    async with world.services.store.read() as db:
        return [memo.key for memo in await steps.all_(db, run.id) if "/" not in memo.key]


async def ended(world: World, run_id: str) -> Run:
    async with world.services.store.read() as db:
        return await runs.require(db, run_id)


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path) as opened:
        yield opened


@pytest.mark.slow
async def test_a_composite_step_hands_over_its_outputs_and_is_replayed(world: World) -> None:
    run_id = await begin(world, pinned(OUTER, step_count=COUNT))
    await world.settle()
    run = await ended(world, run_id)
    assert (run.state, run.ended_why) == (RunState.succeeded, "every step is done")
    assert await keys(world, run) == ["before", "look", "look.find", "look.many", "say"]
    assert "1 places, 1 output." in world.replies()
    async with world.services.store.read() as db:
        record = await record_of(db, world.services.artifacts, run.id)
    replayed = await replay(record)
    assert (replayed.difference, replayed.steps) == (None, 5)


async def test_a_sub_workflow_is_a_silent_run_whose_tree_and_outputs_come_back(world: World) -> None:
    run_id = await begin(world, pinned(CALLS, note=NOTE))
    await world.settle()
    run = await ended(world, run_id)
    assert (run.state, run.ended_why) == (RunState.succeeded, "every step is done")
    (part,) = await parts_of(world, run)
    assert (part.workflow, part.inputs, part.workflow_text) == ("note", {"words": "hello"}, NOTE)
    assert "5 bytes: firsthello" in world.replies()
    assert [body.partition(":")[0] for body in world.replies()] == ["**✅ Done**", "5 bytes"]


FAILS = """
name: note
steps: [{id: bad, run: "exit 3"}]
"""
TRIES = """
name: mine
steps:
  - id: sub
    workflow: {name: note}
    retry: {attempts: 2, delay: 1s, jitter: false}
    continue_on_error: true
  - {id: say, github: {comment: "${{ steps.sub.code }}: ${{ steps.sub.why }}"}}
"""


@pytest.mark.slow
async def test_a_sub_workflow_that_fails_fails_its_step_and_a_new_attempt_is_a_new_run(world: World) -> None:
    run_id = await begin(world, pinned(TRIES, note=FAILS))
    await world.settle_in_time()
    run = await ended(world, run_id)
    assert run.state is RunState.succeeded
    assert [(part.state, part.ended_code) for part in await parts_of(world, run)] == [
        (RunState.failed, "command-failed"),
        (RunState.failed, "command-failed"),
    ]
    assert "workflow-failed: `note` failed: The command of `bad` ended with 3." in world.replies()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["step.after_intent", "step.before_outcome", "memo.before_keep", "sub.before_bell"])
async def test_no_death_of_a_worker_does_a_part_twice_or_leaves_it_out(point: str, tmp_path: Path) -> None:
    sub = NOTE.replace("  - {id: size", "  - {id: look, uses: count, with: {word: def}}\n  - {id: size")
    async with quick_world(tmp_path) as world:
        run_id = await begin(world, pinned(CALLS, note=sub, step_count=COUNT))
        deaths = Deaths(point, every=3)
        await survive(world)
        run = await ended(world, run_id)
        assert deaths.died > 0
        assert (run.state, run.ended_why) == (RunState.succeeded, "every step is done")
        (part,) = await parts_of(world, run)
        assert await keys(world, part) == ["file", "look", "look.find", "look.many", "size"]
        assert [body.partition(":")[0] for body in world.replies()] == ["**✅ Done**", "5 bytes"]


async def test_a_repository_uses_the_workflows_of_its_owner_at_a_recorded_commit(world: World) -> None:
    calls = "name: greet\non: {command: greet}\nsteps:\n  - {id: look, uses: count, with: {word: def}}\n"
    calls += "  - {id: say, github: {comment: '${{ steps.look.places }} functions'}}\n"
    shared = await shared_repository(
        world, {"pullwright/workflows/greet.yml": calls, "pullwright/steps/count.yml": COUNT}
    )
    issue = await world.requester.open_issue("Hello", "There.")
    await world.requester.comment(issue.number, "/greet")
    await world.settle()
    run = await world.run()
    assert (run.workflow, run.state, run.ended_why) == ("greet", RunState.succeeded, "every step is done")
    assert "1 functions" in world.replies(issue.number)
    queued = next(entry for entry in await world.journal() if entry.name == "run.queued")
    sha = (await world.town.github.world.branches(shared))["main"]
    assert queued.facts["origins"] == [f"acme/.github@{sha}"]
    assert world.town.github.world.unknown_requests == []


async def test_an_owners_repository_that_the_app_is_not_installed_on_counts_for_nothing(world: World) -> None:
    text = "name: greet\non: {command: greet}\nsteps: [{id: a, run: 'true'}]\n"
    await shared_repository(world, {"pullwright/workflows/greet.yml": text}, installed=False)
    issue = await world.requester.open_issue("Hello", "There.")
    await world.requester.comment(issue.number, "/greet")
    await world.settle()
    async with world.services.store.read() as db:
        assert await runs.recent(db, 1) == []
