"""Check runs: limits, buttons, and which run counts."""

from typing import Any

import pytest

from bot.demo.github import OtherApp

from .conftest import Answer, Town

HELLO = "/repos/octo/hello"


async def created(town: Town, **more: Any) -> Answer:
    sha = (await town.world.branches(town.repository))["main"]
    return await (await town.as_bot())("POST", f"{HELLO}/check-runs", {"name": "tests", "head_sha": sha} | more)


async def test_a_check_run_goes_from_created_to_completed(town: Town) -> None:
    run = (await created(town, status="in_progress", external_id="run-7")).body
    assert (run["status"], run["conclusion"], run["external_id"]) == ("in_progress", None, "run-7")
    assert run["app"]["id"] == town.app.id
    output = {"title": "Green", "summary": "12 passed"}
    done = await (await town.as_bot())(
        "PATCH", f"{HELLO}/check-runs/{run['id']}", {"conclusion": "success", "output": output}
    )
    assert (done.body["status"], done.body["output"]["summary"]) == ("completed", "12 passed")
    assert (await town.hear()).names()[-3:] == ["check_run.created", "check_run.completed", "check_suite.completed"]


async def test_only_an_app_writes_check_runs(town: Town) -> None:
    sha = (await town.world.branches(town.repository))["main"]
    answer = await town.as_person("ada")("POST", f"{HELLO}/check-runs", {"name": "x", "head_sha": sha})
    assert (answer.status, answer.body["message"]) == (403, "You must authenticate via a GitHub App.")


@pytest.mark.parametrize(
    "over",
    [
        {"output": {"title": "t", "summary": "s" * 65_536}},
        {"output": {"title": "t", "summary": "s", "text": "x" * 65_536}},
        {"output": {"title": "t", "summary": "s", "annotations": [{"path": "a"}] * 51}},
        {"actions": [{"label": "l", "description": "d", "identifier": f"i{n}"} for n in range(4)]},
        {"actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]},
        {"actions": [{"label": "l", "description": "d" * 41, "identifier": "i"}]},
        {"actions": [{"label": "l", "description": "d", "identifier": "i" * 21}]},
        {"status": "completed"},
        {"conclusion": "splendid"},
        {"head_sha": "0" * 40},
    ],
)
async def test_what_is_beyond_the_limits_is_a_422(town: Town, over: dict[str, Any]) -> None:
    assert (await created(town, **over)).status == 422
    assert town.world.check_runs(town.repository) == []


async def test_a_pressed_button_is_told_to_the_app_with_the_person_as_sender(town: Town) -> None:
    actions = [{"label": "Approve", "description": "Approve this plan", "identifier": "approve"}]
    run = (await created(town, conclusion="action_required", actions=actions)).body
    await town.person("ada").press(run["id"], "approve")
    event = (await town.hear()).last("check_run", "requested_action")
    assert event["requested_action"] == {"identifier": "approve"}
    assert (event["sender"]["login"], event["check_run"]["id"]) == ("ada", run["id"])
    assert event["check_run"]["check_suite"]["head_sha"] == run["head_sha"]


async def test_the_newest_run_of_a_name_is_the_one_listed(town: Town) -> None:
    await created(town, conclusion="failure")
    second = (await created(town, conclusion="success")).body
    await created(town, name="policy")
    bot = await town.as_bot()
    listed = (await bot("GET", f"{HELLO}/commits/main/check-runs?check_name=tests")).body
    assert (listed["total_count"], listed["check_runs"][0]["id"]) == (1, second["id"])
    everything = (await bot("GET", f"{HELLO}/commits/main/check-runs?filter=all")).body
    assert everything["total_count"] == 3
    suites = (await bot("GET", f"{HELLO}/commits/main/check-suites")).body
    assert [(each["status"], each["latest_check_runs_count"]) for each in suites["check_suites"]] == [
        ("in_progress", 3)
    ]


async def test_annotations_add_up_over_requests(town: Town) -> None:
    many = [{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}] * 50
    output = {"title": "t", "summary": "s", "annotations": many}
    run = (await created(town, output=output)).body
    bot = await town.as_bot()
    await bot("PATCH", f"{HELLO}/check-runs/{run['id']}", {"output": output})
    assert (await bot("GET", f"{HELLO}/check-runs/{run['id']}")).body["output"]["annotations_count"] == 100


async def test_another_apps_check_is_told_and_stays_its_own(town: Town) -> None:
    ci = OtherApp(town.world, "some-ci", town.repository)
    sha = (await town.world.branches(town.repository))["main"]
    run = await ci.check(sha, "build")
    await ci.finish(run, "failure")
    event = (await town.hear()).last("check_run", "completed")
    assert (event["check_run"]["app"]["slug"], event["sender"]["login"]) == ("some-ci", "some-ci[bot]")
    answer = await (await town.as_bot())("PATCH", f"{HELLO}/check-runs/{run.id}", {"conclusion": "success"})
    assert answer.status == 403
    assert run.conclusion == "failure"
