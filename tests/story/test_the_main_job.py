"""The main job: an issue becomes a merged pull request, and every part of it can be seen."""

from story_world import World


async def test_a_labelled_issue_becomes_a_merged_pull_request_after_two_approvals(world: World) -> None:
    issue = await world.ask()
    await world.settle()
    run = await world.run()
    assert (run.state, run.waiting and run.waiting.person) == ("waiting", "ada"), run.ended_why

    await world.approver.comment(issue, f"/approve {await world.digest()}")
    await world.settle()
    run = await world.run()
    assert run.state == "waiting", run.ended_why
    assert not world.pull.draft
    await world.approver.approve(world.pull_number)
    await world.settle()
    run = await world.run()
    assert run.state == "succeeded", run.ended_why
    assert world.pull.merged_at is not None
    assert world.checks() == {
        "pullwright/tests": "success",
        "pullwright/policy": "success",
        "pullwright/review": "success",
        "pullwright/approval": "success",
    }
