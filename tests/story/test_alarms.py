"""What goes wrong that nobody asked about is told once: on the head of a pull request, and on the board."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from story_boards import boards, text
from story_trust import give, quick_world
from story_world import World

from adapters.store import alarms
from bot.demo.github.records import CheckRun
from core.boards import Alarm, AlarmKind
from core.names import Repo, Sha
from jobs.alarms import tell

POLICY = ".github/pullwright.yml"
GREET = "name: greet\non: {command: greet}\nsteps:\n  - {id: say, github: {comment: Hello.}}\n"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path) as opened:
        await opened.settle()
        yield opened


async def board(world: World) -> int:
    """An issue in which the board was asked for."""
    issue = (await world.requester.open_issue("One")).number
    give(world, "ada", "maintain")
    await world.approver.comment(issue, "/pin-status")
    await world.settle()
    assert len(boards(world)) == 1
    return issue


async def later(world: World) -> None:
    world.clock.leap(11)
    await world.settle()


def red(world: World, sha: str) -> list[CheckRun]:
    """The checks of the configuration on a commit."""
    found = world.town.github.world.check_runs(world.town.repository)
    return [check for check in found if check.head_sha == sha and check.name == "pullwright/config"]


async def repo(world: World) -> Repo:
    installation = world.town.github.world.installation_of(world.town.app, world.town.repository)
    assert installation is not None
    it = world.town.repository
    return Repo(id=it.id, owner=it.owner.login, name=it.name, installation_id=installation.id)


@pytest.mark.slow
async def test_a_policy_that_cannot_be_read_is_one_red_line_on_the_pull_request_and_the_board_until_it_is_mended(
    world: World,
):
    issue = await board(world)
    head = await world.requester.push("more", {"more.txt": "more"}, "more")
    pull = (await world.requester.open_pull("more", "main", "More")).number
    await world.approver.push("main", {POLICY: "version: 1\nmerge: robot\n"}, "policy")
    await world.settle()
    before = len(world.comments())
    for thread in (pull, pull, issue):
        await world.requester.comment(thread, "/implement")
    await world.settle()
    assert len(world.comments()) == before + 2, "each thread is answered once, and the alarm makes no comment"
    (check,) = red(world, head)
    assert (check.conclusion, check.output["title"]) == ("failure", "The policy cannot be read")
    await later(world)
    first, _, _ = text(world).partition("\n")
    assert first.startswith("- 🔴 `config`: **The policy cannot be read**, since ")

    await world.approver.push("main", {POLICY: "version: 1\npolicy: team\n"}, "mend the policy")
    await world.settle()
    await later(world)
    (check,) = red(world, head)
    assert (check.conclusion, check.output["title"]) == ("success", "Nothing is wrong any more")
    assert text(world).startswith("Nothing is waiting for anybody.")


@pytest.mark.slow
async def test_a_permission_that_is_missed_is_told_once_and_gone_when_github_says_that_it_was_granted(world: World):
    await board(world)
    where, now = await repo(world), world.clock.now()
    head = Sha(await world.requester.push("more", {"more.txt": "more"}, "more"))
    missed = Alarm(
        kind=AlarmKind.permission, about=1, why="@ada: no", head=head, since=now, until=now + timedelta(days=1)
    )
    async with world.services.store.begin() as db:
        assert [await tell(db, where, missed, now) for _ in range(3)] == [True, False, False]
    await later(world)
    assert [check.conclusion for check in red(world, head)] == ["failure"]
    assert text(world).count("**The App lacks a permission**") == 1
    assert "@ada" not in text(world)
    async with world.services.store.begin() as db:
        await alarms.may_be_granted(db, where.installation_id, world.clock.now())
    await later(world)
    await later(world)
    assert [check.conclusion for check in red(world, head)] == ["success"]
    assert "permission" not in text(world)


@pytest.mark.slow
async def test_a_check_that_somebody_runs_again_stays_red_until_the_alarm_is_over_and_says_then_what_was_found(
    world: World,
):
    await board(world)
    await world.approver.push("main", {".github/pullwright/workflows/greet.yml": GREET}, "greet people")
    head = Sha(await world.requester.push("more", {"more.txt": "more"}, "more"))
    await world.settle()
    assert red(world, head) == []
    where, now = await repo(world), world.clock.now()
    missed = Alarm(kind=AlarmKind.permission, about=1, why="no", head=head, since=now, until=now + timedelta(days=1))
    async with world.services.store.begin() as db:
        await tell(db, where, missed, now)
    await later(world)
    (check,) = red(world, head)
    await world.approver.rerun(check)
    await world.settle()
    assert newest(world, head) == ("failure", "The App lacks a permission")
    async with world.services.store.begin() as db:
        await alarms.may_be_granted(db, where.installation_id, world.clock.now())
    await later(world)
    await later(world)
    assert newest(world, head) == ("success", "The configuration is valid")
    await world.approver.rerun(check)
    await world.settle()
    assert [(one.id, one.conclusion) for one in red(world, head)] == [(check.id, "success")]


def newest(world: World, head: str) -> tuple[str | None, str]:
    """What GitHub shows: of the checks of one name it is the newest."""
    check = max(red(world, head), key=lambda one: one.id)
    return check.conclusion, check.output["title"]
