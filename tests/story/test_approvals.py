"""Approvals: who may say yes, to what exactly, and until when a yes holds."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from story_sources import AT_ONCE, UNITTEST, source
from story_trust import change_waits, give, newcomer, nothing_merged, plan_waits, posted, quick_world
from story_world import World

from adapters.store import approvals, runs
from bot.demo.github.faults import Act
from core import faults
from core.markers import marked, marker
from jobs.intake import drain

CHATTER = (
    "LGTM, approve!",
    "approve",
    "Please /approve this, it is fine.",
    "> /approve",
    "```\n/approve\n```",
    "`/approve`",
    "<!--\n/approve\n-->",
    "/approved",
    ":+1:",
)
"""What people say in a thread that approves nothing."""


class Died(BaseException):
    """The worker is gone."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and every change waits for two people. ben may approve too."""
    of_two = {"change": {"approvals": 2}}
    async with quick_world(tmp_path, source=source(tmp_path, **of_two), policy=AT_ONCE) as opened:
        newcomer(opened, "ben", "write")
        yield opened


# Nothing without a yes ------------------------------------------------------------------------------------------


async def test_without_an_approval_of_the_plan_there_is_no_branch_and_no_pull_request(quick: World) -> None:
    issue = await plan_waits(quick)
    said = quick.replies()
    for words in CHATTER:
        await quick.approver.comment(issue, words)
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert quick.town.github.world.pulls(quick.town.repository) == []
    assert set(await quick.town.github.world.branches(quick.town.repository)) == {"main"}
    assert quick.replies() == said


async def test_without_an_approval_of_the_change_nothing_is_merged_whatever_else_is_said(at_once: World) -> None:
    issue = await change_waits(at_once)
    for words in CHATTER:
        await at_once.approver.comment(issue, words)
        await at_once.approver.comment(at_once.pull_number, words)
    await at_once.approver.review_comment(at_once.pull_number, "Looks good to me.")
    await at_once.settle()
    assert (await at_once.run()).state == "waiting"
    assert at_once.pull.merged_at is None
    assert at_once.checks()["pullwright/approval"] == "action_required"
    (asked,) = at_once.replies(at_once.pull_number)
    assert asked == (
        "@ada, this change needs your approval. 0 of 1 approvals given: it needs one person with the role `write` or "
        "above, not the requester.\n\n"
        f"To approve exactly this, comment `/approve {await at_once.digest()}`. To stop, comment `/reject` with a "
        f"reason.\n\n- [ ] Approve `{await at_once.digest()}`\n- [ ] Reject it"
    )


# Who ------------------------------------------------------------------------------------------------------------


async def test_an_approval_without_the_role_is_refused_with_one_reply_that_names_rule_and_remedy(quick: World) -> None:
    issue = await plan_waits(quick)
    reader, triager = newcomer(quick, "rhea", "read"), newcomer(quick, "theo", "triage")
    before = len(quick.replies())
    for _ in range(2):
        await reader.comment(issue, f"/approve {await quick.digest()}")
        await triager.comment(issue, "/approve")
        await quick.settle()
    refusal = (
        "Not done: Approving the plan needs the role `write` or above, and @{} has the role `{}`. "
        "Ask somebody with the role `write`, or an admin of this repository to give you that role."
    )
    assert quick.replies()[before:] == [refusal.format("rhea", "read"), refusal.format("theo", "triage")]
    assert (await quick.run()).state == "waiting"
    assert [event.name for event in await quick.journal() if event.name.startswith("approval")] == []
    assert quick.town.github.world.pulls(quick.town.repository) == []


