"""Every request: what it carries, how often it is sent, and what an unhappy answer means."""

import traceback
from datetime import timedelta
from typing import Any

import canned
import pytest
from fake_github import AT_ONCE, REPO, TOKENS, FakeGitHub, Reply

from adapters.github.app import GitHubApp
from core.clock import FixedClock
from core.errors import (
    AppRefused,
    BotError,
    ConversationLocked,
    GitHubRefused,
    GitHubUnavailable,
    NotThere,
    PermissionMissing,
    RateLimited,
)
from core.github import GitHub, MergeMethod
from core.names import Repo, Sha

ISSUE = f"{REPO}/issues/7"
COMMENTS = f"{ISSUE}/comments"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


async def test_a_request_says_who_asks_what_it_accepts_and_which_version(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue())
    await github.issue(7)
    (seen,) = fake.asked("GET", ISSUE)
    assert seen.headers["accept"] == "application/vnd.github+json"
    assert seen.headers["x-github-api-version"] == "2022-11-28"
    assert seen.headers["user-agent"] == "pullwright"
    assert seen.headers["authorization"] == f"token {fake.tokens[0]}"


@pytest.mark.parametrize("broken", [Reply(500), Reply(502, b"<html>"), Reply(503, canned.refusal("busy")), Reply(0)])
async def test_a_read_is_tried_again_after_a_server_error(fake: FakeGitHub, github: GitHub, broken: Reply) -> None:
    fake.says("GET", ISSUE, broken, broken, canned.issue())
    assert (await github.issue(7)).number == 7
    assert len(fake.asked("GET", ISSUE)) == 3


async def test_a_read_is_given_up_after_four_tries(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, Reply(502, canned.refusal("Server Error")))
    with pytest.raises(GitHubUnavailable) as error:
        await github.issue(7)
    assert str(error.value) == f"GitHub answered 502 to GET {ISSUE}: Server Error"
    assert len(fake.asked("GET", ISSUE)) == 4


@pytest.mark.parametrize("broken", [Reply(500), Reply(502, b"<html>"), Reply(0)])
async def test_a_write_whose_fate_is_unknown_is_sent_once(fake: FakeGitHub, github: GitHub, broken: Reply) -> None:
    fake.says("POST", COMMENTS, broken, canned.comment())
    with pytest.raises(GitHubUnavailable):
        await github.create_comment(7, "hello")
    assert len(fake.asked("POST", COMMENTS)) == 1


async def test_a_merge_whose_connection_breaks_is_sent_once(fake: FakeGitHub, github: GitHub) -> None:
    """PUT counts as idempotent for the HTTP client, which would send it again by itself."""
    fake.says("PUT", f"{REPO}/pulls/8/merge", Reply(0), {"sha": canned.MERGED, "merged": True})
    with pytest.raises(GitHubUnavailable, match=r"cannot be reached for PUT .*ServerDisconnectedError"):
        await github.merge(8, sha=Sha(canned.HEAD), method=MergeMethod.squash, title="t", message="m")
    assert len(fake.asked("PUT", f"{REPO}/pulls/8/merge")) == 1


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (Reply(429, canned.refusal("Too Many Requests"), {"retry-after": "120"}), 120),
        (Reply(403, canned.refusal(SECONDARY), {"retry-after": "30"}), 30),
        (Reply(403, canned.refusal(SECONDARY)), 60),
        (Reply(429, b"slow down", {"content-type": "text/plain"}), 60),
        (
            Reply(
                403,
                canned.refusal("API rate limit exceeded for installation ID 9."),
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767226200", "x-ratelimit-limit": "5000"},
            ),
            600,
        ),
        (Reply(403, canned.refusal("You have triggered an abuse detection mechanism.")), 60),
    ],
)
@pytest.mark.parametrize("writes", [False, True])
async def test_a_long_limit_is_raised_at_once_with_its_time(
    fake: FakeGitHub, github: GitHub, limit: Reply, seconds: float, writes: bool
) -> None:
    fake.says("POST" if writes else "GET", COMMENTS if writes else ISSUE, limit)
    with pytest.raises(RateLimited) as limited:
        await (github.create_comment(7, "hello") if writes else github.issue(7))
    assert limited.value.retry_after_seconds == seconds
    assert len(fake.asked("GET", ISSUE) + fake.asked("POST", COMMENTS)) == 1


