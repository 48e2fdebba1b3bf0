"""An answer that never came is never repeated blind: whatever GitHub did without telling us is found again."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
from story_sources import ONE_FILE, open_story
from story_world import World

WRITES = {
    "comment": ("POST", "*/issues/*/comments"),
    "push": ("POST", "*/git-receive-pack"),
    "pull request": ("POST", "*/pulls"),
    "check": ("POST", "*/check-runs"),
    "review request": ("POST", "*/requested_reviewers"),
    "ready": ("POST", "/graphql"),
    "merge": ("PUT", "*/pulls/*/merge"),
}


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


async def _play(world: World) -> None:
    await world.ask()
    await world.settle_in_time()
    run = await world.run()
    assert run.state == "waiting", run.ended_why
    await world.approver.approve(world.pull_number)
    await world.settle_in_time()
    run = await world.run()
    assert (run.state, run.ended_why) == ("succeeded", "#2 is merged")


async def _is_there_once(world: World) -> None:
    github, repository = world.town.github.world, world.town.repository
    markers = Counter(comment.body.rpartition("<!-- ")[2] for comment in world.comments())
    assert set(markers.values()) == {1}, "no comment was written twice"
    assert [reply.split("\n")[0].split("`")[0] for reply in world.replies()] == [
        "**✅ Done**: #2 is merged",
        "### Plan ",
        "👍 #2 is merged into ",
        "@ada, this change needs your approval. 0 of 1 approvals given: it needs one person with the role ",
    ]
    assert Counter(check.name for check in github.check_runs(repository)) == {
        f"pullwright/{name}": 1 for name in ("tests", "policy", "review", "approval")
    }
    assert len(github.pulls(repository)) == len(github.merges(repository)) == 1
    assert len(await github.branches(repository)) == 2


@pytest.mark.parametrize(
    "lost", ["an error came instead", pytest.param("the connection broke", marks=pytest.mark.slow)]
)
async def test_every_kind_of_write_whose_answer_is_lost_is_done_once(tmp_path: Path, lost: str) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        faults = world.town.github.faults
        for method, path in WRITES.values():
            if lost == "the connection broke":
                faults.drop_next(method, path, after=True)
            else:
                faults.fail_next(method, path, 500, after=True)
        await _play(world)
        assert faults.pending == [], "each of them was met"
        await _is_there_once(world)


@pytest.mark.slow
@pytest.mark.parametrize("status", [502, 429])
async def test_every_kind_of_write_that_github_did_not_take_is_tried_again(tmp_path: Path, status: int) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        faults = world.town.github.faults
        for method, path in WRITES.values():
            faults.fail_next(method, path, status, headers={"retry-after": "7"} if status == 429 else None)
        await _play(world)
        assert faults.pending == []
        await _is_there_once(world)


@pytest.mark.slow
async def test_reactions_and_status_edits_that_fail_for_good_do_not_fail_the_run(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        world.town.github.faults.fail_next("POST", "*/reactions", 422, times=99)
        world.town.github.faults.fail_next("PATCH", "*/issues/comments/*", 422, times=99)
        await _play(world)
        assert len(world.town.github.world.merges(world.town.repository)) == 1
        assert any(reply.startswith("👍 #2 is merged into") for reply in world.replies())


async def test_a_comment_with_our_marker_that_somebody_else_wrote_is_not_taken_for_ours(tmp_path: Path) -> None:
    async with open_story(tmp_path, sections={"change": ONE_FILE}) as world:
        issue = await world.ask()
        await world.settle_in_time()
        number = len(world.comments())
        for comment in world.comments(issue):
            await world.requester.comment(issue, comment.body)
        world.town.github.faults.fail_next("POST", "*/issues/*/comments", 500, after=False)
        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        assert (await world.run()).state == "succeeded"
        assert len(world.comments()) == number + 1, "the merge was said by us"
