"""People steer what is at work: they hold it, pay more for it, take it over, and ask why."""

import json
from pathlib import Path

import pytest
from story_sources import open_story
from story_trust import change_waits, forge, newcomer, plan_waits, told
from story_world import World

pytestmark = pytest.mark.slow


async def test_a_subject_that_is_held_goes_no_further_until_it_is_let_go_on(quick: World) -> None:
    issue = await plan_waits(quick)
    await quick.approver.comment(issue, "/hold the release is tonight")
    await quick.settle()
    assert quick.replies()[-1] == ("Work on this is held. A run stops at its next turn, and continues after `/unhold`.")
    run = await quick.run()
    await quick.approver.comment(issue, "/approve")
    await quick.settle()
    assert (await quick.run()).pull_number is None
    assert quick.replies()[-1] == (
        "@ada holds this: the release is tonight\n\n"
        f"Run `{run.id}` continues by itself when the hold ends, and takes into account what was said here meanwhile. "
        "`/unhold` ends it."
    )
    other = await quick.ask("Another matter.")
    await quick.settle()
    assert (await quick.run()).subject.number == other
    assert (await quick.run()).state != "queued", "nothing else is held"

    await quick.approver.comment(issue, "/unhold")
    await quick.settle()
    assert quick.town.github.world.pulls(quick.town.repository), "the approval was heard"


async def test_an_admin_holds_the_whole_repository_and_nobody_else_does(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    await newcomer(quick, "wes", "write").comment(issue.number, "/hold repository")
    await quick.settle()
    assert quick.replies(issue.number)[-1].startswith(
        "Not done: `/hold repository` needs the role `admin` or above, and @wes has the role `write`."
    )
    admin = newcomer(quick, "amy", "admin")
    await admin.comment(issue.number, "/hold repository")
    await quick.settle()
    await quick.ask()
    await quick.settle()
    assert (await quick.run()).state == "queued"
    assert quick.replies()[-1].startswith("@amy holds all work in this repository.")
    await admin.comment(issue.number, "/unhold repository")
    await quick.settle()
    assert (await quick.run()).state == "waiting"


async def test_a_word_that_is_delivered_again_holds_nothing_anew(quick: World) -> None:
    issue = (await quick.requester.open_issue("A question")).number
    await quick.approver.comment(issue, "/hold")
    await quick.settle()
    again = json.loads(told(quick, "issue_comment", "created").body)
    await quick.approver.comment(issue, "/unhold")
    await quick.settle()
    await forge(quick, "issue_comment", again)
    await quick.requester.comment(issue, "/implement")
    await quick.settle()
    assert (await quick.run()).state == "waiting", "the older word does not hold it again"


async def test_a_run_that_has_spent_its_budget_waits_with_its_work_until_somebody_raises_it(tmp_path: Path) -> None:
    async with open_story(tmp_path, limits={"run_cost_usd": 0.001, "raised_cost_usd": 3}) as world:
        issue = await world.ask()
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "budget")
        asked = world.replies()[-1]
        assert asked.startswith(f"@rosa, run `{run.id}` is waiting: The run has spent $0.00")
        assert asked.endswith(
            "Somebody with the role `write` can let it continue: `/budget +2` adds two dollars. To stop: `/cancel`."
        )
        paid = len(world.town.model.requests)

        await world.requester.comment(issue, "/continue")
        await world.settle()
        assert (await world.run()).waiting == run.waiting, "there is no more money than before"
        await world.approver.comment(issue, "/budget +9")
        await world.settle()
        assert world.replies()[-1] == (
            "Not done: Under the policy `team` a run may cost at most $3.00, and this one may cost $0.00. "
            "Say `/budget +3.00`."
        )
        assert len(world.town.model.requests) == paid

        await world.approver.comment(issue, "/budget +2")
        await world.settle_in_time()
        run = await world.run()
        assert run.pull_number is not None, run.ended_why
        assert "The run may cost $2.00 in all now." in world.replies()
        await world.approver.comment(issue, "/budget")
        await world.settle()
        assert " of at most $2.00; all runs here together " in world.replies(issue)[-1]


async def test_a_person_takes_the_branch_and_the_bot_pushes_there_no_more(quick: World) -> None:
    issue = await change_waits(quick)
    await quick.approver.comment(issue, "/take")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_why) == ("cancelled", "handed over to @ada")
    number = quick.pull_number
    assert quick.replies(number)[-1] == (
        f"@ada, #{number} and its branch are yours: I will not push to it again. "
        "My checks and earlier approvals do not cover what you add."
    )
    assert not quick.pull.merged_at


async def test_why_tells_what_was_refused_here(quick: World) -> None:
    issue = await plan_waits(quick)
    await newcomer(quick, "sam").comment(issue, "/approve")
    await quick.settle()
    await quick.requester.comment(issue, "/why")
    await quick.settle()
    answer = quick.replies(issue)[-1]
    assert "denied. Approving the plan needs the role `write` or above, and ＠sam has the role `read`." in answer
    assert "<details><summary>How it was decided</summary>" in answer


async def test_why_tells_of_what_was_ignored_and_not_of_what_nobody_asks_about(quick: World) -> None:
    issue = await quick.requester.open_issue("A question")
    await quick.requester.label(issue.number, "question")
    await newcomer(quick, "eve").comment(issue.number, "What do you think?")
    await quick.requester.comment(issue.number, "/why")
    await quick.settle()
    first, heading, *rows = [row for row in quick.replies(issue.number)[-1].splitlines() if row]
    assert (first, heading) == ("Nothing was decided here yet.", "**Ignored here lately**")
    assert [row.partition(" UTC, ")[2] for row in rows] == [
        "`issues`: no workflow listens to the label 'question'",
        "`issues`: an issue without a label or command of ours",
    ]
