"""Vouching, played: a commit let run by its name, what an event withheld, another base, and a stranger's answer."""

from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import all_runs, newcomer, quick_world
from story_workflows import begin
from story_world import World

from bot.demo.github.people import Person
from core.workflow.sources import FOLDER
from jobs.intake import drain

WATCH = """
name: watch
on: {pull_request: {}}
steps: [{id: see, run: "test -f idea.txt"}]
"""
ASKS = """
name: own
steps:
  - {id: colour, ask: {question: Say which colour}}
  - id: paint
    run: test "$SAID" = "blue, of mallory"
    env: {SAID: "${{ steps.colour.answer }}, of ${{ steps.colour.by }}"}
"""

pytestmark = pytest.mark.slow


async def offered(world: World) -> tuple[Person, int]:
    """Mallory, a stranger, at her fork, and the number of the pull request that she opened from it."""
    mallory = newcomer(world, "mallory")
    fork = await mallory.fork()
    await fork.push("idea", {"idea.txt": "One.\n"}, "feat: idea")
    return fork, (await mallory.open_pull("mallory:idea", "main", "An idea", "Take it.")).number


def head_of(world: World, number: int) -> str:
    pull = world.town.github.world.issue(world.town.repository, number).pull
    assert pull is not None
    return pull.head_sha


async def test_what_an_event_withheld_begins_once_by_the_name_of_the_commit_that_somebody_looked_at(
    tmp_path: Path,
) -> None:
    place = source(tmp_path, {f"{FOLDER}/watch.yml": WATCH})
    async with quick_world(tmp_path, source=place, policy=AT_ONCE, script={}) as world:
        fork, number = await offered(world)
        await world.settle()
        assert (await all_runs(world), world.replies(number)) == ([], [])
        first = head_of(world, number)
        await world.requester.comment(number, f"/ok-to-run {first[:7]}")
        await world.settle()
        (run,) = await all_runs(world)
        assert (run.state, run.snapshot.head, run.snapshot.fork, run.requester) == ("succeeded", first, True, "rosa")
        assert run.trigger_key == f"pull:{run.repo.id}:{number}:opened:{first}:watch"
        told = world.replies(number)[0]
        assert told.startswith(f"Everything that runs automatically here (`watch`) starts at `{first[:12]}` for ")
        assert told.endswith(f", because you named `{first}`.")
        await world.requester.comment(number, f"/ok-to-run {first}")
        await world.settle()
        assert len(await all_runs(world)) == 1
        await fork.push("idea", {"idea.txt": "Two.\n"}, "feat: more")
        await world.settle()
        await world.requester.comment(number, f"/ok-to-run {first[:7]}")
        await world.settle()
        assert len(await all_runs(world)) == 1
        assert world.replies(number)[-1].startswith("That matches nothing here now")
        await world.requester.comment(number, f"/ok-to-run {head_of(world, number)[:7]}")
        await world.settle()
        assert [run.snapshot.head for run in await all_runs(world)] == [head_of(world, number), first]


async def test_another_base_and_a_strangers_push_to_a_members_fork_need_another_word(tmp_path: Path) -> None:
    place = source(tmp_path, {f"{FOLDER}/watch.yml": WATCH})
    async with quick_world(tmp_path, source=place, policy=AT_ONCE, script={}) as world:
        fork, number = await offered(world)
        repository, pull = world.town.repository, world.town.github.world.issue(world.town.repository, number).pull
        assert pull is not None
        await world.town.person("ada").push("release", {"release.txt": "1\n"}, "chore: release")
        await world.settle()
        await world.requester.comment(number, "/ok-to-run")
        await world.settle()
        digest = world.replies(number)[-1].partition("`/ok-to-run ")[2].partition("`")[0]
        await world.requester.comment(number, f"/ok-to-run {digest}")
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        pull.base_ref = "release"
        await world.settle()
        (run,) = await all_runs(world)
        assert (run.state, run.ended_code) == ("cancelled", "base-changed")
        assert run.ended_why == (
            "the pull request now targets `release`, and the run may work on it only for `main`. "
            "To have it worked on for the new base, ask again"
        )
        await world.requester.comment(number, f"/ok-to-run {digest}")
        await world.settle()
        assert world.replies(number)[-1].startswith("That matches nothing here now")
        world.town.github.world.add_collaborator(repository, "mallory", "triage")
        eve = newcomer(world, "eve").at(fork.repository)
        world.town.github.world.add_collaborator(fork.repository, "eve", "write")
        await eve.push("idea", {"idea.txt": "Three.\n"}, "feat: mine")
        await world.settle()
        await world.requester.comment(number, "/fix")
        await world.settle()
        assert world.replies(number)[-1].startswith(
            f"`/fix` would work with `{head_of(world, number)[:12]}`, pushed to a fork by @eve, who may not "
            "start work here. Look at it, then say `/ok-to-run "
        )
        assert len(await all_runs(world)) == 1


async def test_a_strangers_push_to_a_members_fork_is_known_though_github_shows_it_late(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as world:
        fork, number = await offered(world)
        pull = world.town.github.world.issue(world.town.repository, number).pull
        assert pull is not None
        world.town.github.world.add_collaborator(world.town.repository, "mallory", "triage")
        await world.settle()
        eve = newcomer(world, "eve").at(fork.repository)
        world.town.github.world.add_collaborator(fork.repository, "eve", "write")
        before = pull.head_sha
        await eve.push("idea", {"idea.txt": "Two.\n"}, "feat: mine")
        await world.town.github.webhooks.delivered()
        theirs, pull.head_sha = pull.head_sha, before
        await drain(world.services)
        pull.head_sha = theirs
        world.clock.leap(31)  # when it is looked at again
        await world.settle()
        await world.requester.comment(number, "/fix")
        await world.settle()
        assert f"`/fix` would work with `{theirs[:12]}`, pushed to a fork by @eve" in world.replies(number)[-1]
        assert await all_runs(world) == []


async def test_a_strangers_answer_counts_by_the_word_of_a_member_and_not_once_it_was_edited(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script={}) as world:
        mallory = newcomer(world, "mallory")
        await begin(world, ASKS)
        await world.settle()
        number = (await world.run()).subject.number
        for said in ("red", "blue"):
            theirs = await mallory.comment(number, f"/answer {said}")
            await world.settle()
            assert (await world.run()).state == "waiting"
            await world.requester.comment(number, "/ok-to-run")
            await world.settle()
            digest = world.replies(number)[-1].partition("`/ok-to-run ")[2].partition("`")[0]
            await world.requester.comment(number, f"/ok-to-run {digest}")
            if said == "red":
                await world.town.github.webhooks.delivered()
                await drain(world.services)
                world.clock.leap(2)
                await mallory.edit_comment(theirs.id, "/answer green")
            await world.settle()
            if said == "red":
                assert (await world.run()).state == "waiting"
                assert "That answer does not count: its comment was edited or deleted" in "".join(world.replies(number))
        run = await world.run()
        assert run.state == "succeeded", run.ended_why
        (taken,) = [one for one in await world.journal() if one.name == "answer.taken"]
        assert (taken.actor, taken.facts["by"], taken.facts["answer"]) == ("rosa", "mallory", "blue")
