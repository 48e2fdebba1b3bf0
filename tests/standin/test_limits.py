"""Rate limits, conditional requests, and faults to order."""

import aiohttp
import pytest

from .conftest import Town

HELLO = "/repos/octo/hello"


async def test_every_answer_tells_what_is_left_of_the_hour(town: Town) -> None:
    bot = await town.as_bot()
    await bot("GET", HELLO)
    headers = (await bot("GET", HELLO)).headers
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-used"]) == ("5000", "2")
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-resource"]) == ("4998", "core")
    assert int(headers["x-ratelimit-reset"]) == int(town.clock().timestamp()) + 3600
    assert headers["x-github-request-id"]
    rate = (await bot("GET", "/rate_limit")).body["rate"]
    assert (rate["used"], rate["remaining"]) == (2, 4998)


async def test_a_spent_budget_is_a_403_until_the_hour_is_over(town: Town) -> None:
    bot = await town.as_bot()
    town.world.hourly_limit = 1
    await bot("GET", HELLO)
    refused = await bot("GET", HELLO)
    assert refused.status == 403
    assert refused.body["message"] == f"API rate limit exceeded for installation ID {town.installation.id}."
    assert refused.headers["x-ratelimit-remaining"] == "0"
    town.clock.advance(hours=1)
    assert (await (await town.as_bot())("GET", HELLO)).status == 200


async def test_an_unchanged_answer_is_a_304_and_free(town: Town) -> None:
    bot = await town.as_bot()
    first = await bot("GET", HELLO)
    again = await bot("GET", HELLO, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, "")
    assert again.headers["x-ratelimit-used"] == "1"
    town.repository.archived = True
    assert (await bot("GET", HELLO, If_None_Match=first.headers["ETag"])).status == 200


async def test_a_fault_before_the_act_changes_nothing_and_happens_once(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot, path = await town.as_bot(), f"{HELLO}/issues/1/comments"
    town.github.faults.fail_next("POST", "*/comments", 502)
    assert (await bot("POST", path, {"body": "a"})).status == 502
    assert town.world.comments_by(town.repository, "pull-bot[bot]") == []
    assert (await bot("POST", path, {"body": "a"})).status == 201


async def test_a_fault_after_the_act_leaves_it_done(town: Town) -> None:
    await town.person("ada").open_issue("x")
    bot, path = await town.as_bot(), f"{HELLO}/issues/1/comments"
    town.github.faults.fail_next("POST", "*/comments", 500, after=True)
    assert (await bot("POST", path, {"body": "a"})).status == 500
    assert len(town.world.comments_by(town.repository, "pull-bot[bot]")) == 1


async def test_a_secondary_limit_tells_when_to_come_back(town: Town) -> None:
    town.github.faults.fail_next("*", f"{HELLO}*", 429, headers={"retry-after": "60"})
    answer = await (await town.as_bot())("GET", HELLO)
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert answer.body["message"].startswith("You have exceeded a secondary rate limit.")


@pytest.mark.parametrize("after", [False, True])
async def test_a_connection_can_be_cut_before_or_after_the_act(town: Town, after: bool) -> None:
    bot = await town.as_bot()
    town.github.faults.drop_next("POST", f"{HELLO}/issues", after=after)
    with pytest.raises(aiohttp.ClientError):
        await bot("POST", f"{HELLO}/issues", {"title": "x"})
    assert len(town.repository.issues) == int(after)


async def test_it_listens_on_loopback_only(town: Town) -> None:
    assert town.github.url.startswith("http://127.0.0.1:")


async def test_an_app_cannot_subscribe_to_what_it_may_not_read(town: Town) -> None:
    with pytest.raises(ValueError, match="Default events are not supported by permissions: status"):
        town.world.create_app("X", "x", "", "", "", {"contents": "read"}, ["push", "status"])
