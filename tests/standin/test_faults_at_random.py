"""A storm of faults, routes that this server lacks, and callers who do not wait."""

import time
from pathlib import Path

import aiohttp
import pytest

from bot.demo.github import storm
from bot.demo.github.storm import KINDS, Kind

from .conftest import Api, Town, git

HELLO = "/repos/octo/hello"
ISSUES = f"{HELLO}/issues"
CUT = 0


@pytest.fixture
def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was told to wait has heard it at once."""
    monkeypatch.setattr(storm, "UNDER_WAY_SECONDS", -1.0)


async def answered(api: Api, method: str, path: str, body: object = None) -> int:
    """The status of the answer; CUT where none came."""
    try:
        return (await api(method, path, body)).status
    except aiohttp.ClientError:
        return CUT


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("error before", 500, False),
        ("error after", 500, True),
        ("too many requests", 429, False),
        ("secondary limit", 403, False),
        ("cut before", CUT, False),
        ("cut after", CUT, True),
    ],
)
async def test_a_write_meets_each_kind(town: Town, kind: Kind, status: int, done: bool) -> None:
    bot = await town.as_bot()
    town.github.storm.begin(1, rate=1.0, kinds=[kind])
    assert await answered(bot, "POST", ISSUES, {"title": "x"}) == status
    assert len(town.repository.issues) == int(done)
    assert town.github.storm.met == {kind: 1}


async def test_a_secondary_limit_speaks_as_github_does_and_holds_until_its_time_is_over(
    town: Town, without_grace: None
) -> None:
    bot = await town.as_bot()
    town.github.storm.begin(1, rate=1.0, kinds=["secondary limit"], limit_seconds=40)
    told = await bot("GET", HELLO)
    assert (told.status, told.headers["retry-after"]) == (403, "40")
    assert told.body["message"].startswith("You have exceeded a secondary rate limit.")
    town.clock.advance(seconds=30)
    assert (await bot("GET", HELLO)).headers["retry-after"] == "11"
    assert town.github.storm.impatient == [f"GET {HELLO}: 10.0 s too early"]
    assert town.github.storm.met == {"secondary limit": 1}


async def test_what_was_not_done_is_not_kept_from_anybody(town: Town) -> None:
    bot = await town.as_bot()
    town.github.storm.begin(1, rate=1.0, kinds=["error after", "cut after"])
    assert await answered(bot, "GET", HELLO) == 200
    assert await answered(bot, "POST", ISSUES, {}) == 422
    assert town.github.storm.met == {}


async def test_what_was_just_made_is_not_there_for_a_second(town: Town) -> None:
    issue = await town.person("ada").open_issue("x")
    bot, path = await town.as_bot(), f"{ISSUES}/{issue.number}"
    town.github.storm.begin(1, rate=1.0, kinds=["not yet"])
    assert [await answered(bot, "GET", path) for _ in range(2)] == [404, 404]
    assert town.github.storm.met == {"not yet": 1}
    assert len((await bot("GET", ISSUES)).body) == 1
    town.clock.advance(seconds=1)
    assert await answered(bot, "GET", path) == 200


async def test_a_slow_answer_is_late_and_says_how_it_was(town: Town) -> None:
    bot = await town.as_bot()
    town.github.storm.begin(1, rate=1.0, kinds=["slow"], slow_seconds=0.05)
    began = time.monotonic()
    assert await answered(bot, "GET", HELLO) == 200
    assert time.monotonic() - began >= 0.05


async def fates(town: Town, seed: int) -> list[int]:
    """What becomes of four hundred writes that ask for nothing. (A read would be sent again by the client itself.)"""
    bot = await town.as_bot()
    town.github.storm.begin(seed, rate=0.05, kinds=["error before", "cut before"])
    answers = [await answered(bot, "POST", ISSUES, {}) for _ in range(400)]
    town.github.storm.end()
    return answers


async def test_each_kind_strikes_at_its_rate_and_the_same_again_for_the_same_seed(town: Town) -> None:
    first = await fates(town, 7)
    assert set(first) == {422, 500, CUT}
    assert all(8 <= first.count(status) <= 36 for status in (500, CUT))
    assert town.github.storm.met == {"error before": first.count(500), "cut before": first.count(CUT)}
    assert await fates(town, 7) == first
    assert await fates(town, 8) != first


@pytest.mark.slow
async def test_a_storm_that_is_over_leaves_nothing_behind(town: Town) -> None:
    bot = await town.as_bot()
    town.github.storm.begin(1, rate=1.0, kinds=KINDS)
    assert await answered(bot, "GET", HELLO) != 200
    town.github.storm.end()
    assert [await answered(bot, "GET", HELLO) for _ in range(5)] == [200] * 5


async def test_the_tokens_of_an_installation_share_a_limit_and_others_are_not_in_it(
    town: Town, without_grace: None
) -> None:
    one, another, ada = await town.as_bot(), await town.as_bot(), town.as_person("ada")
    town.github.faults.fail_next("GET", HELLO, 429, headers={"retry-after": "60"})
    assert (await one("GET", HELLO)).status == 429
    assert (await ada("GET", HELLO)).status == 200
    assert (await town.as_app()("GET", "/app")).status == 200
    assert town.github.storm.impatient == []
    assert (await another("GET", ISSUES)).status == 200
    assert town.github.storm.impatient == [f"GET {ISSUES}: 60.0 s too early"]
    town.clock.advance(seconds=60)
    assert (await one("GET", HELLO)).status == 200
    assert len(town.github.storm.impatient) == 1


async def test_what_was_under_way_when_the_limit_was_told_is_not_impatient(town: Town) -> None:
    bot = await town.as_bot()
    town.github.faults.fail_next("GET", HELLO, 403, headers={"retry-after": "60"})
    await bot("GET", HELLO)
    await bot("GET", HELLO)
    assert town.github.storm.impatient == []


async def test_a_route_that_the_server_lacks_is_a_404_that_does_nothing(town: Town) -> None:
    bot = await town.as_bot()
    town.github.faults.lacks("POST", "/repos/*/*/issues")
    assert await answered(bot, "POST", ISSUES, {"title": "x"}) == 404
    assert await answered(bot, "GET", ISSUES) == 200
    assert town.repository.issues == {}
    assert town.github.faults.lacked == [f"POST {ISSUES}"]
    town.github.faults.clear()
    assert await answered(bot, "POST", ISSUES, {"title": "x"}) == 201


@pytest.mark.parametrize(("kind", "done"), [("error before", False), ("error after", True), ("cut after", True)])
async def test_a_push_meets_faults_before_and_after_it_is_received(
    town: Town, tmp_path: Path, kind: Kind, done: bool
) -> None:
    token = await town.token()
    url = f"{town.github.url}/octo/hello.git"
    assert (await git(tmp_path, "clone", "--quiet", url, "clone", token=token))[0] == 0
    clone = tmp_path / "clone"
    town.github.storm.begin(1, rate=1.0, kinds=[kind])
    code, _ = await git(clone, "push", "--quiet", url, "HEAD:refs/heads/topic", token=token)
    assert code != 0
    assert ("topic" in await town.world.branches(town.repository)) is done


async def test_git_is_not_limited(town: Town, tmp_path: Path) -> None:
    token = await town.token()
    town.github.storm.begin(1, rate=1.0, kinds=["too many requests", "secondary limit", "not yet"])
    assert (await git(tmp_path, "clone", "--quiet", f"{town.github.url}/octo/hello.git", "clone", token=token))[0] == 0
