"""What was approved is asked again at the moment when it counts: whatever changed since then stops it, and is said."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import (
    PATH,
    PLAN,
    QUICK,
    change_waits,
    forge,
    give,
    newcomer,
    nothing_merged,
    plan_waits,
    quick_world,
    told,
)
from story_workflows import begin
from story_world import World

from bot.demo.github import git
from bot.demo.github.acts import pulls
from core import faults

EVERY_PLAN_WAITS = "version: 1\npolicy: team\nmerge: bot\nplan: {wait: always}\n"
TIGHTER = "version: 1\npolicy: team\nmerge: bot\nplan: {wait: never}\nlimits: {files: 9}\n"
TOO_WEAK = "Approving the plan needs the role `write` or above, and ＠ada has the role `triage`."
POLICY = ".github/pullwright.yml"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


# From the plan to the push --------------------------------------------------------------------------------------


async def one_waits_for_the_other(world: World) -> tuple[int, int]:
    """A pull request, and the issue of a run that waits with a finished change until that is out of the way."""
    first, second = 0, 0
    for _ in range(2):
        second = await world.ask()
        await world.settle()
        waiting = (await world.run()).waiting
        if waiting is not None and waiting.binds == "plan":
            await world.approver.comment(second, f"/approve {await world.digest()}")
            await world.settle()
        first = first or world.pull_number
    run = await world.run()
    assert (run.waiting and run.waiting.what, run.pull_number) == ("paths", None)
    return first, second


async def is_asked_again(world: World, issue: int) -> str:
    """What is said in the thread of a run that pushed nothing, and waits for ada to approve its plan."""
    run = await world.run()
    assert (run.state, run.waiting and run.waiting.binds, run.pull_number) == ("waiting", "plan", None), run.ended_why
    assert len(await world.town.github.world.branches(world.town.repository)) == 2, "its branch was pushed"
    plan, asks = world.replies(issue)[-1].split(f"\n\n@{run.waiting and run.waiting.person}, ")
    assert plan.startswith(f"### Plan `{await world.digest()}`")
    said, how, _ = asks.partition(f"\n\nTo approve exactly this, comment `/approve {await world.digest()}`.")
    assert how, asks
    return said


async def test_a_plan_that_passed_by_itself_waits_before_the_push_where_policy_asks_for_people_by_then(
    tmp_path: Path,
) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        pull, issue = await one_waits_for_the_other(world)
        await world.requester.push("main", {POLICY: EVERY_PLAN_WAITS}, "every plan waits")
        await world.approver.close_pull(pull)
        await world.settle()
        assert await is_asked_again(world, issue) == (
            "this plan needs your approval. Under the policy `team` every plan waits for a person. 0 of 1 approvals "
            "given: it needs one person with the role `write` or above."
        )
        await world.requester.comment(issue, "/approve 0123456789ab")
        await world.settle()
        digest = await world.digest()
        assert world.replies(issue)[-1] == f"That is an older plan. The current one is `{digest}`: `/approve {digest}`."
        await world.approver.comment(issue, "/approve")
        await world.settle()
        run = await world.run()
        assert (run.pull_number is not None, run.waiting and run.waiting.binds) == (True, "change"), run.ended_why


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happens", "lapsed"),
    [
        ("edited", "- The approval of @ada no longer counts: the comment was edited."),
        ("revoked", f"- The approval of @ada no longer counts: {TOO_WEAK}"),
        ("policy", "- @ada approved `{}`: since then the content or the policy has changed."),
    ],
)
async def test_a_plan_whose_approval_counts_no_more_waits_before_the_push(
    tmp_path: Path, happens: str, lapsed: str
) -> None:
    async with quick_world(tmp_path, source=source(tmp_path, plan={"wait": "always"}), policy=AT_ONCE) as world:
        pull, issue = await one_waits_for_the_other(world)
        said = world.town.github.world.comments_by(world.town.repository, "ada", issue)[-1]
        digest = said.body.removeprefix("/approve ")
        world.clock.leap(5)
        match happens:
            case "edited":
                await world.approver.edit_comment(said.id, "Not yet.")
            case "revoked":
                give(world, "ada", "triage")
            case "policy":
                await world.requester.push("main", {POLICY: EVERY_PLAN_WAITS}, "nothing of checks")
        await world.requester.close_pull(pull)
        await world.settle()
        asks = await is_asked_again(world, issue)
        assert asks.split("\n\n")[1:] == [lapsed.format(digest)]


@pytest.mark.slow
@pytest.mark.parametrize(("point", "every"), [("effect.after_act", 4), ("store.before_commit", 11)])
async def test_deaths_while_the_plan_is_asked_about_again_let_nothing_pass(
    tmp_path: Path, point: str, every: int
) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE) as world:
        pull, issue = await one_waits_for_the_other(world)
        await world.requester.push("main", {POLICY: EVERY_PLAN_WAITS}, "every plan waits")
        await world.approver.close_pull(pull)
        deaths = Deaths(point, every)
        await survive(world)
        assert deaths.died
        await is_asked_again(world, issue)
        assert len([one for one in world.replies(issue) if "this plan needs your approval" in one]) == 1
        await world.approver.comment(issue, "/approve")
        await survive(world)
        assert (await world.run()).pull_number is not None


# From the approval of the change to the merge -------------------------------------------------------------------


async def approved_and_put_off(world: World) -> str:
    """A change whose gate is open, and whose merge GitHub did not answer: it is tried again later. Its digest."""
    await change_waits(world)
    digest = await world.digest()
    world.town.github.faults.fail_next("PUT", "/repos/*/pulls/*/merge", 502)
    await world.approver.comment(world.pull_number, f"/approve {digest}")
    await world.settle()
    finished = [event.facts["step"] for event in await world.journal() if event.name == "step.finished"]
    assert finished[-1] == "change-approved"
    return digest


@pytest.mark.slow
async def test_a_policy_that_changed_between_approval_and_merge_asks_for_the_change_anew(at_once: World) -> None:
    old = await approved_and_put_off(at_once)
    await at_once.requester.push("main", {POLICY: TIGHTER}, "fewer files")
    await at_once.settle_in_time()
    new = await at_once.digest()
    assert (new != old, nothing_merged(at_once)) == (True, True)
    assert at_once.replies(at_once.pull_number)[-1].startswith(
        "@ada, this change needs your approval. 0 of 1 approvals given: it needs one person with the role `write` or "
        f"above, not the requester.\n\n- @ada approved `{old}`: since then the content or the policy has changed.\n\n"
        f"To approve exactly this, comment `/approve {new}`."
    )
    await at_once.approver.comment(at_once.pull_number, f"/approve {old}")
    await at_once.settle()
    assert nothing_merged(at_once)
    assert at_once.replies(at_once.pull_number)[-1] == (
        f"That is an older change. The current one is `{new}`: `/approve {new}`."
    )
    await at_once.approver.comment(at_once.pull_number, f"/approve {new}")
    await at_once.settle()
    assert at_once.pull.merged_at is not None


async def _retargeted(world: World) -> None:
    github, repository = world.town.github.world, world.town.repository
    await world.requester.push("release", {"README.md": "# slugs 1\n"}, "cut a release")
    issue = github.issue(repository, world.pull_number)
    await pulls.set_base(github, world.requester.actor, repository, issue, "release")


@pytest.mark.slow
async def test_a_base_that_moved_under_the_change_between_approval_and_merge_asks_for_the_change_anew(
    at_once: World,
) -> None:
    old = await approved_and_put_off(at_once)
    text = await git.text(at_once.town.repository.path, "show", f"main:{PATH}")
    now = await at_once.requester.push("main", {PATH: f"# Slugs.\n{text}\n"}, "say what it is")
    await at_once.settle_in_time()
    new, number = await at_once.digest(), at_once.pull_number
    assert (new != old, nothing_merged(at_once)) == (True, True)
    said = at_once.replies(number)[-1]
    assert said.startswith("@ada, this change needs your approval. 0 of 1 approvals given: "), said
    assert f" to {now[:12]}, under files that this change touches, so I put the change onto it and tested it" in said
    await at_once.approver.comment(number, f"/approve {old}")
    await at_once.settle()
    assert nothing_merged(at_once)
    assert at_once.replies(number)[-1] == f"That is an older change. The current one is `{new}`: `/approve {new}`."
    await at_once.approver.comment(number, f"/approve {new}")
    await at_once.settle()
    assert (at_once.pull.merged_at is not None, (await at_once.run()).state) == (True, "succeeded")
    assert (await git.text(at_once.town.repository.path, "show", f"main:{PATH}")).startswith("# Slugs.\n")


@pytest.mark.slow
async def test_a_base_that_became_another_one_between_approval_and_merge_stops_the_merge_and_is_named(
    at_once: World,
) -> None:
    await approved_and_put_off(at_once)
    await _retargeted(at_once)
    await at_once.settle_in_time()
    why = "Somebody pointed #2 at `release`; it was made for `main`."
    run, said = await at_once.run(), at_once.replies(at_once.pull_number)[-1]
    assert (run.state, run.ended_why) == ("failed", why)
    assert why in said
    assert nothing_merged(at_once)


# Elsewhere ------------------------------------------------------------------------------------------------------


NOTES = """
name: {name}
steps:
  - {{id: note, write: {{path: "{name}.txt", content: "{name}"}}}}
  - {{id: ship, ship: {{title: "note {name}"}}}}
  - {{id: ready, ready: {{request_review: requester}}}}
  - {{id: approved, gate: {{binds: change}}}}
