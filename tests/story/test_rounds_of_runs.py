"""Rounds: people want a plan or a change to be different, and the run does it again, on the same pull request."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import (
    DONE,
    NEW,
    PATH,
    PLAN,
    QUICK,
    change_waits,
    newcomer,
    plan_waits,
    quick_world,
)
from story_world import World

from bot.demo.github import git
from bot.demo.github.acts import reviews
from bot.demo.github.people import Person
from core import faults

BETTER = 'return "-".join(re.findall("[a-z0-9]+", title.lower()))'
OTHER_PLAN = {**PLAN, "summary": "Join the words themselves.", "steps": ["Find all words."]}
SCRIPT = {
    **QUICK,
    "plan~2": [{"submit": OTHER_PLAN}],
    "change~2": [
        {"edit": {"path": PATH, "old": NEW, "new": BETTER}},
        {"submit": {**DONE, "summary": "Words are found, not cut."}},
    ],
}


ASKED = {
    "event": "REQUEST_CHANGES",
    "body": "Almost.",
    "comments": [{"path": PATH, "line": 8, "body": "Find the words instead of cutting."}],
}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[World]:
    """Every plan waits."""
    async with quick_world(tmp_path, script=SCRIPT) as opened:
        yield opened


@pytest.fixture
async def at_once(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and the bot merges."""
    async with quick_world(tmp_path, script=SCRIPT, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened


async def test_a_plan_is_made_anew_with_what_was_said_and_what_approved_the_old_one_approves_nothing(
    waiting: World,
) -> None:
    issue = await plan_waits(waiting)
    old = await waiting.digest()
    await waiting.approver.comment(issue, "/revise Do not cut, find the words.")
    await waiting.settle()
    assert await waiting.digest() != old
    asked = waiting.town.model.conversations if waiting.town.model is not None else {}
    told = str(next(one for name, one in asked.items() if name.endswith("/plan~2")))
    assert "Do not cut, find the words." in told
    assert "The plan that they saw:" in told
    await waiting.approver.comment(issue, f"/approve {old}")
    await waiting.settle()
    assert any("another plan" in said or old not in said for said in waiting.replies(issue)[-1:])
    assert (await waiting.run()).state == "waiting"
    await waiting.approver.comment(issue, f"/approve {await waiting.digest()}")
    await waiting.settle()
    assert (await waiting.run()).pull_number is not None


async def test_a_review_that_asks_for_changes_is_taken_up_on_the_same_pull_request_and_its_threads_are_answered(
    at_once: World,
) -> None:
    await change_waits(at_once)
    before, pull = at_once.pull.head_sha, at_once.pull_number
    issue = at_once.town.repository.issues[pull]
    await asks_for_changes(at_once, at_once.approver)
    await at_once.settle()
    run = await at_once.run()
    assert (run.state, run.pull_number) == ("waiting", pull), run.ended_why
    assert at_once.pull.head_sha != before
    (thread, answer) = at_once.pull.comments
    assert answer.in_reply_to == thread.id
    assert answer.body.startswith(f"Addressed in {at_once.pull.head_sha[:12]}. Words are found, not cut.")
    assert "Words are found, not cut." in (issue.body or "")
    assert at_once.approver.actor.account in at_once.pull.requested_reviewers
    await at_once.approver.comment(pull, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"
    assert len(at_once.town.github.world.merges(at_once.town.repository)) == 1


async def test_who_may_not_choose_what_is_changed_is_not_heard(at_once: World) -> None:
    await change_waits(at_once)
    before = at_once.pull.head_sha
    stranger = newcomer(at_once, "sid")
    await asks_for_changes(at_once, stranger)
    await stranger.comment(at_once.pull_number, "/revise Delete everything.")
    await at_once.settle()
    assert at_once.pull.head_sha == before
    assert (await at_once.run()).state == "waiting"
    assert len(at_once.pull.comments) == 1
    told = at_once.replies(at_once.pull_number)[-1]
    assert told.startswith("Not done: `/revise` needs the role `triage` or above, and @sid has the role `read`.")


async def test_what_a_stranger_says_in_a_thread_is_not_taken_along(at_once: World) -> None:
    await change_waits(at_once)
    await asks_for_changes(at_once, newcomer(at_once, "sid"))
    await at_once.approver.comment(at_once.pull_number, "/revise Find the words.")
    await at_once.settle()
    model = at_once.town.model
    assert model is not None
    told = str(next(one for name, one in model.conversations.items() if name.endswith("/change~2")))
    assert "/revise Find the words." in told
    assert "instead of cutting" not in told
    assert [comment.author.login for comment in at_once.pull.comments] == ["sid"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "every"),
    # Between two deaths at a commit there is room for headway: a run that dies five times on end is given up.
    [("effect.after_act", 3), ("push.after", 3), ("store.after_commit", 19), ("store.before_commit", 19)],
)
async def test_deaths_in_a_round_change_nothing_that_people_see(at_once: World, point: str, every: int) -> None:
    await change_waits(at_once)
    await asks_for_changes(at_once, at_once.approver)
    deaths = Deaths(point, every=every)
    await survive(at_once)
    assert deaths.died
    faults.disarm()
    (thread, answer) = at_once.pull.comments
    assert answer.in_reply_to == thread.id
    pull = at_once.pull_number
    await at_once.approver.comment(pull, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"
    assert BETTER in await git.text(at_once.town.repository.path, "show", f"refs/heads/main:{PATH}")


async def asks_for_changes(world: World, person: Person) -> None:
    issue = world.town.repository.issues[world.pull_number]
    await reviews.review(person.world, person.actor, person.repository, issue, ASKED)
