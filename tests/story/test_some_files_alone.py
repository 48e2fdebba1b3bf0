"""`/approve <digest> path…`: the other files are left out, and what is left is checked and asked about anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_sources import AT_ONCE, source
from story_trust import DONE, NEW, OLD, PATH, QUICK, change_waits, newcomer, quick_world
from story_world import World

from bot.demo.github import git

NOTES = "NOTES.md"
SCRIPT = {
    "plan": QUICK["plan"],
    "change": [
        {"edit": {"path": PATH, "old": OLD, "new": NEW}},
        {"write": {"path": NOTES, "content": "Runs become one hyphen.\n"}},
        {"submit": DONE},
    ],
}


@pytest.fixture
async def noted(tmp_path: Path) -> AsyncIterator[World]:
    """A change of two files waits for ada."""
    async with quick_world(tmp_path, script=SCRIPT, source=source(tmp_path), policy=AT_ONCE) as opened:
        yield opened


async def touched(world: World) -> list[str]:
    """The files that the pull request changes now, compared to its base."""
    said = await git.text(world.town.repository.path, "diff", "--name-only", f"main...{world.pull.head_sha}")
    return sorted(said.split())


async def test_the_files_that_are_not_named_are_left_out_and_the_rest_is_asked_about_anew(noted: World) -> None:
    await change_waits(noted)
    both, number = await noted.digest(), noted.pull_number
    assert await touched(noted) == [NOTES, PATH]
    await noted.approver.comment(number, f"/approve {both} {PATH}")
    await noted.settle()
    assert await touched(noted) == [PATH]
    left = await noted.digest()
    assert left != both
    assert (await noted.run()).state == "waiting"
    assert noted.checks()["pullwright/approval"] == "action_required"
    assert (
        "These files are left out of the change:\n\n- `NOTES.md`\n\n"
        "What is left is checked again, and then I ask whether it is right: nothing is approved yet."
    ) in noted.replies(number)
    await noted.approver.comment(number, f"/approve {left}")
    await noted.settle()
    assert noted.checks()["pullwright/approval"] == "success"


@pytest.mark.slow
async def test_a_file_that_the_change_does_not_touch_is_refused_with_those_that_it_does(noted: World) -> None:
    await change_waits(noted)
    digest, number, head = await noted.digest(), noted.pull_number, noted.pull.head_sha
    await noted.approver.comment(number, f"/approve {digest} {PATH} setup.py")
    await noted.settle()
    assert noted.replies(number)[-1] == (
        f"Nothing was done: the change does not touch\n\n- `setup.py`\n\nIt touches\n\n- `{NOTES}`\n- `{PATH}`"
    )
    await noted.approver.comment(number, f"/approve {digest} {PATH} {NOTES}")
    await noted.settle()
    assert noted.replies(number)[-1] == (
        f"Those are all files of the change. To approve it as it is: `/approve {digest}`."
    )
    assert (noted.pull.head_sha, await noted.digest()) == (head, digest)


@pytest.mark.slow
async def test_whoever_may_not_approve_leaves_no_file_out(noted: World) -> None:
    await change_waits(noted)
    digest, head = await noted.digest(), noted.pull.head_sha
    await newcomer(noted, "theo", "triage").comment(noted.pull_number, f"/approve {digest} {PATH}")
    await noted.requester.comment(noted.pull_number, f"/approve {digest} {PATH}")
    await noted.settle()
    assert (noted.pull.head_sha, await noted.digest()) == (head, digest)
