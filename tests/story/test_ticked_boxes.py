"""Boxes under what waits: a tick on a phone does what the command does, for whoever may, and only for what it shows."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import change_waits, forge, give, newcomer, plan_waits, posted, quick_world, told
from story_world import World

from adapters.store import approvals, signals
from bot.demo.github.people import Person
from bot.demo.github.records import Comment
from core.runs import Approval
from jobs.intake import drain


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and every change waits for two people: ada, and ben."""
    of_two = {"change": {"approvals": 2}}
    async with quick_world(tmp_path, source=source(tmp_path, **of_two), policy=AT_ONCE) as opened:
        newcomer(opened, "ben", "write")
        yield opened


def waiting(world: World) -> Comment:
    """The newest comment of the bot that has a box."""
    return [comment for comment in world.comments() if "- [ ] Approve `" in comment.body][-1]


async def tick(person: Person, comment: Comment, box: str) -> None:
    """What GitHub's page does when somebody ticks a box."""
    assert comment.body.count(f"- [ ] {box}") == 1
    await person.edit_comment(comment.id, comment.body.replace(f"- [ ] {box}", f"- [x] {box}"))


async def granted(world: World) -> list[Approval]:
    async with world.services.store.read() as db:
        return await approvals.of_run(db, (await world.run()).id)


async def test_a_tick_approves_the_plan_it_stands_under_and_the_comment_says_so(quick: World) -> None:
    issue = await plan_waits(quick)
    plan, digest, said = posted(quick, issue, "### Plan"), await quick.digest(), len(quick.comments(issue))
    assert plan.body.split("\n\n<!-- pullwright")[0].endswith(f"\n\n- [ ] Approve `{digest}`\n- [ ] Reject it")
    await tick(quick.approver, plan, "Approve")
    await quick.settle()
    assert (await quick.run()).pull_number == quick.pull_number
    (approval,) = [one for one in await granted(quick) if one.gate == "plan-approved"]
    assert (approval.actor, approval.digest[:12], approval.comment_id) == ("ada", digest, plan.id)
    assert plan.body.split("\n\n<!-- pullwright")[0].endswith("with a reason.\n\n> @ada approved this.")
    assert len(quick.comments(issue)) == said


@pytest.mark.slow
async def test_a_tick_by_somebody_who_may_not_is_refused_and_put_back_and_the_plan_waits_on(quick: World) -> None:
    issue = await plan_waits(quick)
    plan, digest = posted(quick, issue, "### Plan"), await quick.digest()
    give(quick, "rosa", "write")
    before = plan.body
    await tick(quick.requester, plan, "Approve")
    give(quick, "rosa", "triage")  # by the time the run hears it
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert await granted(quick) == []
    refusal = quick.replies()[-1]
    assert refusal.startswith("Not done: Approving the plan needs the role `write` or above, and @rosa has the role")
    assert plan.body.split("\n\n<!-- ")[0] == before.split("\n\n<!-- ")[0] + (
        "\n\n> @rosa ticked a box. It does not count: Approving the plan needs the role `write` or above, "
        "and ＠rosa has the role `triage`."
    )
    await tick(quick.approver, plan, "Approve")
    await quick.settle()
    assert [one.actor for one in await granted(quick) if one.digest.startswith(digest)] == ["ada"]


@pytest.mark.slow
async def test_a_tick_rejects_and_the_run_ends(quick: World) -> None:
    issue = await plan_waits(quick)
    plan = posted(quick, issue, "### Plan")
    await tick(quick.approver, plan, "Reject it")
    await quick.settle()
    run = await quick.run()
    assert (run.state, run.ended_why) == ("rejected", "@ada rejected the plan: no reason given")
    assert plan.body.split("\n\n<!-- ")[0].endswith("> @ada rejected this.")
    assert "- [ ]" not in plan.body


