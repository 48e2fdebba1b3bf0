"""`/continue` after somebody pushed to the bot's branch: what they pushed is the change from there on, and is
looked at, tested, reviewed and approved like any other; and their commits stay where they are."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from story_deaths import Deaths, survive
from story_sources import AT_ONCE, source
from story_trust import DONE, PATH, QUICK, all_runs, change_waits, newcomer, nothing_merged, quick_world
from story_world import World

from adapters.store.tables import signals
from bot.demo.github import git
from bot.demo.github.acts import refs
from bot.demo.github.people import Person
from core import faults
from core.runs import SignalKind
from jobs.records import record_of
from jobs.replay import Replayed, replay

THEIRS = """\"\"\"From a title to a slug.\"\"\"

import re


def slugify(title):
    \"\"\"Return the words of the title in lower case, with a hyphen between them.\"\"\"
    return "-".join(re.findall("[a-z0-9]+", title.lower()))
"""
SCRIPT = {
    **QUICK,
    "change~3": [{"edit": {"path": PATH, "old": 'findall("', "new": 'findall(r"'}}, {"submit": DONE}],
}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


@pytest.fixture
async def at_once(tmp_path: Path) -> AsyncIterator[World]:
    """No plan waits, and the bot merges."""
    async with quick_world(tmp_path, script=SCRIPT, source=source(tmp_path), policy=AT_ONCE) as opened:
        newcomer(opened, "ben", "write")
        yield opened


async def pushes(world: World, person: Person, text: str = THEIRS, path: str = PATH) -> str:
    """The head after somebody put this file into the bot's branch, and the bot asked what becomes of it."""
    head = await person.push(world.pull.head_ref, {path: text}, "mine")
    await world.settle()
    assert f"`/continue` has me continue with {head[:12]}" in world.replies(world.pull_number)[-1]
    return head


async def pushes_as_nobody(world: World, person: Person) -> str:
    """A commit that somebody pushed, and in which an address stands that no account has."""
    path, branch = world.town.repository.path, f"refs/heads/{world.pull.head_ref}"
    async with refs.moving(world.town.github.world, person.actor, world.town.repository):
        old = await git.text(path, "rev-parse", branch)
        tree, nobody = (
            await git.edited_tree(path, old, {"slugs/more.py": b"# mine\n"}),
            git.Person("No", "no@body.test"),
        )
        new = await git.commit(path, tree, [old], "mine\n", nobody, nobody, world.town.github.world.stamp())
        await git.update_ref(path, branch, new, old)
    return new


async def replayed(world: World) -> Replayed:
    run = await world.run()
    async with world.services.store.read() as db:
        return await replay(await record_of(db, world.services.artifacts, run.id))


