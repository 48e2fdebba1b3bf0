"""`bump-dependency`: a manifest is changed and shipped like any change; what was given reaches nothing but a prompt."""

from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world

from bot.demo.github import git

REQUIREMENTS = "requests==2.31.0\nurllib3==2.0.0\n"
SCRIPT: dict[str, Any] = {
    "change": [
        {"edit": {"path": "requirements.txt", "old": "requests==2.31.0", "new": "requests==2.32.3"}},
        {"submit": {"title": "raise requests to 2.32.3", "kind": "build", "summary": "There is no lock file."}},
    ],
}


@pytest.mark.slow
async def test_a_dependency_is_raised_by_a_pull_request(tmp_path: Path) -> None:
    files = {"requirements.txt": REQUIREMENTS}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script=SCRIPT) as world:
        issue = (await world.requester.open_issue("requests is old")).number
        await world.requester.comment(issue, "/bump-dependency package=requests version=2.32.3")
        await world.settle_in_time()
        run = await world.run()
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "approval"), run.ended_why
        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{world.pull_number} is merged"
        merged = await git.text(world.town.repository.path, "show", "refs/heads/main:requirements.txt")
        assert merged == "requests==2.32.3\nurllib3==2.0.0"
        assert world.town.model is not None
        assert "2.32.3" in str(world.town.model.conversations)


@pytest.mark.slow
async def test_without_a_version_nothing_starts_and_the_answer_says_how(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        issue = (await world.requester.open_issue("requests is old")).number
        await world.requester.comment(issue, "/bump-dependency package=requests")
        await world.settle_in_time()
        assert world.replies(issue)[-1] == (
            "`bump-dependency` was not started:\n\n- `version` is missing\n\n"
            "Say `/bump-dependency package=… version=…`."
        )
