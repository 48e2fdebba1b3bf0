"""The base moves under a change that waits: it is put onto the base as it is now, tested again, and asked for anew."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import DONE, NEW, PATH, QUICK, change_waits, nothing_merged, quick_world
from story_workflows import begin
from story_world import World

from bot.demo.github import git
from core import faults
from jobs.records import record_of
from jobs.replay import Replayed, replay

THEIRS = 'return re.sub(r"[^a-z0-9]", "_", title.lower())'
BOTH = 'return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")'
RESOLVE = f"""python3 - <<'END'
import re
text = open("{PATH}").read()
open("{PATH}", "w").write(re.sub("<{{7}}.*>{{7}} [0-9a-f]+", {"    " + BOTH!r}, text, flags=re.S))
END"""
LEAVE = f"sed -i '/^=======$/d' {PATH}"
SCRIPT = {**QUICK, "change~2": [{"run": RESOLVE}, {"submit": {**DONE, "summary": "Runs become one underscore."}}]}
NOTE = """
name: note
steps:
  - {id: note, run: {script: "sed -i s/hyphen/dash/ slugs/text.py", writes: true}}
  - {id: ship, ship: {title: "say dash"}}
  - {id: approved, gate: {binds: change}}
  - {id: merge, merge: {}, when: "${{ policy.merge == 'bot' }}"}
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def at_once(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and the bot merges."""
    async with quick_world(tmp_path, script=SCRIPT, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened


async def replayed(world: World) -> Replayed:
    run = await world.run()
    async with world.services.store.read() as db:
        return await replay(await record_of(db, world.services.artifacts, run.id))


async def text_on(world: World, ref: str) -> str:
    return await git.text(world.town.repository.path, "show", f"{ref}:{PATH}")


async def moves(world: World, *, under: bool = True) -> str:
    """`main` gets another first line in the changed file, or the changed line itself; its head."""
    text = await text_on(world, "main") + "\n"
    new = (
        f'"""Slugs."""\n\n{text}' if under else text.replace('return re.sub(r"[^a-z0-9]", "-", title.lower())', THEIRS)
    )
    return await world.requester.push("main", {PATH: new}, "say what it is @ada" if under else "underscores")


async def test_a_change_whose_base_moved_under_it_is_put_there_tested_and_asked_for_anew(at_once: World) -> None:
    await change_waits(at_once)
    old, was, number = await at_once.digest(), at_once.pull.head_sha, at_once.pull_number
    base = await git.text(at_once.town.repository.path, "rev-parse", "main")
    now = await moves(at_once)
    await at_once.approver.comment(number, f"/approve {old}")
    await at_once.settle()
    run, new = await at_once.run(), await at_once.digest()
    assert (run.state, run.waiting and run.waiting.what, new != old) == ("waiting", "approval", True), run.ended_why
    assert nothing_merged(at_once)
    assert await git.text(at_once.town.repository.path, "rev-parse", f"{at_once.pull.head_sha}^") == now
    assert at_once.replies(number)[-1].startswith(
        "@ada, this change needs your approval. 0 of 1 approvals given: it needs one person with the role `write` or "
        "above, not the requester.\n\n"
        f"`main` moved from {base[:12]} to {now[:12]}, under files that this change touches, so I put the change onto "
        "it and tested it again. What the change does by itself is line for line what it was. "
        f"Earlier approvals no longer count.\n\nIt changed:\n- `{PATH}`\n\n"
        f"1 commit of it did that:\n- {now[:12]} say what it is ＠ada\n\n"
        f"To approve exactly this, comment `/approve {new}`."
    ), at_once.replies(number)[-1]
    assert at_once.town.model is not None
    asked = [name.partition("/")[2] for name in at_once.town.model.conversations]
    assert ("review~2" in asked, "change~2" in asked) == (True, False), asked
    await at_once.approver.comment(number, f"/approve {old}")
    await at_once.settle()
    assert nothing_merged(at_once)
    assert at_once.replies(number)[-1] == f"That is an older change. The current one is `{new}`: `/approve {new}`."
    await at_once.approver.comment(number, f"/approve {new}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"
    merged = await text_on(at_once, "main")
    assert (merged.startswith('"""Slugs."""'), NEW in merged) == (True, True)
    assert at_once.pull.head_sha != was


@pytest.mark.slow
async def test_lines_that_both_changed_go_to_the_agent_with_markers_and_people_are_told_to_look_there(
    at_once: World,
) -> None:
    await change_waits(at_once)
    old, number = await at_once.digest(), at_once.pull_number
    now = await moves(at_once, under=False)
    await at_once.approver.comment(number, f"/approve {old}")
    await at_once.settle()
    run = await at_once.run()
    assert (run.state, nothing_merged(at_once)) == ("waiting", True), run.ended_why
    assert at_once.town.model is not None
    told = str(next(one for name, one in at_once.town.model.conversations.items() if name.endswith("/change~2")))
    assert "You did this before, and `main` has changed the same lines since." in told
    assert (
        BOTH in await text_on(at_once, at_once.pull.head_sha),
        "<<<<" in await text_on(at_once, at_once.pull.head_sha),
    ) == (*(True, False),)
    said = at_once.replies(number)[-1]
    assert "A model made one of both, and it was tested again: look there first." in said
    assert f"- {now[:12]} underscores" in said
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert BOTH in await text_on(at_once, "main")


@pytest.mark.slow
async def test_markers_that_the_agent_leaves_are_never_pushed(tmp_path: Path) -> None:
    script = {**SCRIPT, "change~2": [{"run": LEAVE}, {"submit": DONE}], "tests~2/repair:1": [{"submit": DONE}]}
    of_any = source(tmp_path, checks={"tests": {"run": "true"}})
    async with quick_world(tmp_path, script=script, source=of_any, policy=AT_ONCE) as world:
        await change_waits(world)
        before = world.pull.head_sha
        await moves(world, under=False)
        await world.approver.comment(world.pull_number, "/approve")
        await world.settle()
        run = await world.run()
        assert (run.ended_code, run.ended_why) == ("change-refused", f"Markers of a merge were left in {PATH}.")
        assert world.pull.head_sha == before


@pytest.mark.slow
async def test_where_no_agent_can_make_one_of_both_people_are_told_what_stands_against_what_and_the_run_waits(
    tmp_path: Path,
) -> None:
    async with quick_world(tmp_path, script={}, source=source(tmp_path), policy=AT_ONCE) as world:
        await begin(world, NOTE)
        await world.settle()
        number, before = world.pull_number, world.pull.head_sha
        text = await text_on(world, "main") + "\n"
        now = await world.requester.push("main", {PATH: text.replace("a hyphen", "one hyphen")}, "count @ada")
        await world.approver.comment(number, "/approve")
        await world.settle()
        run = await world.run()
        assert (run.state, run.waiting and run.waiting.why) == (
            *("waiting", f"`main` changed the same paths since: {PATH}."),
        ), run.ended_why
        assert world.replies(number)[-1] == (
            "@rosa, this change and `main` do not go together any more. Both changed the same lines.\n\n"
            f"It changed:\n- `{PATH}`\n\n1 commit of it did that:\n- {now[:12]} count ＠ada\n\n"
            "Nothing is merged, and nothing is lost. `/take` makes the pull request yours, to put it onto `main` by "
            "hand; `/retry` on the issue makes a fresh change; `/cancel` ends it. Where `main` is such that both go "
            "together again, `/continue` has me look."
        )
        assert (nothing_merged(world), world.pull.head_sha) == (True, before)
        assert world.checks()["pullwright/approval"] == "failure"
        await world.requester.push("main", {PATH: text}, "count no more")
        said = world.town.github.world.comments_by(world.town.repository, "ada", number)[-1]
        await world.approver.edit_comment(said.id, "Not yet.")
        await world.requester.comment(number, "/continue")
        await world.settle()
        waiting = (await world.run()).waiting
        assert waiting is not None
        assert (waiting.stuck, waiting.digest is None, waiting.person) == (False, False, "ada")


@pytest.mark.slow
async def test_deaths_on_the_way_to_another_base_change_nothing_that_people_see(at_once: World) -> None:
    await change_waits(at_once)
    number = at_once.pull_number
    now = await moves(at_once)
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    deaths = Deaths("store.before_commit", every=19)
    await survive(at_once)
    assert deaths.died
    faults.disarm()
    assert len([one for one in at_once.replies(number) if "`main` moved from" in one]) == 1
    assert await git.text(at_once.town.repository.path, "rev-parse", f"{at_once.pull.head_sha}^") == now
    assert nothing_merged(at_once)
    assert (await replayed(at_once)).difference is None
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    await survive(at_once)
    assert (await at_once.run()).state == "succeeded"
    assert (await replayed(at_once)).difference is None


@pytest.mark.slow
async def test_a_base_that_moves_again_after_three_rounds_in_a_row_waits_for_people_whose_word_lets_it_go_on(
    tmp_path: Path,
) -> None:
    script = {**QUICK, "change~5": [{"submit": DONE}]}
    async with quick_world(tmp_path, script=script, source=source(tmp_path), policy=AT_ONCE) as world:
        await change_waits(world)
        number = world.pull_number
        for place in range(3):
            now = await moves(world)
            await world.approver.comment(number, f"/approve {await world.digest()}")
            await world.settle()
            assert await git.text(world.town.repository.path, "rev-parse", f"{world.pull.head_sha}^") == now, place
        before, last = world.pull.head_sha, await moves(world)
        await world.approver.comment(number, f"/approve {await world.digest()}")
        await world.settle()
        run = await world.run()
        assert (run.state, run.waiting and (run.waiting.stuck, run.waiting.why)) == (
            *("waiting", (True, f"`main` changed the same paths since: {PATH}.")),
        ), run.ended_why
        assert world.replies(number)[-1] == (
            "@rosa, this change and `main` do not go together any more. I put it there again and again, and it moved "
            f"each time.\n\nIt changed:\n- `{PATH}`\n\n1 commit of it did that:\n- {last[:12]} say what it is ＠ada\n\n"
            "Nothing is merged, and nothing is lost. `/take` makes the pull request yours, to put it onto `main` by "
            "hand; `/retry` on the issue makes a fresh change; `/cancel` ends it. Where `main` is such that both go "
            "together again, `/continue` has me look."
        )
        assert (nothing_merged(world), world.pull.head_sha) == (True, before)
        assert world.checks()["pullwright/approval"] == "failure"
        assert (await replayed(world)).difference is None

        await world.approver.request_changes(number, "Say why, please.")
        await world.settle()
        waiting = (await world.run()).waiting
        assert waiting is not None, (await world.run()).ended_why
        assert (waiting.stuck, waiting.person) == (False, "ada")
        assert await git.text(world.town.repository.path, "rev-parse", f"{world.pull.head_sha}^") == last
        await world.approver.comment(number, f"/approve {await world.digest()}")
        await world.settle()
        assert (await world.run()).state == "succeeded"
        assert (await text_on(world, "main")).count('"""Slugs."""') == 4
