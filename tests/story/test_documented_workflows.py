"""The workflows that the documentation teaches, each begun and played as the page says."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from story_sources import AT_ONCE, source
from story_trust import DONE, NEW, OLD, PATH, quick_world
from story_world import World

from adapters.store import steps
from bot.demo.github.records import Issue
from core.states import RunState
from core.workflow.catalogue import FOLDER, STEPS

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"
EXAMPLES = {
    found[1]: found[0]
    for found in re.findall(
        rf"^```yaml\n(# ((?:{FOLDER}|{STEPS})/.*?)\n.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
}
TESTS = "".join(f"    def test_more_{number}(self):\n        pass\n\n" for number in range(4))
SCRIPT: dict[str, Any] = {
    "explain": [
        {"read": PATH},
        {"submit": {"answer": "It is at home in slugify().", "files": [PATH], "sure": True}},
    ],
    "docstrings": [
        {"edit": {"path": PATH, "old": OLD, "new": f'"""The title as a slug."""\n    {OLD}\n    {NEW}'}},
        {"edit": {"path": PATH, "old": '[^a-z0-9]", "-"', "new": '[^a-z0-9]", "+"'}},
        {"submit": {**DONE, "title": "say what slugify does"}},
    ],
    "tests/repair": [
        {"edit": {"path": PATH, "old": '[^a-z0-9]", "+"', "new": '[^a-z0-9]", "-"'}},
        {"submit": {**DONE, "title": "say what slugify does"}},
    ],
    "mend": [
        {"write": {"path": "slugs/wrong.py", "content": "right = 1\n"}},
        {"submit": {**DONE, "title": "mend it"}},
    ],
    "cover/goal:1": [
        {
            "write": {
                "path": "tests/test_more.py",
                "content": f"import unittest\n\n\nclass More(unittest.TestCase):\n{TESTS}",
            }
        },
        {"submit": {**DONE, "title": "add tests", "kind": "test"}},
    ],
}
WRONG = {"slugs/wrong.py": "right = = 1\n", "flaky.sh": "#!/bin/sh\nexit 1\n"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    copy = source(tmp_path, EXAMPLES)
    async with quick_world(tmp_path, source=copy, policy=AT_ONCE, script=SCRIPT) as opened:
        yield opened


async def said(world: World, order: str, *, title: str = "Old links break") -> Issue:
    """An issue with this order on it, and everything that follows by itself."""
    issue = await world.requester.open_issue(title, "They do.")
    await world.approver.label(issue.number, "needs triage")
    if order.startswith("/"):
        await world.requester.comment(issue.number, order)
    else:
        await world.requester.label(issue.number, order)
    await world.settle_in_time()
    return issue


async def approved(world: World) -> None:
    """The change waits for somebody, who approves it."""
    assert (await world.run()).state is RunState.waiting, (await world.run()).ended_why
    await world.approver.comment(world.pull_number, f"/approve {await world.digest()}")
    await world.settle()


async def outputs(world: World) -> dict[str, Any]:
    run = await world.run()
    assert (run.state, run.ended_code) == (RunState.succeeded, None), run.ended_why
    async with world.services.store.read() as db:
        return {step.key: step.output for step in await steps.all_(db, run.id) if step.state == "done"}


def carried(issue: Issue) -> set[str]:
    """Its labels."""
    return {label.name for label in issue.labels}


async def test_greet_says_hello(world: World) -> None:
    issue = await said(world, "/greet")
    await outputs(world)
    assert "Hello rosa, this is about *Old links break*." in world.replies(issue.number)


async def test_count_labels_the_issue_where_there_are_many(world: World) -> None:
    issue = await said(world, "/count word=e most=3")
    places = (await outputs(world))["places"]["output"]
    assert places > 3
    assert f"`e` stands in {places} places." in world.replies(issue.number)
    assert "tidy" in carried(issue)


async def test_count_says_nothing_where_there_are_few(world: World) -> None:
    issue = await said(world, "pullwright:count")
    assert "skipped" in (await outputs(world))["many"]
    assert carried(issue) == {"needs triage", "pullwright:count"}


async def test_decline_closes_the_issue_with_the_reason(world: World) -> None:
    issue = await said(world, "/decline it works as documented")
    assert "This will not be worked on: it works as documented" in world.replies(issue.number)
    assert (issue.state, issue.state_reason) == ("closed", "not_planned")
    assert carried(issue) == set()


async def test_decline_must_be_given_a_reason(world: World) -> None:
    issue = await said(world, "/decline")
    assert world.replies(issue.number) == ["`decline` was not started:\n\n- `task` is missing\n\nSay `/decline task`."]


async def test_choose_goes_on_with_the_answer(world: World) -> None:
    issue = await said(world, "/choose")
    assert (await world.run()).state is RunState.waiting
    await world.requester.comment(issue.number, "/answer yes")
    await world.settle()
    await outputs(world)
    assert "Noted: yes (rosa)." in world.replies(issue.number)


async def test_remind_comes_back_in_a_week(world: World) -> None:
    issue = await said(world, "pullwright:remind")
    assert (await world.run()).state is RunState.waiting
    world.clock.leap(7 * 86_400)
    await world.settle()
    await outputs(world)
    assert "A week has passed." in world.replies(issue.number)
    assert [person.login for person in issue.assignees] == ["ada"]


async def test_explain_says_what_the_model_found(world: World) -> None:
    issue = await said(world, "/explain")
    await outputs(world)
    assert "It is at home in slugify(). (1 files)" in world.replies(issue.number)


async def test_record_ships_a_file_that_somebody_approves(world: World) -> None:
    await said(world, "/record they go on working")
    await approved(world)
    shipped = (await outputs(world))["ship"]
    assert [path["path"] for path in shipped["paths"]] == ["DECISIONS.md"]
    assert not world.pull.draft


@pytest.mark.slow
async def test_document_repairs_what_it_broke_and_is_merged_when_approved(world: World) -> None:
    await said(world, "/document")
    await approved(world)
    found = await outputs(world)
    assert found["tests"]["repairs"] == 1
    assert found["merge"]["sha"]


@pytest.mark.slow
async def test_format_tries_again_mends_and_goes_on_without(world: World) -> None:
    await world.requester.push("main", WRONG, "break the build")
    issue = await said(world, "/format")
    found = await outputs(world)
    assert "failed" in found["fetch"]
    assert found["compile"]["exit_code"] == 0
    assert "The code compiles." in world.replies(issue.number)


@pytest.mark.slow
async def test_explore_adds_tests_until_there_are_enough(world: World) -> None:
    await said(world, "/explore")
    await approved(world)
    assert [path["path"] for path in (await outputs(world))["ship"]["paths"]] == ["tests/test_more.py"]


@pytest.mark.slow
async def test_license_goes_through_every_file_and_ships_one_change(world: World) -> None:
    await said(world, "/license")
    await approved(world)
    each = (await outputs(world))["each"]
    assert [one["output"]["file"] for one in each["items"]] == [
        "./slugs/__init__.py",
        "./slugs/text.py",
    ]
    (pull,) = world.town.github.world.pulls(world.town.repository)
    assert pull.title.endswith("name the license in 2 files")


@pytest.mark.slow
async def test_debt_counts_with_a_step_that_is_shared(world: World) -> None:
    issue = await said(world, "/debt")
    found = await outputs(world)
    assert found["functions"]["outputs"]["places"] >= 1
    told = f"{found['notes']['outputs']['places']} notes, {found['functions']['outputs']['places']} functions."
    assert told in world.replies(issue.number)


@pytest.mark.slow
async def test_survey_ships_what_another_workflow_wrote(world: World) -> None:
    await said(world, "/survey")
    await approved(world)
    assert [path["path"] for path in (await outputs(world))["ship"]["paths"]] == ["COUNTED.md"]


@pytest.mark.slow
async def test_record_signed_is_record_with_a_step_more_and_one_less(world: World) -> None:
    await said(world, "/record-signed as it was agreed")
    await approved(world)
    found = await outputs(world)
    assert "ready" not in found
    assert sorted(path["path"] for path in found["ship"]["paths"]) == ["DECISIONS.md", "SIGNED.md"]
