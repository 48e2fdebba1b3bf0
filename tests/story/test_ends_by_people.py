"""Ends by people: somebody takes the work over, or wants it no more, and the run ends where everybody can see it."""

import pytest
from story_trust import change_waits, nothing_merged, plan_waits, posted
from story_world import LABEL, World

from bot.demo.github import git
from bot.demo.github.acts import pulls
from jobs.intake import drain


async def _ended(world: World, state: str, code: str | None, why: str) -> None:
    run = await world.run()
    assert (run.state, run.ended_code, run.ended_why) == (state, code, why)
    last = (await world.journal())[-1]
    assert (last.name, last.facts["state"], last.facts["why"]) == ("run.ended", state, why)


# The branch -----------------------------------------------------------------------------------------------------


async def test_a_person_who_pushes_to_the_bots_branch_has_it_from_then_on(at_once: World) -> None:
    await change_waits(at_once)
    number, branch = at_once.pull_number, at_once.pull.head_ref
    pushed = await at_once.requester.push(branch, {"slugs/text.py": "def slugify(title):\n    return title\n"}, "mine")
    await at_once.settle()
    assert at_once.replies(number)[-1] == (
        f"@rosa, `{branch}` is at {pushed[:12]} now, which is not what I tested. I stop here, and write over nobody's "
        f"commits. `/continue` has me continue with {pushed[:12]}: I test it and ask for approval again. `/take` makes "
        "the pull request yours; `/reject` ends it. Once the branch is back as it was, I continue."
    )
    await at_once.approver.approve(number)
    await at_once.approver.comment(number, "/approve")
    await at_once.settle()
    run = await at_once.run()
    assert (run.state, run.waiting and run.waiting.person) == ("waiting", "rosa")
    assert nothing_merged(at_once)
    assert (await at_once.town.github.world.branches(at_once.town.repository))[branch] == pushed
    assert at_once.checks()["pullwright/approval"] == "failure"
    await at_once.requester.comment(number, "/take")
    await at_once.settle()
    assert (await at_once.run()).state == "cancelled"
    assert (await at_once.town.github.world.branches(at_once.town.repository))[branch] == pushed


@pytest.mark.slow
async def test_a_branch_that_is_put_back_as_it_was_goes_on_where_it_waited(at_once: World) -> None:
    await change_waits(at_once)
    number, ours, digest = at_once.pull_number, at_once.pull.head_sha, await at_once.digest()
    await at_once.approver.push(at_once.pull.head_ref, {"slugs/more.py": "X = 1\n"}, "mine")
    await at_once.settle()
    assert at_once.replies(number)[-1].startswith("@ada @rosa, ")
    repository = at_once.town.repository
    await git.text(repository.path, "update-ref", f"refs/heads/{at_once.pull.head_ref}", ours)
    at_once.pull.head_sha = ours
    await at_once.approver.comment(number, f"/approve {digest}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"


# The base -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_base_that_came_to_hold_the_whole_change_ends_the_run(at_once: World) -> None:
    await change_waits(at_once)
    same = await git.text(at_once.town.repository.path, "show", f"{at_once.pull.head_sha}:slugs/text.py")
    await at_once.requester.push("main", {"slugs/text.py": f"{same}\n"}, "the same")
    await at_once.approver.approve(at_once.pull_number)
    await at_once.settle()
    await _ended(at_once, "failed", "base-moved", "`main` holds by now what this change was to bring.")
    assert at_once.replies(at_once.pull_number)[-1] == (
        "❌ **This run failed** (`base-moved`). `main` holds by now what this change was to bring.\n\n"
        "Comment `/retry` for a fresh change on the new base."
    )
    assert nothing_merged(at_once)


@pytest.mark.slow
async def test_a_pull_request_that_was_pointed_at_another_branch_is_not_merged_into_it(at_once: World) -> None:
    await change_waits(at_once)
    github, repository, number = at_once.town.github.world, at_once.town.repository, at_once.pull_number
    await at_once.requester.push("release", {"README.md": "# slugs 1\n"}, "cut a release")
    await pulls.set_base(github, at_once.requester.actor, repository, github.issue(repository, number), "release")
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    await _ended(at_once, "failed", "base-moved", f"Somebody pointed #{number} at `release`; it was made for `main`.")
    assert nothing_merged(at_once)


@pytest.mark.slow
async def test_a_base_that_moved_beside_the_changed_paths_is_merged_into(at_once: World) -> None:
    await change_waits(at_once)
    digest = await at_once.digest()
    await at_once.requester.push("main", {"README.md": "# slugs\n"}, "shorter")
    await at_once.approver.comment(at_once.pull_number, f"/approve {digest}")
    await at_once.settle()
    await _ended(at_once, "succeeded", None, "#2 is merged")
    assert at_once.pull.merged_at is not None


# The pull request -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_pull_request_that_a_person_closes_ends_the_run(at_once: World) -> None:
    issue = await change_waits(at_once)
    await at_once.requester.close_pull(at_once.pull_number)
    await at_once.settle()
    await _ended(at_once, "cancelled", "closed", "@rosa closed #2")
    assert posted(at_once, issue, "**🛑 Cancelled**: ＠rosa closed ＃2")
    assert at_once.checks()["pullwright/approval"] == "cancelled"
    assert nothing_merged(at_once)


async def test_a_pull_request_that_a_person_merges_is_a_run_that_succeeded(at_once: World) -> None:
    issue = await change_waits(at_once)
    await at_once.approver.merge(at_once.pull_number, "squash")
    await at_once.settle()
    await _ended(at_once, "succeeded", "closed", "#2 was merged by @ada")
    assert posted(at_once, issue, "**✅ Done**: #2 was merged by ＠ada")


# The issue ------------------------------------------------------------------------------------------------------


async def test_an_issue_that_is_closed_ends_its_run(quick: World) -> None:
    issue = await plan_waits(quick)
    digest = await quick.digest()
    await quick.requester.close_issue(issue)
    await quick.settle()
    await _ended(quick, "cancelled", "closed", "@rosa closed the issue")
    assert posted(quick, issue, "**🛑 Cancelled**: ＠rosa closed the issue")
    await quick.approver.comment(issue, f"/approve {digest}")
    await quick.settle()
    assert quick.replies()[-1] == "Nothing waits for an approval here: no run is active."
    assert quick.town.github.world.pulls(quick.town.repository) == []


async def test_a_label_that_is_taken_off_ends_the_run_that_it_started(quick: World) -> None:
    issue = await plan_waits(quick)
    await quick.requester.unlabel(issue, LABEL)
    await quick.settle()
    await _ended(quick, "cancelled", "closed", "@rosa took the label off")
    assert posted(quick, issue, "**🛑 Cancelled**: ＠rosa took the label off")


async def test_a_run_that_is_called_off_before_it_said_anything_says_so_in_a_comment(quick: World) -> None:
    issue = await quick.ask()
    await quick.town.github.webhooks.delivered()
    await drain(quick.services)
    await quick.requester.unlabel(issue, LABEL)
    await quick.settle()
    await _ended(quick, "cancelled", "closed", "@rosa took the label off")
    assert quick.replies() == [
        "🛑 **This run was cancelled**: ＠rosa took the label off\n\n`/retry` starts it again.",
    ]
    assert quick.town.model is not None
    assert quick.town.model.requests == []
