"""One pinned issue of a repository lists what waits for somebody there, until a person closes it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from story_boards import boards, text
from story_deaths import Deaths, survive
from story_trust import change_waits, give, newcomer, plan_waits, quick_world
from story_world import World

from core import faults

ASKED = re.compile(
    r"#\d+ lists everything in this repository that is waiting for somebody, and is kept up to date\. It is pinned\."
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with quick_world(tmp_path) as opened:
        await opened.settle()
        yield opened


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faults.disarm()


def edits(world: World) -> int:
    """How often the text of a board was written anew."""
    log = world.town.github.webhooks.log
    return len([one for one in log if (one.event, one.action) == ("issues", "edited")])


async def pin(world: World, thread: int) -> None:
    give(world, "ada", "maintain")
    await world.approver.comment(thread, "/pin-status")
    await world.settle()


async def later(world: World) -> None:
    world.clock.leap(11)
    await world.settle()


@pytest.mark.slow
async def test_the_board_is_made_once_pinned_kept_up_to_date_in_few_edits_and_ended_by_closing_it(world: World):
    issue = await plan_waits(world)
    await pin(world, issue)
    (board,) = boards(world)
    assert (board.title, board.pinned) == ("Waiting for somebody", True)
    assert ASKED.fullmatch(world.replies(issue)[-1])
    run = await world.run()
    assert run.waiting is not None
    assert run.waiting.digest is not None
    place = f"{world.town.github.url}/{world.town.repository.full_name}/issues/{issue}"
    assert re.search(
        rf"^- \[#{issue}\]\({re.escape(place)}(#issuecomment-\d+)?\), `implement`, waits for an approval since "
        rf"\d{{4}}-\d\d-\d\d \d\d:\d\d UTC\. Asked is `ada`\. `/approve {run.waiting.digest[:12]}` "
        r"\(approvers, by policy\), `/revise` or `/reject`\.",
        text(world),
        re.MULTILINE,
    )
    assert "@" not in text(world)
    for _ in range(3):
        await later(world)
    assert edits(world) == 0

    other = (await world.requester.open_issue("Another")).number
    await world.approver.comment(issue, "/reject not now")
    await world.approver.comment(other, "/hold until Monday")
    await world.settle()
    await later(world)
    assert edits(world) == 1
    assert f"#{issue}]" not in text(world)
    assert f"- ✋ [#{other}]" in text(world)
    assert ": until Monday. `/unhold` (write role, or who held it)." in text(world)

    await world.approver.close_issue(board.number)
    await world.approver.comment(other, "/unhold")
    await later(world)
    assert (edits(world), board.state) == (1, "closed")
    await pin(world, other)
    assert (board.state, len(boards(world)), edits(world)) == ("open", 1, 2)
    assert text(world).startswith("Nothing is waiting for anybody.")


@pytest.mark.slow
async def test_whoever_may_not_have_it_is_told_so_and_where_github_does_not_pin_it_that_is_said(world: World):
    issue = (await world.requester.open_issue("One")).number
    await newcomer(world, "wim", "write").comment(issue, "/pin-status")
    await world.settle()
    assert boards(world) == []
    assert world.replies(issue)[-1].startswith("Not done: `/pin-status` needs the role `maintain` or above")
    for _ in range(3):
        (await world.requester.open_issue("Pinned")).pinned = True
    await pin(world, issue)
    assert boards(world)[0].pinned is False
    assert (
        "It could not be pinned: GitHub refused to pin the issue: Maximum 3 pinned issues" in world.replies(issue)[-1]
    )


async def test_one_that_was_deleted_is_left_alone_until_it_is_asked_for_and_then_is_another_issue(world: World):
    issue = (await world.requester.open_issue("One")).number
    await pin(world, issue)
    (board,) = boards(world)
    give(world, "ada", "admin")
    await world.approver.delete_issue(board.number)
    await world.approver.comment(issue, "/hold")
    await later(world)
    assert boards(world) == []
    await pin(world, issue)
    assert [(one.number != board.number, one.pinned) for one in boards(world)] == [(True, True)]
    assert len([one for one in world.replies(issue) if ASKED.fullmatch(one)]) == 2


@pytest.mark.slow
async def test_what_waits_on_the_pull_request_is_linked_there(world: World):
    issue = await change_waits(world)
    await pin(world, issue)
    assert f"- [#{world.pull_number}](" in text(world)


POINTS = {"effect.after_act": 2, "board.after_edit": 2, "board.after_pin": 2, "store.before_commit": 7}
"""Each with how often it is died at: a look at the board has six transactions at most, and must get through in time."""


@pytest.mark.slow
@pytest.mark.parametrize("point", list(POINTS))
async def test_whoever_dies_over_the_board_leaves_one_issue_one_answer_and_the_right_text(world: World, point: str):
    issue = (await world.requester.open_issue("One")).number
    give(world, "ada", "maintain")
    await world.approver.comment(issue, "/pin-status")
    deaths = Deaths(point, POINTS[point])
    await survive(world)
    await world.approver.comment(issue, "/hold for a reason")
    for _ in range(3):
        world.clock.leap(61)
        await survive(world)
    assert deaths.died
    faults.disarm()
    (board,) = boards(world)
    assert board.pinned
    assert "held by `ada`" in text(world)
    assert len([one for one in world.replies(issue) if ASKED.fullmatch(one)]) == 1


@pytest.mark.slow
async def test_an_opening_whose_answer_is_lost_makes_no_second_issue(world: World):
    issue = (await world.requester.open_issue("One")).number
    world.town.github.faults.fail_next("POST", "/repos/*/*/issues", 500, after=True)
    await pin(world, issue)
    await world.settle_in_time()
    assert len(boards(world)) == 1
    assert ASKED.fullmatch(world.replies(issue)[-1])
