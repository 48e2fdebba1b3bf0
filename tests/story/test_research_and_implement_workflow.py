"""`research-and-implement`: researched from several sides, designed, approved, and done in slices that are merged."""

from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

from bot.demo.github import git

PLAN = {"summary": "Two constants.", "steps": ["Add one.", "Add two."], "files": ["slugs/one.py"]}
SCRIPT: dict[str, Any] = {
    "look": [{"submit": {"answer": "It is at home in slugs.", "files": ["slugs/text.py"]}}],
    "design": [{"submit": PLAN}],
    "change": [  # the same for every slice: the script cannot tell them apart
        {"write": {"path": "slugs/one.py", "content": "X = 1\n"}},
        {"submit": {"title": "add a constant", "kind": "feat", "summary": "Adds it."}},
    ],
}


async def asked(world: World) -> int:
    issue = await world.requester.open_issue("Two constants", "Please.")
    await world.requester.label(issue.number, "pullwright:research-and-implement")
    await world.settle_in_time()
    return issue.number


@pytest.mark.slow
async def test_the_slices_of_an_approved_design_are_shipped_as_one_change(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        await asked(world)
        run = await world.run()
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "approval"), run.ended_why
        notes = {e.facts["step"]: e.facts["why"] for e in await world.journal() if e.name == "step.finished"}
        assert (notes["research"], notes["slices"]) == ("4 of 4 items done", "2 of 2 items done")
        assert world.town.model is not None
        read = str(world.town.model.conversations)
        assert "Where in the code is this at home" in read
        assert "How will it be shown to work" in read
        assert "Add two." in read
        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{world.pull_number} is merged"
        assert await git.text(world.town.repository.path, "show", "refs/heads/main:slugs/one.py") == "X = 1"