async def test_what_somebody_pushed_is_gone_on_with_and_whoever_pushed_it_does_not_approve_it(at_once: World) -> None:
    await change_waits(at_once)
    old, number = await at_once.digest(), at_once.pull_number
    head = await pushes(at_once, at_once.approver)
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    run, new = await at_once.run(), await at_once.digest()
    assert (run.state, new != old, at_once.pull.head_sha) == ("waiting", True, head), run.ended_why
    said = at_once.replies(number)[-1]
    assert said.startswith("@ben, this change needs your approval. 0 of 1 approvals given: it needs one person"), said
    assert (
        f"\n\n@rosa had me continue with {head[:12]}, which @ada pushed. It was tested as it is. @ada is its author as "
        "much as I am: where policy asks for somebody else than the requester, it asks for somebody else than them, "
        "too. Earlier approvals no longer count.\n\n"
    ) in said
    assert {at_once.checks()[f"pullwright/{name}"] for name in ("tests", "policy", "review")} == {"success"}
    await at_once.approver.comment(number, f"/approve {new}")
    await at_once.approver.approve(number)
    await at_once.settle()
    assert nothing_merged(at_once)
    assert (
        "@ada is an author of some of this change, and under the policy `team` nobody approves a change of their own."
        in (at_once.replies(number)[-1])
    )
    await at_once.town.person("ben").comment(number, f"/approve {new}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"
    assert await git.text(at_once.town.repository.path, "show", f"main:{PATH}") == THEIRS.strip()


@pytest.mark.slow
async def test_what_the_run_makes_of_a_push_comes_behind_the_commits_of_whoever_pushed(at_once: World) -> None:
    await change_waits(at_once)
    number, repository = at_once.pull_number, at_once.town.repository
    head = await pushes(at_once, at_once.requester)
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    await at_once.approver.comment(number, "/revise Say it twice.")
    await at_once.settle()
    assert (await at_once.run()).state == "waiting", (await at_once.run()).ended_why
    assert await git.text(repository.path, "rev-parse", f"{at_once.pull.head_sha}^") == head
    now = await at_once.requester.push("main", {PATH: await on_main(at_once)}, "# where words end")
    await at_once.approver.comment(number, "/approve")
    await at_once.settle()
    parents = await git.text(repository.path, "rev-list", "--no-walk", "--parents", at_once.pull.head_sha)
    assert parents.split()[1:] == [head, now]
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert (await at_once.run()).state == "succeeded"


async def on_main(world: World) -> str:
    text = await git.text(world.town.repository.path, "show", f"main:{PATH}")
    return text.replace('"""From a title', '"""Here: from a title') + "\n"


@pytest.mark.slow
async def test_only_what_was_asked_about_is_gone_on_with_and_only_what_policy_lets_anybody_ship(at_once: World) -> None:
    issue = await change_waits(at_once)
    number, branch = at_once.pull_number, at_once.pull.head_ref
    first = await pushes(at_once, at_once.approver, "on: push\n", ".github/workflows/deploy.yml")
    await newcomer(at_once, "sid").comment(number, "/continue")
    await at_once.settle()
    assert "`/continue` needs the role `triage` or above, and @sid has the role `read`" in at_once.replies(number)[-1]
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    said = at_once.replies(number)[-1]
    assert said.startswith(f"I cannot continue with {first[:12]}: "), said
    assert ".github/workflows/deploy.yml" in said
    await at_once.approver.push(branch, {PATH: THEIRS}, "more of mine")
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    early = [one for one in at_once.replies(number) if one.startswith("The branch is at ")]
    assert len(early) == 1, at_once.replies(number)
    run = await at_once.run()
    assert (run.state, run.waiting and run.waiting.stuck, nothing_merged(at_once)) == ("waiting", True, True)
    await at_once.requester.comment(issue, "/retry")
    await at_once.settle()
    newer, older = await all_runs(at_once)
    assert (older.state, older.id, newer.retry_of) == ("cancelled", run.id, run.id)


@pytest.mark.slow
async def test_who_pushed_must_be_known_and_whom_github_names_late_does_not_approve_what_is_theirs(
    at_once: World,
) -> None:
    await change_waits(at_once)
    number, ben = at_once.pull_number, at_once.town.person("ben")
    await pushes(at_once, ben, "# mine\n", "slugs/more.py")
    bens = await untold(at_once)
    head = await pushes(at_once, at_once.approver)
    adas = await untold(at_once)
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    assert at_once.replies(number)[-1] == (
        f"I cannot continue with {head[:12]}: GitHub has not said yet who pushed it, and that person counts as an "
        "author.\n\nSay `/continue` again in some minutes."
    )
    await told(at_once, adas)
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    said = at_once.replies(number)[-1]
    assert f"{head[:12]}, which @ada pushed." in said
    assert "so @ada, @ben, named in its commits, count as an author as well." in said
    await told(at_once, bens)
    await ben.comment(number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert "@ben is an author of some of this change" in at_once.replies(number)[-1]
    assert nothing_merged(at_once)


@pytest.mark.slow
async def test_a_push_whose_webhook_is_lost_for_good_below_a_later_one_has_its_author_or_is_not_gone_on_with(
    at_once: World,
) -> None:
    await change_waits(at_once)
    number, ben, town = at_once.pull_number, at_once.town.person("ben"), at_once.town
    lost = await pushes_as_nobody(at_once, ben)
    await at_once.settle()
    moves = list(town.repository.activities)
    await untold(at_once)
    head = await pushes(at_once, at_once.approver)
    town.repository.activities[:] = [one for one in town.repository.activities if one.after == head]
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    assert at_once.replies(number)[-1] == (
        f"I cannot continue with {head[:12]}: GitHub says neither who pushed {lost[:12]} nor which account wrote it, "
        "and that person counts as an author.\n\nSay `/continue` again in some minutes. If GitHub does not say it then "
        "either, `/take` makes the pull request yours."
    )
    town.repository.activities[:0] = moves
    await at_once.requester.comment(number, "/continue")
    await at_once.settle()
    assert f"{head[:12]}, which @ada, @ben pushed." in at_once.replies(number)[-1]
    await ben.comment(number, f"/approve {await at_once.digest()}")
    await at_once.settle()
    assert "@ben is an author of some of this change" in at_once.replies(number)[-1]
    assert nothing_merged(at_once)


async def untold(world: World) -> list[dict[str, Any]]:
    """What GitHub told of pushes until now, as if it had not."""
    world.town.repository.activities.clear()
    pushed = signals.c.kind == SignalKind.pushed
    async with world.services.store.begin() as db:
        rows = [dict(row) for row in (await db.execute(sa.select(signals).where(pushed))).mappings()]
        await db.execute(sa.delete(signals).where(pushed))
    return rows


async def told(world: World, rows: list[dict[str, Any]]) -> None:
    async with world.services.store.begin() as db:
        await db.execute(sa.insert(signals), [{**row, "id": None} for row in rows])


@pytest.mark.slow
async def test_deaths_on_the_way_from_a_push_to_its_approval_change_nothing_that_people_see(at_once: World) -> None:
    await change_waits(at_once)
    number = at_once.pull_number
    head = await pushes(at_once, at_once.requester)
    await at_once.requester.comment(number, "/continue")
    deaths = Deaths("effect.after_act", every=3)
    await survive(at_once)
    assert deaths.died
    faults.disarm()
    assert len([one for one in at_once.replies(number) if f"had me continue with {head[:12]}" in one]) == 1
    assert (at_once.pull.head_sha, nothing_merged(at_once)) == (head, True)
    await at_once.approver.comment(number, f"/approve {await at_once.digest()}")
    await survive(at_once)
    assert (await at_once.run()).state == "succeeded"
    assert (await replayed(at_once)).difference is None