async def test_a_short_limit_is_waited_for_by_a_read_and_raised_by_a_write(fake: FakeGitHub, github: GitHub) -> None:
    soon = Reply(429, canned.refusal(SECONDARY), {"retry-after": "0"})
    fake.says("GET", ISSUE, soon, canned.issue())
    fake.says("POST", COMMENTS, soon, canned.comment())
    assert (await github.issue(7)).number == 7
    with pytest.raises(RateLimited):
        await github.create_comment(7, "hello")
    assert len(fake.asked("POST", COMMENTS)) == 1


async def test_a_missing_permission_is_named(fake: FakeGitHub, github: GitHub) -> None:
    refused = canned.refusal("Resource not accessible by integration")
    fake.says("POST", COMMENTS, Reply(403, refused, {"x-accepted-github-permissions": "issues=write"}))
    with pytest.raises(PermissionMissing) as error:
        await github.create_comment(7, "hello")
    assert str(error.value) == (
        f"GitHub answered 403 to POST {COMMENTS}: Resource not accessible by integration (it needs `issues=write`)"
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(403, canned.refusal("Unable to create comment because issue is locked.")), ConversationLocked),
        (Reply(403, canned.refusal("This installation has been suspended")), AppRefused),
        (Reply(410, canned.refusal("This issue was deleted")), NotThere),
        (Reply(422, canned.refusal("Validation Failed", errors=[{"field": "body", "code": "invalid"}])), GitHubRefused),
        (Reply(422, canned.refusal("Validation Failed", errors=[17])), GitHubRefused),
        (Reply(422, b"no", {"content-type": "text/plain"}), GitHubRefused),
        (Reply(400, canned.refusal("Problems parsing JSON")), GitHubRefused),
        (Reply(404, b"[" * 100_000, {"content-type": "application/json"}), NotThere),
        (Reply(599, b"\xff", {"content-type": "application/json; charset=klingon"}), GitHubUnavailable),
    ],
)
async def test_a_refusal_is_told_apart(fake: FakeGitHub, github: GitHub, reply: Reply, expected: type) -> None:
    fake.says("POST", COMMENTS, reply)
    with pytest.raises(expected):
        await github.create_comment(7, "hello")
    assert len(fake.asked("POST", COMMENTS)) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_read_follows_a_renamed_repository(fake: FakeGitHub, github: GitHub, status: int) -> None:
    fake.says("GET", ISSUE, Reply(status, {}, {"location": "{url}/repositories/42/issues/7"}))
    fake.says("GET", "/repositories/42/issues/7", canned.issue())
    assert (await github.issue(7)).number == 7


async def test_a_write_follows_only_a_redirect_that_keeps_its_method(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", COMMENTS, Reply(307, {}, {"location": "{url}/repositories/42/issues/7/comments"}))
    fake.says("POST", "/repositories/42/issues/7/comments", canned.comment(body="moved"))
    assert (await github.create_comment(7, "moved")).body == "moved"
    fake.says("POST", COMMENTS, Reply(301, {}, {"location": "{url}/repositories/42/issues/7/comments"}))
    with pytest.raises(GitHubRefused):
        await github.create_comment(7, "moved")


@pytest.mark.parametrize(
    "location", ["http://elsewhere.example/issues/7", "//elsewhere.example/", "http://[::", "file:///etc/passwd"]
)
async def test_a_redirect_to_elsewhere_is_not_followed(fake: FakeGitHub, github: GitHub, location: str) -> None:
    fake.says("GET", ISSUE, Reply(301, {}, {"location": location}))
    with pytest.raises(GitHubUnavailable, match="a link that leads away from its API"):
        await github.issue(7)


async def test_a_redirect_in_a_circle_ends(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, Reply(301, {}, {"location": "{url}" + ISSUE}))
    with pytest.raises(GitHubRefused, match="more than 3 times"):
        await github.issue(7)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>proxy</html>", "it is not JSON."),
        (b"[" * 100_000, "it is not JSON."),
        (b"null", "an issue: it: Input should be a valid dictionary or instance of IssueJson."),
        (b"[]", "an issue: it: Input should be a valid dictionary or instance of IssueJson."),
        (b'{"number": "x"}', "an issue: number: Input should be a valid integer, unable to parse string as an integer"),
    ],
)
async def test_nonsense_is_told_as_such(fake: FakeGitHub, github: GitHub, body: bytes, why: str) -> None:
    fake.says("GET", ISSUE, Reply(200, body, {"content-type": "application/json"}))
    with pytest.raises(GitHubUnavailable) as error:
        await github.issue(7)
    assert str(error.value).startswith(f"GitHub sent something we cannot read: {why}")