"""


async def shipped(world: World, name: str) -> tuple[int, str]:
    """The pull request of a run that adds a note of this name, and the digest of its change."""
    await begin(world, NOTES.format(name=name))
    await world.settle()
    run = await world.run()
    assert run.pull_number is not None, run.ended_why
    return run.pull_number, await world.digest()


@pytest.mark.slow
async def test_an_approval_of_one_pull_request_approves_no_other_however_it_gets_there(tmp_path: Path) -> None:
    async with quick_world(tmp_path, script={}, source=source(tmp_path), policy=AT_ONCE) as world:
        (first, of_first), (second, of_second) = await shipped(world, "one"), await shipped(world, "two")
        await world.approver.comment(second, f"/approve {of_first}")
        await world.settle()
        assert world.replies(second)[-1] == (
            f"That is an older change. The current one is `{of_second}`: `/approve {of_second}`."
        )
        await world.approver.comment(first, "/approve")
        await world.approver.approve(first)
        await world.settle()
        comment = json.loads(told(world, "issue_comment", "created").body)
        review = json.loads(told(world, "pull_request_review", "submitted").body)
        said = len(world.replies(second))
        await forge(world, "issue_comment", comment | {"issue": comment["issue"] | {"number": second}})
        theirs = review["pull_request"] | {"number": second, "head": {"sha": await head_of(world, second)}}
        await forge(world, "pull_request_review", review | {"pull_request": theirs})
        await world.settle()
        run = await world.run()
        assert (run.pull_number, run.state) == (second, "waiting")
        assert len(world.replies(second)) == said
        assert [event for event in await world.journal() if event.name == "approval.granted"] == []
        outcomes = [event.facts["outcome"] for event in await world.journal() if event.name == "signal.applied"]
        assert [one for one in outcomes if one == "granted"] == []


async def head_of(world: World, number: int) -> str:
    (issue,) = [one for one in world.town.github.world.pulls(world.town.repository) if one.number == number]
    assert issue.pull is not None
    return issue.pull.head_sha


@pytest.mark.slow
async def test_a_plan_that_was_made_anew_keeps_no_approval_of_the_one_before(tmp_path: Path) -> None:
    script = {**QUICK, "plan~2": [{"submit": {**PLAN, "summary": "Join the words themselves."}}]}
    of_two = source(tmp_path, plan={"wait": "always", "approvals": 2})
    async with quick_world(tmp_path, script=script, source=of_two, policy=AT_ONCE) as world:
        newcomer(world, "ben", "write")
        issue = await plan_waits(world)
        await world.approver.comment(issue, "/approve")
        await world.settle()
        await world.requester.comment(issue, "/revise Find the words.")
        await world.settle()
        await world.town.person("ben").comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        run = await world.run()
        assert run.waiting is not None
        assert (run.pull_number, "1 of 2 approvals given" in run.waiting.why) == (None, True)
        await world.approver.comment(issue, f"/approve {await world.digest()}")
        await world.settle()
        assert (await world.run()).pull_number is not None