async def test_under_team_nobody_approves_the_change_they_asked_for(at_once: World) -> None:
    await change_waits(at_once)
    await at_once.requester.approve(at_once.pull_number)
    await at_once.settle()
    await at_once.requester.comment(at_once.pull_number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    asked, refusal = at_once.replies(at_once.pull_number)
    assert asked.startswith("@ada, this change needs your approval.")
    assert refusal == (
        "Not done: @rosa asked for this run, and under the policy `team` nobody approves the change of their own "
        "request. Ask somebody else with the role `write` or above."
    )
    assert (await at_once.run()).state == "waiting"
    assert nothing_merged(at_once)


@pytest.mark.slow
async def test_under_strict_a_change_needs_two_people_and_one_of_them_twice_is_one(tmp_path: Path) -> None:
    strict = {"version": 1, "policy": "strict", "checks": {"tests": UNITTEST}}
    text = {".github/pullwright.yml": "version: 1\n"}
    async with quick_world(tmp_path, source=source(tmp_path, text), policy=strict) as world:
        ben = newcomer(world, "ben", "write")
        await change_waits(world)
        await world.approver.approve(world.pull_number)
        await world.settle()
        await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
        await world.settle()
        run = await world.run()
        assert run.waiting is not None
        assert run.waiting.why == (
            "1 of 2 approvals given: it needs two people with the role `write` or above, not the requester."
        )
        assert nothing_merged(world)
        await ben.approve(world.pull_number)
        await world.settle()
        assert (await world.run()).ended_why == "#2 is merged"


@pytest.mark.slow
async def test_two_people_who_approve_in_the_same_moment_are_both_heard(two: World) -> None:
    await change_waits(two)
    await two.approver.comment(two.pull_number, "/approve")
    await two.town.person("ben").comment(two.pull_number, "/approve")
    two.clock.leap(5)  # until somebody hears them
    await two.settle()
    assert two.pull.merged_at is not None


@pytest.mark.slow
async def test_under_solo_the_owner_approves_what_they_asked_for_and_merges_by_hand(tmp_path: Path) -> None:
    solo = {"version": 1, "policy": "solo", "checks": {"tests": UNITTEST}}
    text = {".github/pullwright.yml": "version: 1\n"}
    async with quick_world(tmp_path, source=source(tmp_path, text), policy=solo, owner_is_organisation=False) as world:
        await change_waits(world)
        assert "It opens by itself, because it touches 1 file, no risky path, may cost $0.05 (policy `solo`)." in (
            posted(world, 1, "### Plan").body
        )
        await world.approver.comment(world.pull_number, "/approve")
        await world.settle()
        assert world.replies(world.pull_number)[-1] == (
            "Not done: Approving the change needs the role `admin` or above, and @ada has the role `maintain`. "
            "Ask somebody with the role `admin`, or an admin of this repository to give you that role."
        )
        await world.requester.comment(world.pull_number, "/approve")
        await world.settle()
        run = await world.run()
        assert (run.state, run.ended_why) == ("succeeded", "#2 is approved, and a person may merge it")
        assert world.checks()["pullwright/approval"] == "success"
        assert nothing_merged(world)
        await world.requester.merge(world.pull_number, "squash")
        await world.settle()
        assert world.pull.merged_at is not None


async def test_under_team_a_plan_of_few_files_and_no_risk_opens_by_itself(tmp_path: Path) -> None:
    team = {"version": 1, "policy": "team", "merge": "bot", "checks": {"tests": UNITTEST}}
    text = {".github/pullwright.yml": "version: 1\nmerge: bot\n"}
    async with quick_world(tmp_path, source=source(tmp_path, text), policy=team) as world:
        await change_waits(world)
        assert "It opens by itself, because it touches 1 file, no risky path (policy `team`)." in (
            posted(world, 1, "### Plan").body
        )
        assert [event.actor for event in await world.journal() if event.name == "approval.granted"] == []


# What -----------------------------------------------------------------------------------------------------------


async def test_an_approval_of_another_digest_is_refused_with_the_one_that_counts(quick: World) -> None:
    issue = await plan_waits(quick)
    await quick.approver.comment(issue, "/approve 0123456789ab")
    await quick.settle()
    now = await quick.digest()
    assert quick.replies()[-1] == f"That is an older plan. The current one is `{now}`: `/approve {now}`."
    assert (await quick.run()).state == "waiting"


async def test_a_plan_under_a_new_policy_is_another_plan_and_its_old_digest_approves_nothing(quick: World) -> None:
    issue = await plan_waits(quick)
    old = await quick.digest()
    tighter = "version: 1\npolicy: team\nplan: {wait: always}\nlimits: {files: 9}\n"
    await quick.approver.push("main", {".github/pullwright.yml": tighter}, "tighten the policy")
    await quick.approver.comment(issue, f"/approve {old}")
    await quick.settle()
    new = await quick.digest()
    assert new != old
    assert posted(quick, issue, f"### Plan `{new}`")
    assert quick.replies()[-1] == f"That is an older plan. The current one is `{new}`: `/approve {new}`."
    assert quick.town.github.world.pulls(quick.town.repository) == []


async def test_a_bare_approval_that_was_written_before_the_plan_was_shown_does_not_count(quick: World) -> None:
    issue = await quick.ask()
    # GitHub is slow to show the comment, so that it is read only after the plan was posted.
    quick.town.github.faults.fail_next("GET", "/repos/*/issues/comments/*", 500, times=4)
    await quick.approver.comment(issue, "/approve")
    await quick.settle_in_time()
    now = await quick.digest()
    assert quick.replies()[-1] == (
        f"That was written before this plan was posted. If you have read it, say which one: `/approve {now}`."
    )
    assert (await quick.run()).state == "waiting"


async def test_a_plan_comment_that_somebody_edited_is_noticed_and_what_was_said_under_it_does_not_count(
    quick: World,
) -> None:
    issue = await plan_waits(quick)
    plan = posted(quick, issue, "### Plan")
    await newcomer(quick, "mallory", "write").edit_comment(plan.id, plan.body.replace("single", "no"))
    digest = await quick.digest()
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert quick.town.github.world.pulls(quick.town.repository) == []
    again = quick.replies()[-1]
    assert again.startswith(
        f"⚠️ Somebody edited my comment with plan `{digest}`: what people approved may not be what they read. "
        f"Approvals given since do not count. This is the plan as it is:\n\n### Plan `{digest}`\n\n"
        "Join words with single hyphens."
    )
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert quick.pull.merged_at is None
    assert (await quick.run()).pull_number == quick.pull_number


async def test_a_plan_comment_that_was_edited_and_put_back_is_posted_anew(quick: World) -> None:
    issue = await plan_waits(quick)
    plan, digest = posted(quick, issue, "### Plan"), await quick.digest()
    mallory = newcomer(quick, "mallory", "write")
    quick.clock.leap(10)
    await mallory.edit_comment(plan.id, "### Plan: nothing to worry about")
    await quick.approver.comment(issue, f"/approve {digest}")
    await mallory.edit_comment(plan.id, plan.body)
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert quick.replies()[-1].startswith(f"⚠️ Somebody edited my comment with plan `{digest}`")


@pytest.mark.parametrize(
    "point",
    [
        "effect.after_act",
        pytest.param("store.after_commit", marks=pytest.mark.slow),
        pytest.param("store.before_commit", marks=pytest.mark.slow),
    ],
)
async def test_a_crash_after_the_plan_was_posted_anew_lets_nothing_count_that_was_said_before(
    quick: World, point: str
) -> None:
    issue = await plan_waits(quick)
    plan, digest = posted(quick, issue, "### Plan"), await quick.digest()
    await newcomer(quick, "mallory", "write").edit_comment(plan.id, plan.body.replace("single", "no"))
    await quick.approver.comment(issue, f"/approve {digest}")

    def die_once_it_is_posted() -> None:
        if quick.replies(issue)[-1].startswith("⚠️"):
            faults.disarm()
            raise Died

    faults.arm(point, die_once_it_is_posted)
    with pytest.raises(Died):
        await quick.settle()
    await quick.another_worker()
    quick.clock.leap(61)
    await quick.settle()
    assert (await quick.run()).state == "waiting"
    assert quick.town.github.world.pulls(quick.town.repository) == []
    outcomes = [event.facts["outcome"] for event in await quick.journal() if event.name == "signal.applied"]
    assert outcomes == ["refused: said before the plan was shown as it is"]
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert (await quick.run()).pull_number == quick.pull_number


async def test_a_push_that_is_told_of_between_two_looks_stops_the_run(at_once: World) -> None:
    await change_waits(at_once)
    branch = at_once.pull.head_ref
    pushed = []

    async def pushes_meanwhile(request: web.Request, act: Act) -> web.StreamResponse:
        """GitHub answers with the old head; by the time we read it the branch has moved, and we were told."""
        old = await act(request)
        if request.path.endswith(f"/pulls/{at_once.pull_number}") and not pushed:
            pushed.append(branch)
            await at_once.requester.push(branch, {"slugs/more.py": "Y = 2\n"}, "a little more")
            await at_once.town.github.webhooks.delivered()
            await drain(at_once.services)
        return old

    async with at_once.services.store.begin() as db:
        assert await runs.wake(db, (await at_once.run()).id, at_once.clock.now())
    at_once.town.github.middlewares.append(pushes_meanwhile)
    await at_once.settle()
    stopped = await at_once.run()
    assert (stopped.state, stopped.waiting and stopped.waiting.person) == ("waiting", "rosa")
    assert "write over nobody's commits" in at_once.replies(at_once.pull_number)[-1]


@pytest.mark.slow
async def test_a_merge_by_a_person_that_is_quicker_than_ours_is_said_to_be_theirs(at_once: World) -> None:
    await change_waits(at_once)
    merged = []

    async def quicker(request: web.Request, act: Act) -> web.StreamResponse:
        if request.method == "PUT" and request.path.endswith("/merge") and not merged:
            merged.append(await at_once.approver.merge(at_once.pull_number))
        return await act(request)

    at_once.town.github.middlewares.append(quicker)
    await at_once.approver.approve(at_once.pull_number)
    await at_once.settle_in_time()
    run = await at_once.run()
    assert (run.state, run.ended_code, run.ended_why) == ("succeeded", "merged-by-person", "#2 was merged by a person")
    assert len(at_once.town.github.world.merges(at_once.town.repository)) == 1
    assert not [reply for reply in at_once.replies() if "is merged into" in reply]


@pytest.mark.slow
async def test_who_asks_for_changes_after_approving_has_not_approved(two: World) -> None:
    await change_waits(two)
    await two.approver.approve(two.pull_number)
    await two.approver.request_changes(two.pull_number, "Wait, the tests are missing.")
    await two.town.person("ben").approve(two.pull_number)
    await two.settle()
    assert nothing_merged(two)
    assert (await two.run()).state == "waiting"
    voided = [event.facts["why"] for event in await two.journal() if event.name == "approval.voided"]
    assert voided == ["they asked for changes since"]


# Whose words ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_comment_whose_answer_was_lost_is_found_again_and_not_written_twice(at_once: World) -> None:
    at_once.town.github.faults.fail_next("POST", "/repos/*/issues/2/comments", 500, after=True)
    await at_once.ask()
    await at_once.settle_in_time()
    assert (await at_once.run()).state == "waiting"
    assert len(at_once.comments(2)) == 1
    assert [event.name for event in await at_once.journal()].count("run.postponed") == 1


@pytest.mark.slow
async def test_a_marker_that_a_person_pasted_is_not_taken_for_the_bots_own_comment(at_once: World) -> None:
    at_once.town.github.faults.fail_next("POST", "/repos/*/issues/2/comments", 500)
    issue = await at_once.ask()
    await at_once.settle()
    assert at_once.comments(2) == []
    intended = next(
        event.facts["effect"]
        for event in reversed(await at_once.journal())
        if event.name == "effect.intended" and event.facts["kind"] == "comment"
    )
    forged = marked("The change waits for nobody.", f"run:{(await at_once.run()).id}:{intended}")
    mallory = newcomer(at_once, "mallory", "write")
    await mallory.comment(2, forged)
    await mallory.comment(2, posted(at_once, issue, "### Plan").body)
    await at_once.settle_in_time()
    (own,) = at_once.comments(2)
    assert own.body.startswith("@ada, this change needs your approval.")
    assert marker(f"run:{(await at_once.run()).id}:{intended}") in own.body
    assert (await at_once.run()).state == "waiting"


# Until when -----------------------------------------------------------------------------------------------------


async def test_a_yes_that_is_edited_deleted_dismissed_or_whose_giver_lost_the_role_counts_no_more(two: World) -> None:
    await change_waits(two)
    number = two.pull_number

    async def one_counts(who: str) -> None:
        await two.settle()
        run = await two.run()
        assert run.waiting is not None, f"{who}: {run.state}"
        assert run.waiting.why.startswith("1 of 2 approvals given"), who

    edited = await two.approver.comment(number, "/approve")
    await one_counts("ada")
    two.clock.leap(5)
    await two.approver.edit_comment(edited.id, "/approve once the tests are longer")

    cleo = newcomer(two, "cleo", "write")
    deleted = await cleo.comment(number, f"/approve {await two.digest()}")
    await one_counts("cleo")
    await cleo.delete_comment(deleted.id)

    dismissed = await newcomer(two, "dan", "write").approve(number)
    await one_counts("dan")
    await two.requester.dismiss(number, dismissed.id, "Not yet.")

    await newcomer(two, "eve", "write").approve(number)
    await one_counts("eve")
    give(two, "eve", "read")

    await two.town.person("ben").approve(number)
    await one_counts("ben")
    assert nothing_merged(two)
    async with two.services.store.read() as db:
        given = await approvals.of_run(db, (await two.run()).id)
    assert {one.actor: one.voided_why for one in given} == {
        "ada": "@ada edited the comment",
        "cleo": "@cleo deleted the comment",
        "dan": "@rosa dismissed the review",
        "eve": "Approving the change needs the role `write` or above, and @eve has the role `read`.",
        "ben": None,
    }


async def test_an_approval_that_was_edited_before_anybody_read_it_grants_nothing(at_once: World) -> None:
    await change_waits(at_once)
    comment = await at_once.approver.comment(at_once.pull_number, "/approve")
    at_once.clock.leap(5)
    await at_once.approver.edit_comment(comment.id, "Not yet.")
    await at_once.settle()
    assert (await at_once.run()).state == "waiting"
    assert nothing_merged(at_once)


async def test_a_role_revoked_between_approval_and_merge_stops_the_merge_until_another_yes(at_once: World) -> None:
    await change_waits(at_once)
    at_once.town.github.faults.fail_next("PUT", "/repos/*/pulls/*/merge", 502)
    await at_once.approver.approve(at_once.pull_number)
    await at_once.settle()
    assert [event.facts["step"] for event in await at_once.journal() if event.name == "step.finished"][-1] == (
        "change-approved"
    )
    give(at_once, "ada", "triage")
    ben = newcomer(at_once, "ben", "write")
    await at_once.settle_in_time()
    assert (await at_once.run()).state == "waiting"
    assert nothing_merged(at_once)
    assert at_once.checks()["pullwright/approval"] == "action_required"
    assert [words.partition(",")[0] for words in at_once.replies(at_once.pull_number)] == ["@ada", "@ben"]
    await ben.approve(at_once.pull_number)
    await at_once.settle()
    assert at_once.pull.merged_at is not None


async def test_a_comment_edited_between_approval_and_merge_stops_the_merge(at_once: World) -> None:
    await change_waits(at_once)
    at_once.town.github.faults.fail_next("PUT", "/repos/*/pulls/*/merge", 502)
    comment = await at_once.approver.comment(at_once.pull_number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    at_once.clock.leap(5)
    await at_once.approver.edit_comment(comment.id, "Wait, no.")
    await at_once.settle_in_time()
    assert (await at_once.run()).state == "waiting"
    assert nothing_merged(at_once)


@pytest.mark.slow
async def test_a_review_of_an_older_head_does_not_count(at_once: World) -> None:
    await change_waits(at_once)
    await at_once.approver.approve(at_once.pull_number)
    pushed = await at_once.requester.push(at_once.pull.head_ref, {"extra.py": "import os\n"}, "one more thing")
    await at_once.settle()
    assert at_once.replies(at_once.pull_number)[1] == (
        f"That review is of an older commit. The pull request is at `{pushed[:12]}` now: look at that one."
    )
    assert "write over nobody's commits" in at_once.replies(at_once.pull_number)[-1]
    assert nothing_merged(at_once)
