"""`revert`: a merge of ours is taken back by a pull request of its own, without a model; what came later stays."""

from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import NEW, PATH, QUICK, change_waits, quick_world
from story_world import World

from bot.demo.github import git


async def merged(world: World) -> tuple[int, int]:
    """An issue whose change was approved and merged: its number, and that of the pull request."""
    issue = await change_waits(world)
    pull = world.pull_number
    await world.approver.approve(pull)
    await world.settle_in_time()
    assert (await world.run()).ended_why == f"#{pull} is merged"
    return issue, pull


async def on_main(world: World, path: str) -> str:
    return await git.text(world.town.repository.path, "show", f"refs/heads/main:{path}")


def newest_pull(world: World) -> int:
    return max(issue.number for issue in world.town.github.world.pulls(world.town.repository))


async def answer(world: World, on: int) -> str:
    await world.requester.comment(on, "/revert")
    await world.settle_in_time()
    return world.replies(on)[-1]


@pytest.mark.parametrize("on", ["pull", pytest.param("issue", marks=pytest.mark.slow)])
async def test_a_merge_of_ours_is_taken_back_and_what_was_merged_after_it_stays(tmp_path: Path, on: str) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=QUICK) as world:
        issue, pull = await merged(world)
        await world.approver.push("main", {"later.txt": "later\n"}, "feat: later")
        assert world.town.model is not None
        asked = len(world.town.model.requests)
        await world.requester.comment(pull if on == "pull" else issue, "/revert")
        await world.settle_in_time()
        run, revert = await world.run(), newest_pull(world)
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "approval"), run.ended_why
        opened = world.town.repository.issues[revert]
        assert opened.title == f'Revert "{world.town.repository.issues[pull].title}"'
        assert f"Takes back #{pull}, which was merged as " in opened.body
        assert "Fixes" not in opened.body
        await world.approver.approve(revert)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{revert} is merged"
        assert NEW not in await on_main(world, PATH)
        assert await on_main(world, "later.txt") == "later"
        assert len(world.town.model.requests) == asked


@pytest.mark.slow
async def test_what_changed_again_since_then_is_not_guessed_at(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=QUICK) as world:
        _, pull = await merged(world)
        text = await on_main(world, PATH)
        await world.approver.push("main", {PATH: text.replace("title.lower()", "title.casefold()")}, "fix: fold")
        said = await answer(world, pull)
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "revert-refused")
        assert f"#{pull} cannot be taken back by itself: the same lines changed since then in `{PATH}`." in said
        assert newest_pull(world) == pull


@pytest.mark.slow
async def test_what_is_taken_back_already_is_not_taken_back_again(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=QUICK) as world:
        _, pull = await merged(world)
        before = await git.text(world.town.repository.path, "show", f"refs/heads/main~1:{PATH}")
        await world.approver.push("main", {PATH: before + "\n"}, "revert by hand")
        assert f"Nothing is left of #{pull} in `main`: it is taken back already." in await answer(world, pull)


@pytest.mark.slow
async def test_a_merge_of_somebody_else_is_none_of_ours(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=QUICK) as world:
        await world.approver.push("idea", {"idea.txt": "idea\n"}, "feat: idea")
        theirs = await world.approver.open_pull("idea", "main", "An idea")
        await world.approver.merge(theirs)
        said = await answer(world, theirs.number)
        assert f"Nothing of ours was merged for #{theirs.number}, so there is nothing to take back." in said
