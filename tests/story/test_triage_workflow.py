"""`triage`: the judgement is said in the thread, by whichever door it was asked for; nothing else happens."""

from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import quick_world

READY = {"verdict": "actionable", "kind": "bug", "summary": "Runs of hyphens.", "why": "It can be seen; closes #1."}
ASKED = {"verdict": "needs-info", "kind": "bug", "summary": "It fails.", "questions": ["Which version is it?"]}


@pytest.mark.parametrize(
    ("verdict", "says", "code"),
    [
        (READY, "**Ready to be worked on** (bug): Runs of hyphens.", None),
        (ASKED, "Which version is it?", "needs-info"),
    ],
    ids=["actionable", "needs-info"],
)
@pytest.mark.parametrize("door", ["label", "command"])
async def test_a_judgement_is_said_and_nothing_else_is_done(
    tmp_path: Path, door: str, verdict: dict[str, Any], says: str, code: str | None
) -> None:
    script = {"triage": [{"submit": verdict}]}
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=script) as world:
        issue = await world.requester.open_issue("It fails", "Sometimes.")
        if door == "label":
            await world.requester.label(issue.number, "pullwright:triage")
        else:
            await world.requester.comment(issue.number, "/triage")
        await world.settle_in_time()
        run = await world.run()
        assert (run.workflow, run.state, run.ended_code) == ("triage", "succeeded", code), run.ended_why
        assert any(says in said for said in world.replies(issue.number))
        assert "closes #1" not in str(world.replies(issue.number))
        assert world.town.github.world.pulls(world.town.repository) == []
        assert [event.facts["step"] for event in await world.journal() if event.name == "model.replied"] == [
            "triage/turn:1"
        ]
