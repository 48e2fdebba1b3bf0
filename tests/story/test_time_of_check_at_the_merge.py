"""Between the approval of a change and its merge: whatever happens then is noticed, and the thread says what it was."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import change_waits, give, nothing_merged, quick_world
from story_world import World

from bot.demo.github import git
from bot.demo.github.acts import merging
from bot.demo.github.records import Comment

WAITS = "0 of 1 approvals given: it needs one person with the role `write` or above, not the requester."


async def approved_and_put_off(world: World) -> Comment:
    """A change that ada's comment approved, and whose merge GitHub did not answer: it is tried again later."""
    await change_waits(world)
    world.town.github.faults.fail_next("PUT", "/repos/*/pulls/*/merge", 502, times=3)  # as long as this may take
    comment = await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
    await world.settle()
    finished = [event.facts["step"] for event in await world.journal() if event.name == "step.finished"]
    assert finished[-1] == "change-approved"
    world.clock.leap(5)
    return comment


async def _edited(world: World, comment: Comment) -> None:
    await world.approver.edit_comment(comment.id, "Wait, no.")


async def _deleted(world: World, comment: Comment) -> None:
    await world.approver.delete_comment(comment.id)


async def _revoked(world: World, comment: Comment) -> None:
    give(world, "ada", "triage")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_edited, "＠ada edited the comment"),
        (_deleted, "＠ada deleted the comment"),
        (_revoked, "Approving the change needs the role `write` or above, and ＠ada has the role `triage`"),
    ],
)
async def test_an_approval_that_counts_no_more_at_the_merge_is_asked_for_anew_with_the_reason(
    tmp_path: Path, happens: Callable[[World, Comment], Awaitable[None]], why: str
) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        comment = await approved_and_put_off(world)
        await happens(world, comment)
        await world.settle_in_time()
        run, digest = await world.run(), await world.digest()
        assert (run.state, nothing_merged(world)) == ("waiting", True)
        assert world.checks()["pullwright/approval"] == "action_required"
        assert run.waiting is not None
        assert world.replies(world.pull_number)[-1] == (
            f"@{run.waiting.person}, this change needs your approval. {WAITS}\n\n"
            f"- The approval of @ada no longer counts: {why}.\n\n"
            f"To approve exactly this, comment `/approve {digest}`. To stop, comment `/reject` with a reason.\n\n"
            f"- [ ] Approve `{digest}`\n- [ ] Reject it"
        )


@pytest.mark.slow
async def test_what_is_pushed_between_approval_and_merge_is_not_merged_and_its_author_is_asked(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        await approved_and_put_off(world)
        branch = world.pull.head_ref
        pushed = await world.approver.push(branch, {"slugs/more.py": "Y = 2\n"}, "a little more")
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, nothing_merged(world)) == ("waiting", True)
        assert world.replies(world.pull_number)[-1].startswith(
            f"@ada @rosa, `{branch}` is at {pushed[:12]} now, which is not what I tested. I stop here, and write over "
            "nobody's commits."
        )


@pytest.mark.slow
async def test_a_base_that_moves_beside_the_change_between_approval_and_merge_is_merged_into(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        await approved_and_put_off(world)
        await world.requester.push("main", {"later.txt": "later\n"}, "elsewhere")
        await world.settle_in_time()
        assert world.pull.merged_at is not None
        merged = str(world.pull.merge_commit_sha)[:12]
        assert (
            f"👍 #{world.pull_number} is merged into `main` as {merged}. What was merged is what was approved."
        ) in world.replies()


@pytest.mark.slow
async def test_a_merge_that_brings_a_path_besides_what_was_approved_is_red_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = merging._merged

    async def with_more(*arguments: Any) -> str:
        """As GitHub merges, and a file besides."""
        new, path = await honest(*arguments), arguments[2].path
        tree = await git.edited_tree(path, new, {"besides.txt": b"nobody saw this\n"})
        return await git.commit(path, tree, [arguments[5]], "merged\n", git.GITHUB, git.GITHUB, arguments[0].stamp())

    monkeypatch.setattr(merging, "_merged", with_more)
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        await change_waits(world)
        number = world.pull_number
        await world.approver.comment(number, f"/approve {await world.digest()}")
        await world.settle()
        run, merged = await world.run(), str(world.pull.merge_commit_sha)
        assert (run.state, run.ended_why) == (
            "failed",
            f"The merge {merged[:12]} brought something else than was approved in besides.txt.",
        )
        assert world.checks()["pullwright/approval"] == "failure"
        assert any(run.ended_why in one for one in world.replies(number))
