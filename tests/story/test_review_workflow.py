"""`review`: somebody's pull request is read at its head and answered in one review, which approves nothing."""

from pathlib import Path
from typing import Any

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import newcomer, quick_world
from story_world import World

from bot.demo.github.records import Issue, Pull, Review
from core import faults
from jobs.intake import drain

IDEA = "def idea():\n    return 42\n"
OPINION = {
    "verdict": "block",
    "summary": "It works; closes #1. @ada",
    "findings": [
        {"path": "slugs/idea.py", "line": 2, "note": "Why 42, @ada?"},
        {"path": "slugs/text.py", "line": 1, "note": "This line is in no diff."},
        {"path": "slugs/idea.py", "note": "A docstring is missing."},
    ],
}
SCRIPT: dict[str, Any] = {"review": [{"read": "slugs/idea.py"}, {"submit": OPINION}]}


async def opened(world: World) -> Issue:
    """A pull request of ada's; the default branch has moved on since it left."""
    await world.approver.push("idea", {"slugs/idea.py": IDEA}, "feat: idea")
    await world.approver.push("main", {"later.txt": "later\n"}, "feat: later")
    return await world.approver.open_pull("idea", "main", "An idea", "It answers everything.")


def ours(pull: Pull) -> list[Review]:
    return [review for review in pull.reviews if review.author.login == "pullwright[bot]"]


def parts(issue: Issue) -> Pull:
    assert issue.pull is not None
    return issue.pull


async def test_what_was_found_is_said_in_one_review_on_the_lines_and_approves_nothing(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await opened(world)
        head = parts(issue).head_sha
        await world.requester.comment(issue.number, "/review")
        await world.settle_in_time()
        run = await world.run()
        assert (run.workflow, run.subject.kind, run.state) == ("review", "pull_request", "succeeded"), run.ended_why
        (review,) = ours(parts(issue))
        assert (review.state, review.commit_id) == ("COMMENTED", head)
        assert review.body.split("\n\n<!-- pullwright")[0] == (
            "**Review by a model**: I would not merge this as it stands.\n\n"
            "> It works; closes ＃1. ＠ada\n\n"
            "- `slugs/text.py:1` This line is in no diff.\n"
            "- `slugs/idea.py` A docstring is missing.\n\n"
            f"<sub>Read at {head[:12]}. It approves nothing and requests no changes.</sub>"
        )
        (comment,) = parts(issue).comments
        assert (comment.path, comment.line, comment.body) == ("slugs/idea.py", 2, "Why 42, ＠ada?")
        assert world.town.model is not None
        read = str(world.town.model.conversations)
        assert "return 42" in read, "the agent works with the head"
        assert "later.txt" not in read, "what the base brought since is no part of the change"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "every"),
    # A step that keeps many memos may not die at every second one: after five deaths on end it is given up.
    [("effect.before_act", 2), ("effect.after_act", 2), ("memo.before_keep", 4), ("step.before_outcome", 2)],
)
async def test_a_death_leaves_one_review(tmp_path: Path, name: str, every: int) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await opened(world)
        await world.requester.comment(issue.number, "/review")
        await world.town.github.webhooks.delivered()
        try:
            deaths = Deaths(name, every=every)
            await survive(world)
        finally:
            faults.disarm()
        await world.settle_in_time()
        assert deaths.died > 0
        assert (await world.run()).state == "succeeded"
        assert len(ours(parts(issue))) == 1


@pytest.mark.slow
async def test_the_review_is_of_the_head_that_was_there_when_it_was_asked_for(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await opened(world)
        head = parts(issue).head_sha
        await world.requester.comment(issue.number, "/review")
        await world.town.github.webhooks.delivered()
        await drain(world.services)
        await world.approver.push("idea", {"slugs/idea.py": "X = 1\n"}, "fix: another idea")
        await world.settle_in_time()
        (review,) = ours(parts(issue))
        assert review.commit_id == head


@pytest.mark.slow
async def test_where_github_takes_no_comment_on_a_line_all_of_them_stand_in_the_text(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await opened(world)
        world.town.github.faults.fail_next("POST", "*/pulls/*/reviews", 422)
        await world.requester.comment(issue.number, "/review")
        await world.settle_in_time()
        (review,) = ours(parts(issue))
        assert "- `slugs/idea.py:2` Why 42, ＠ada?" in review.body
        assert parts(issue).comments == []


@pytest.mark.slow
async def test_only_those_who_may_start_work_and_only_an_open_pull_request(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        pull = (await opened(world)).number
        issue = (await world.requester.open_issue("An issue")).number
        stranger = newcomer(world, "mallory")
        await stranger.comment(pull, "/review")
        await world.settle_in_time()
        assert any(reply.startswith("Not done: ") for reply in world.replies(pull))
        await world.requester.comment(issue, "/review")
        await world.settle_in_time()
        assert world.replies(issue) == [
            "`/review` is about a pull request; this is an issue. Say it on the pull request."
        ]
        await world.requester.comment(pull, "/implement")
        await world.settle_in_time()
        assert world.replies(pull)[-1].startswith("`/implement` starts work on an issue")
        await world.approver.close_pull(pull)
        await world.requester.comment(pull, "/review")
        await world.settle_in_time()
        assert world.replies(pull)[-1] == "This pull request is closed: reopen it, then `/review` again."
        assert ours(parts(world.town.repository.issues[pull])) == []