@pytest.mark.slow
async def test_two_people_tick_one_after_the_other_and_the_change_is_approved(two: World) -> None:
    await change_waits(two)
    asked = waiting(two)
    await tick(two.approver, asked, "Approve")
    await two.settle()
    assert (await two.run()).state == "waiting"
    assert asked.body.split("\n\n<!-- ")[0].endswith("- [ ] Reject it\n\n> @ada approved this.")
    await tick(two.town.person("ben"), asked, "Approve")
    await two.settle()
    assert {one.actor for one in await granted(two)} == {"ada", "ben"}
    assert two.checks()["pullwright/approval"] == "success"
    assert asked.body.split("\n\n<!-- ")[0].endswith("> @ada approved this.\n> @ben approved this.")


@pytest.mark.slow
async def test_who_ticked_a_box_and_asked_for_changes_before_the_run_looked_has_not_approved(two: World) -> None:
    await change_waits(two)
    await tick(two.approver, waiting(two), "Approve")
    await two.town.github.webhooks.delivered()
    await drain(two.services)
    two.clock.leap(2)
    await two.approver.request_changes(two.pull_number, "Wait, the tests are missing.")
    two.clock.leap(2)
    await two.town.person("ben").approve(two.pull_number)
    await two.settle()
    assert (await two.run()).state == "waiting"
    assert {one.actor: one.voided_why for one in await granted(two)} == {
        "ada": "they asked for changes since",
        "ben": None,
    }


@pytest.mark.slow
async def test_an_approval_by_tick_falls_when_somebody_edits_the_comment_it_stands_in(two: World) -> None:
    await change_waits(two)
    asked = waiting(two)
    await tick(two.approver, asked, "Approve")
    await two.settle()
    await two.town.person("ben").edit_comment(asked.id, asked.body.replace("- [ ] Reject it", "- [ ] Maybe"))
    await two.approver.comment(two.pull_number, "/why")
    await two.town.person("ben").comment(two.pull_number, f"/approve {await two.digest()}")
    await two.settle()
    assert (await two.run()).state == "waiting"
    assert [one.voided_why for one in await granted(two) if one.actor == "ada"] == [
        "the comment in which they ticked a box was edited or deleted"
    ]


@pytest.mark.slow
async def test_a_tick_together_with_other_words_is_an_edit_and_the_plan_is_posted_anew(quick: World) -> None:
    issue = await plan_waits(quick)
    plan, digest = posted(quick, issue, "### Plan"), await quick.digest()
    mallory = newcomer(quick, "mallory", "write")
    await mallory.edit_comment(plan.id, plan.body.replace("single", "no"))
    await tick(quick.approver, plan, "Approve")
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert await granted(quick) == []
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert quick.replies()[-1].startswith(f"⚠️ Somebody edited my comment with plan `{digest}`")


@pytest.mark.slow
async def test_a_tick_in_a_comment_whose_words_were_changed_and_put_back_approves_nothing(quick: World) -> None:
    issue = await plan_waits(quick)
    plan = posted(quick, issue, "### Plan")
    mallory, was = newcomer(quick, "mallory", "write"), plan.body
    await mallory.edit_comment(plan.id, plan.body.replace("single", "no"))
    await mallory.edit_comment(plan.id, was)
    await tick(quick.approver, plan, "Approve")
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert await granted(quick) == []


@pytest.mark.slow
async def test_whoever_knows_the_webhook_secret_ticks_nothing_in_the_name_of_another(quick: World) -> None:
    issue = await plan_waits(quick)
    plan = posted(quick, issue, "### Plan")
    mallory = newcomer(quick, "mallory", "write")
    await quick.town.github.webhooks.delivered()
    quick.town.github.webhooks.pause()  # so that the forged word comes first
    await tick(mallory, plan, "Approve")
    payload = json.loads(told(quick, "issue_comment", "edited").body)
    payload["sender"] |= {"login": "ada", "id": quick.approver.account.id}
    await forge(quick, "issue_comment", payload)
    await drain(quick.services)
    async with quick.services.store.read() as db:
        assert await signals.of_run(db, (await quick.run()).id) == []
    assert await granted(quick) == []
    quick.town.github.webhooks.resume()
