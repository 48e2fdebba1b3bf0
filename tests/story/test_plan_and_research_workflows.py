"""`plan` and `research`: what was found out is said in the thread, and nothing else happens."""

from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world

FOUND = {"summary": "It is the pattern in slugs/text.py; closes #1.", "findings": [], "risks": []}
SCRIPT: dict[str, Any] = {
    "research": [{"submit": FOUND}],
    "plan": [{"submit": {"plan": "1. Match runs in `slugs/text.py`.\n2. Test it."}}],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("research", "It is the pattern in slugs/text.py; closes ＃1.\n\nNothing was changed. `/plan`"),
        ("plan", "1. Match runs in `slugs/text.py`.\n2. Test it.\n\nNothing was changed. `/implement` starts the work"),
    ],
)
async def test_what_was_found_out_is_said_and_nothing_is_changed(tmp_path: Path, verb: str, says: str) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = await world.requester.open_issue("It fails", "Sometimes.")
        await world.requester.comment(issue.number, f"/{verb}")
        await world.settle_in_time()
        run = await world.run()
        assert (run.workflow, run.state) == (verb, "succeeded"), run.ended_why
        assert world.replies(issue.number)[-1].startswith(says)
        assert world.town.github.world.pulls(world.town.repository) == []
