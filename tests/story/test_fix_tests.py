"""`fix-tests`: what is red on the default branch is reproduced, understood, mended and shipped; green is a success."""

from pathlib import Path
from typing import Any

import yaml
from story_sources import AT_ONCE, source
from story_trust import quick_world
from story_world import World

BROKEN = "import unittest\n\nfrom slugs.text import answer\n\n\nclass TestAnswer(unittest.TestCase):\n"
BROKEN += "    def test_it_is_known(self):\n        self.assertEqual(answer(), 42)\n"
MENDED = {"path": "slugs/text.py", "old": "import re\n", "new": "import re\n\n\ndef answer():\n    return 42\n\n"}
SCRIPT: dict[str, Any] = {
    "diagnose": [
        {"submit": {"cause": "`answer` is missing.", "evidence": ["ImportError"], "files": ["slugs/text.py"]}}
    ],
    "change": [{"edit": MENDED}, {"submit": {"title": "add the answer", "kind": "fix", "summary": "It was missing."}}],
}


async def fix(world: World) -> None:
    issue = await world.requester.open_issue("The tests are red", "Since this morning.")
    await world.requester.label(issue.number, "pullwright:fix-tests")
    await world.settle_in_time()


async def test_red_tests_become_a_merged_pull_request_that_makes_them_green(tmp_path: Path) -> None:
    files = {"tests/test_answer.py": BROKEN}
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script=SCRIPT) as world:
        await fix(world)
        run = await world.run()
        assert (run.state, run.waiting and run.waiting.what) == ("waiting", "approval"), run.ended_why
        await world.approver.approve(world.pull_number)
        await world.settle_in_time()
        assert (await world.run()).ended_why == f"#{world.pull_number} is merged"
        notes = {e.facts["step"]: e.facts["why"] for e in await world.journal() if e.name == "step.finished"}
        assert notes["reproduce"] == "`python3 -m unittest discover -s tests -v`: 1 failing test"
        assert notes["tests"].startswith("`python3 -m unittest discover -s tests -v` is green; ")
        assert set(world.checks().values()) == {"success"}
        assert world.town.model is not None
        assert "`answer` is missing." in str(world.town.model.conversations)


async def test_green_tests_are_a_success_without_a_model_and_without_a_change(tmp_path: Path) -> None:
    async with quick_world(tmp_path, source=source(tmp_path), policy=AT_ONCE, script=SCRIPT) as world:
        await fix(world)
        run = await world.run()
        assert (run.state, run.ended_code) == ("succeeded", "nothing-to-fix")
        assert world.replies()[-1] == (
            "✅ `python3 -m unittest discover -s tests -v` is green on `main`: there is nothing to fix, "
            "so nothing was changed."
        )
        assert world.town.model is not None
        assert world.town.model.requests == []
        assert world.town.github.world.pulls(world.town.repository) == []


async def test_tests_that_stay_red_ship_nothing(tmp_path: Path) -> None:
    files = {"tests/test_answer.py": BROKEN}
    summary = {"submit": {"title": "look again", "kind": "fix", "summary": "Looked."}}
    wrong = [{"edit": {**MENDED, "new": "import re\n\n\ndef answer():\n    return 41\n\n"}}, summary]
    script = yaml.safe_load(yaml.safe_dump({**SCRIPT, "change": wrong, "tests/repair": [summary]}))
    async with quick_world(tmp_path, source=source(tmp_path, files), policy=AT_ONCE, script=script) as world:
        await fix(world)
        run = await world.run()
        assert (run.state, run.ended_code) == ("failed", "still-red")
        assert world.town.github.world.pulls(world.town.repository) == []
