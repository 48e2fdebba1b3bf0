"""Conversations that somebody locks: the bot is quiet there, people who may write are heard, and nothing is lost."""

import pytest
from story_trust import plan_waits
from story_world import World

pytestmark = pytest.mark.slow


async def test_a_run_that_must_ask_in_a_locked_conversation_waits_quietly_until_it_is_unlocked(quick: World) -> None:
    issue = await quick.ask()
    await quick.approver.lock(issue)
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.waiting and run.waiting.why) == (
        "waiting",
        "The conversation is locked, so that nothing can be said there.",
    )
    assert quick.replies() == []
    assert "conversation.locked" in [event.name for event in await quick.journal()]
    tried = len(quick.town.github.world.requests_of("POST", f"/issues/{issue}/comments"))
    quick.clock.leap(3600)
    await quick.settle()
    assert len(quick.town.github.world.requests_of("POST", f"/issues/{issue}/comments")) == tried, "nothing is repeated"

    await quick.approver.lock(issue, False)
    await quick.settle()
    await quick.approver.comment(issue, f"/approve {await quick.digest()}")
    await quick.settle()
    assert quick.pull_number


async def test_where_nobody_tells_of_the_unlocking_the_run_looks_by_itself(quick: World) -> None:
    issue = await quick.ask()
    await quick.approver.lock(issue)
    await quick.settle()
    quick.town.github.world.issue(quick.town.repository, issue).locked = False
    quick.clock.leap(6 * 3600 + 60)
    await quick.settle()
    assert (await quick.run()).waiting is not None
    assert await quick.digest()


async def test_who_may_still_comment_is_heard_and_an_answer_is_left_unsaid(quick: World) -> None:
    issue = await plan_waits(quick)
    digest, said = await quick.digest(), quick.replies()
    await quick.approver.lock(issue)
    await quick.approver.comment(issue, "/status")
    await quick.approver.comment(issue, "/approve 0123456789ab")
    await quick.settle()
    assert (quick.replies(), await quick.digest()) == (said, digest)
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert quick.pull_number, "the approval counts, and the work goes on"


async def test_a_run_that_waits_for_the_key_can_be_cancelled(quick: World) -> None:
    issue = await quick.ask()
    await quick.approver.lock(issue)
    await quick.settle()
    await quick.approver.comment(issue, "/cancel")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_why) == ("cancelled", "cancelled by @ada")