async def test_an_answer_is_not_read_beyond_its_bound(
    fake: FakeGitHub, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.github.contents.LARGEST_FILE_BYTES", 1000)
    for size, path in ((1000, "fits"), (1001, "too-long")):
        content = Reply(200, b"x" * size, {"content-type": "application/vnd.github.raw+json; charset=utf-8"})
        fake.says("GET", f"{REPO}/contents/{path}", content)
    assert await github.file("fits", "main") == b"x" * 1000
    with pytest.raises(GitHubRefused, match="`too-long` is larger than"):
        await github.file("too-long", "main")


async def test_nobody_listening_is_unavailable(pem: str, clock: FixedClock, repo: Repo) -> None:
    async with GitHubApp("http://127.0.0.1:1", 77, lambda: pem, clock, patience=AT_ONCE) as app:
        with pytest.raises(GitHubUnavailable) as error:
            await app.repository(repo).issue(7)
    assert str(error.value) == f"GitHub cannot be reached for POST {TOKENS} (ClientConnectorError)."


async def test_a_token_is_never_told(fake: FakeGitHub, github: GitHub, pem: str) -> None:
    """Not even where GitHub itself repeats it, and in no exception that hangs on ours."""
    await github.git_token(write=True)
    echoes: list[Any] = [
        Reply(status, canned.refusal(f"you sent {secret}"))
        for status in (400, 401, 403, 404, 422, 429, 500)
        for secret in (fake.tokens[0], f"ghs_{'canary' * 80}.a.b")
    ]
    for reply in [*echoes, Reply(0), Reply(200, b"ghs_canary"), Reply(307, {}, {"location": "http://x.example/ghs_"})]:
        fake.says("POST", COMMENTS, reply)
        with pytest.raises(BotError) as error:
            await github.create_comment(7, "hello")
        told = "".join(traceback.format_exception(error.value))
        for each in _linked_to(error.value):
            told += f"{each} {each!r} {each.__dict__}"
        assert "canary" not in told
        assert pem.splitlines()[1] not in told


def _linked_to(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__]
    return found


async def test_a_part_of_an_address_stays_a_part(fake: FakeGitHub, github: GitHub) -> None:
    odd = "feature/a b#c?d%2e"
    path = f"{REPO}/git/ref/heads/feature/a%20b%23c%3Fd%252e"
    fake.says("GET", path, {"ref": f"refs/heads/{odd}", "object": {"sha": canned.HEAD, "type": "commit"}})
    assert await github.head_of(odd) == canned.HEAD


@pytest.mark.parametrize("path", ["../../other/secret", "a/../b", "./a", "/etc/passwd", "a//b", "", ".."])
async def test_a_path_that_walks_is_nowhere(fake: FakeGitHub, github: GitHub, path: str) -> None:
    assert await github.file(path, "main") is None
    assert await github.head_of(path) is None
    assert fake.seen == []


async def test_an_owner_that_walks_is_nowhere(fake: FakeGitHub, app: GitHubApp) -> None:
    for owner, name in (("..", "hello"), ("octo", ".."), ("octo", "")):
        with pytest.raises(NotThere):
            await app.repository(Repo(id=1, owner=owner, name=name, installation_id=9)).issue(7)
    assert fake.seen == []


async def test_a_token_is_renewed_five_minutes_before_its_end(
    fake: FakeGitHub, github: GitHub, clock: FixedClock
) -> None:
    fake.says("GET", ISSUE, canned.issue())
    await github.issue(7)
    clock.advance(timedelta(minutes=54, seconds=59).total_seconds())
    await github.issue(7)
    assert len(fake.tokens) == 1
    clock.advance(1)
    await github.issue(7)
    assert len(fake.tokens) == 2
