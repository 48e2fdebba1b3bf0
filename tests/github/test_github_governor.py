"""While GitHub asks us to pause, nothing is sent: not by this process, and not by any other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import canned
import pytest
from fake_github import AT_ONCE, REPO, TOKENS, FakeGitHub, Reply

from adapters.github.app import GitHubApp
from adapters.github.credentials import Credential
from adapters.github.governor import MOST_AT_ONCE, Governor
from adapters.github.requests import LastLook, Requests, sent_once
from adapters.store import Store, open_store
from adapters.store.pauses import StoredPauses
from core.clock import FixedClock
from core.errors import RateLimited
from core.github import GitHub
from core.names import Repo
from core.pauses import OwnPauses

ISSUE = f"{REPO}/issues/7"
COMMENTS = f"{REPO}/issues/7/comments"
SLOWLY = Reply(403, canned.refusal("You have exceeded a secondary rate limit."), {"retry-after": "90"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        await opened.migrate()
        yield opened


@pytest.fixture
async def ours(fake: FakeGitHub, pem: str, clock: FixedClock, store: Store) -> AsyncIterator[GitHubApp]:
    pauses = StoredPauses(store)
    async with GitHubApp(fake.url, 77, lambda: pem, clock, patience=AT_ONCE, pauses=pauses) as app:
        yield app


@pytest.fixture
async def theirs(fake: FakeGitHub, pem: str, clock: FixedClock, store: Store) -> AsyncIterator[GitHubApp]:
    """Another process of ours on the same store."""
    pauses = StoredPauses(store)
    async with GitHubApp(fake.url, 77, lambda: pem, clock, patience=AT_ONCE, pauses=pauses) as app:
        yield app


async def test_nothing_is_sent_during_a_pause_and_the_error_says_how_long_it_lasts(
    fake: FakeGitHub, ours: GitHubApp, repo: Repo, clock: FixedClock
) -> None:
    fake.says("POST", COMMENTS, SLOWLY)
    fake.says("GET", ISSUE, canned.issue())
    github = ours.repository(repo)
    with pytest.raises(RateLimited):
        await github.create_comment(7, "hello")
    clock.advance(30)
    sent = len(fake.seen)
    for again in (lambda: github.issue(7), lambda: github.create_comment(7, "x"), lambda: github.git_token(write=True)):
        with pytest.raises(RateLimited, match=r"^GitHub asked us to pause for 60 s more\. ") as paused:
            await again()
        assert paused.value.retry_after_seconds == 60
    assert [one for one in fake.seen[sent:] if "access_tokens" not in one.path] == []
    clock.advance(61)
    assert (await github.issue(7)).number == 7


async def test_a_pause_holds_for_every_process_of_ours(
    fake: FakeGitHub, ours: GitHubApp, theirs: GitHubApp, repo: Repo
) -> None:
    fake.says("GET", ISSUE, SLOWLY)
    with pytest.raises(RateLimited):
        await ours.repository(repo).issue(7)
    with pytest.raises(RateLimited, match="asked us to pause"):
        await theirs.repository(repo).issue(7)
    assert len(fake.asked("GET", ISSUE)) == 1


async def test_a_pause_of_one_installation_does_not_hold_another(fake: FakeGitHub, ours: GitHubApp, repo: Repo) -> None:
    fake.says("GET", ISSUE, SLOWLY, canned.issue())
    with pytest.raises(RateLimited):
        await ours.repository(repo).issue(7)
    other = repo.model_copy(update={"installation_id": 10})
    fake.says(
        "POST", TOKENS.replace("/9/", "/10/"), Reply(201, {"token": "ghs_other", "expires_at": "2100-01-01T00:00:00Z"})
    )
    assert (await ours.repository(other).issue(7)).number == 7


async def test_of_many_that_wait_for_a_turn_none_is_sent_once_a_pause_is_told(
    fake: FakeGitHub, ours: GitHubApp, repo: Repo
) -> None:
    fake.says("GET", ISSUE, *[SLOWLY] * 100)
    github = ours.repository(repo)
    await github.git_token(write=False)
    ended = await asyncio.gather(*(github.issue(7) for _ in range(60)), return_exceptions=True)
    assert all(isinstance(each, RateLimited) for each in ended)
    assert 1 <= len(fake.asked("GET", ISSUE)) <= MOST_AT_ONCE


async def test_the_answer_that_uses_up_the_hour_is_the_last_one_until_the_next(
    fake: FakeGitHub, github: GitHub, clock: FixedClock
) -> None:
    reset = str(int(clock.now().timestamp()) + 900)
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    fake.says("GET", ISSUE, Reply(200, canned.issue(), used_up), canned.issue())
    assert (await github.issue(7)).number == 7
    with pytest.raises(RateLimited, match=r"for 900 s more\. The requests that GitHub allows for now are used up\.$"):
        await github.issue(7)
    assert len(fake.asked("GET", ISSUE)) == 1
    clock.advance(900)
    assert (await github.issue(7)).number == 7


async def test_a_server_that_is_away_and_says_until_when_is_left_alone(
    fake: FakeGitHub, github: GitHub, clock: FixedClock
) -> None:
    fake.says("GET", ISSUE, Reply(503, canned.refusal("Service unavailable"), {"retry-after": "120"}), canned.issue())
    for _ in range(2):
        with pytest.raises(RateLimited) as away:
            await github.issue(7)
        assert away.value.retry_after_seconds == 120
    assert len(fake.asked("GET", ISSUE)) == 1
    clock.advance(120)
    assert (await github.issue(7)).number == 7


async def test_nobody_makes_us_pause_for_more_than_a_day(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, Reply(429, canned.refusal("Slow down."), {"retry-after": "9" * 400}))
    with pytest.raises(RateLimited) as limited:
        await github.issue(7)
    assert limited.value.retry_after_seconds == 86_400


async def test_a_limit_that_graphql_tells_holds_for_every_request(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", "/graphql", {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
    fake.says("GET", ISSUE, canned.issue())
    with pytest.raises(RateLimited):
        await github.mark_ready("PR_x")
    with pytest.raises(RateLimited, match=r"^GitHub asked us to pause for 60 s more\."):
        await github.issue(7)
    assert fake.asked("GET", ISSUE) == []


async def test_whoever_waits_for_the_connections_that_others_use_hears_of_a_pause(clock: FixedClock) -> None:
    governor = Governor(OwnPauses(), clock, most_of_all=1)
    sent = []

    async def send() -> None:
        async with governor.turn("installation:9"):
            sent.append("a request")

    async with governor.turn("installation:10"):
        waiting = asyncio.create_task(send())
        await asyncio.sleep(0)
        await governor.pause("installation:9", 60, "Slow down.")
    with pytest.raises(RateLimited, match=r"^GitHub asked us to pause for 60 s more\. Slow down\.$"):
        await waiting
    assert sent == []


async def test_a_pause_that_is_told_while_a_connection_is_made_keeps_the_request_back(
    fake: FakeGitHub, clock: FixedClock
) -> None:
    governor = Governor(OwnPauses(), clock)

    class Slowly(aiohttp.TCPConnector):
        async def connect(self, *arguments: Any, **named: Any) -> Any:
            connection = await super().connect(*arguments, **named)
            await governor.pause("installation:9", 60, "Slow down.")
            return connection

    async with aiohttp.ClientSession(connector=Slowly(), middlewares=(sent_once,), request_class=LastLook) as session:
        requests = Requests(session, fake.url, clock, AT_ONCE, governor)
        with pytest.raises(RateLimited, match=r"Slow down\.$"):
            await requests.read(requests.address("/app"), Credential("token", "ghs_x", "installation:9"))
    assert fake.seen == []
