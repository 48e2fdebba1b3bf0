"""What we do at GitHub: each write says exactly this, and its refusals are told apart."""

import aiohttp
import canned
import pytest
from fake_github import AT_ONCE, REPO, TOKENS, FakeGitHub, Reply

from adapters.github.app import GitHubApp
from adapters.github.checks import fitted
from adapters.github.governor import Governor
from adapters.github.pulls import DraftsUnsupported
from adapters.github.requests import Requests
from core.clock import FixedClock
from core.errors import (
    AlreadyMerged,
    GitHubRefused,
    GitHubUnavailable,
    MergeRefused,
    NotThere,
    PermissionMissing,
    RateLimited,
)
from core.github import CloseReason, GitHub, MergeMethod
from core.names import Repo, Sha
from core.pauses import OwnPauses

MERGE = f"{REPO}/pulls/8/merge"


async def test_comments_are_written_and_edited(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/issues/7/comments", Reply(201, canned.comment(5, "one")))
    fake.says("PATCH", f"{REPO}/issues/comments/5", canned.comment(5, "two"))
    assert (await github.create_comment(7, "one")).id == 5
    assert (await github.edit_comment(5, "two")).body == "two"
    assert fake.asked("POST", f"{REPO}/issues/7/comments")[0].body == {"body": "one"}
    assert fake.asked("PATCH", f"{REPO}/issues/comments/5")[0].body == {"body": "two"}


async def test_reactions_are_put_on_issues_and_comments(fake: FakeGitHub, github: GitHub) -> None:
    for path in (f"{REPO}/issues/7/reactions", f"{REPO}/issues/comments/5/reactions"):
        fake.says("POST", path, Reply(201, {"id": 1, "content": "eyes"}))
    await github.react_to_issue(7, "eyes")
    await github.react_to_comment(5, "eyes")
    assert [each.body for each in fake.seen if each.path.endswith("reactions")] == [{"content": "eyes"}] * 2


async def test_labels_are_put_on_and_taken_off_by_their_encoded_names(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/issues/7/labels", [{"name": "bug"}])
    fake.says("DELETE", f"{REPO}/issues/7/labels/pullwright%3Aa%2Fb%20%C3%BC", [])
    await github.add_labels(7, ("bug", "a/b"))
    await github.remove_label(7, "pullwright:a/b ü")
    assert fake.asked("POST", f"{REPO}/issues/7/labels")[0].body == {"labels": ["bug", "a/b"]}
    assert [each.path for each in fake.seen if each.method == "DELETE"] == [
        f"{REPO}/issues/7/labels/pullwright%3Aa%2Fb%20%C3%BC"
    ]


async def test_no_labels_are_never_sent_as_github_would_take_all_of_them_off(fake: FakeGitHub, github: GitHub) -> None:
    await github.add_labels(7, ())
    assert fake.seen == []


async def test_a_label_that_is_not_on_the_issue_is_taken_off_already(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("DELETE", f"{REPO}/issues/7/labels/bug", Reply(404, canned.refusal("Label does not exist")))
    fake.says("GET", f"{REPO}/issues/7", canned.issue(labels=("other",)))
    await github.remove_label(7, "bug")


@pytest.mark.parametrize("label", [".", "..", ""])
async def test_a_label_whose_name_is_no_part_of_an_address_takes_nothing_else_off(
    fake: FakeGitHub, github: GitHub, label: str
) -> None:
    fake.says("GET", f"{REPO}/issues/7", canned.issue(labels=("bug",)))
    await github.remove_label(7, label)
    assert [each for each in fake.seen if each.method == "DELETE"] == []


async def test_a_label_that_cannot_be_taken_off_is_not_taken_for_gone(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("DELETE", f"{REPO}/issues/7/labels/bug", Reply(404, canned.refusal("Not Found")))
    fake.says("GET", f"{REPO}/issues/7", canned.issue(labels=("Bug",)))
    with pytest.raises(NotThere):
        await github.remove_label(7, "bug")


@pytest.mark.parametrize(("status", "expected"), [(404, NotThere), (410, NotThere), (403, PermissionMissing)])
async def test_an_issue_that_is_gone_or_not_ours_to_change_is_told_by_its_error(
    fake: FakeGitHub, github: GitHub, status: int, expected: type
) -> None:
    refused = Reply(status, canned.refusal("Resource not accessible by integration"))
    for method, path in (
        ("POST", "labels"),
        ("DELETE", "labels/bug"),
        ("POST", "assignees"),
    ):
        fake.says(method, f"{REPO}/issues/7/{path}", refused)
    fake.says("PATCH", f"{REPO}/issues/7", refused)
    fake.says("GET", f"{REPO}/issues/7", refused)
    for write in (
        github.add_labels(7, ["bug"]),
        github.remove_label(7, "bug"),
        github.assign(7, ["mona"]),
        github.close(7, CloseReason.completed),
    ):
        with pytest.raises(expected):
            await write


async def test_the_answer_to_an_assignment_says_who_was_passed_over(fake: FakeGitHub, github: GitHub) -> None:
    now = canned.issue(assignees=[canned.user("Mona"), canned.user("tim")])
    fake.says("POST", f"{REPO}/issues/7/assignees", Reply(201, now))
    assert await github.assign(7, ("mona", "eve")) == ("mona",)
    assert fake.asked("POST", f"{REPO}/issues/7/assignees")[0].body == {"assignees": ["mona", "eve"]}


async def test_who_does_not_exist_is_named_when_nobody_could_be_assigned(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/issues/7/assignees", Reply(404, canned.refusal("Not Found")))
    with pytest.raises(NotThere) as error:
        await github.assign(7, ("mona", "ghost"))
    assert str(error.value) == (
        "There is no #7, or nobody called one of mona, ghost. "
        f"GitHub answered 404 to POST {REPO}/issues/7/assignees: Not Found"
    )


async def test_an_issue_is_closed_with_its_reason_and_a_pull_request_without(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("PATCH", f"{REPO}/issues/7", canned.issue(state="closed"))
    await github.close(7, CloseReason.not_planned)
    await github.close(7, None)
    assert [each.body for each in fake.asked("PATCH", f"{REPO}/issues/7")] == [
        {"state": "closed", "state_reason": "not_planned"},
        {"state": "closed"},
    ]


async def test_a_pull_request_is_opened_edited_and_given_to_a_reviewer(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/pulls", Reply(201, canned.pull()))
    fake.says("PATCH", f"{REPO}/pulls/8", canned.pull())
    fake.says("POST", f"{REPO}/pulls/8/requested_reviewers", Reply(201, canned.pull()))
    opened = await github.open_pull(branch="pullwright/7-x", base="main", title="Fix", body="b", draft=True)
    await github.edit_pull(8, body="c")
    await github.request_review(8, "mona")
    assert (opened.number, opened.draft, opened.app_authored) == (8, True, True)
    fields = {"head": "pullwright/7-x", "base": "main", "title": "Fix", "body": "b", "draft": True}
    assert fake.asked("POST", f"{REPO}/pulls")[0].body == fields
    assert fake.asked("PATCH", f"{REPO}/pulls/8")[0].body == {"body": "c"}
    assert fake.asked("POST", f"{REPO}/pulls/8/requested_reviewers")[0].body == {"reviewers": ["mona"]}


async def test_a_repository_without_drafts_says_so_by_its_own_error(fake: FakeGitHub, github: GitHub) -> None:
    no_drafts = [{"code": "custom", "message": "Draft pull requests are not supported in this repository."}]
    exists = [{"code": "custom", "message": "A pull request already exists for octo:pullwright/7-x."}]
    fake.says(
        "POST",
        f"{REPO}/pulls",
        Reply(422, canned.refusal("Validation Failed", errors=no_drafts)),
        Reply(422, canned.refusal("Validation Failed", errors=exists)),
    )
    wanted = {"branch": "pullwright/7-x", "base": "main", "title": "t", "body": "b"}
    with pytest.raises(DraftsUnsupported) as error:
        await github.open_pull(**wanted, draft=True)
    assert (error.value.code, error.value.status) == ("drafts-unsupported", 422)
    with pytest.raises(GitHubRefused, match="already exists") as other:
        await github.open_pull(**wanted, draft=True)
    assert type(other.value) is GitHubRefused


async def test_a_repository_named_draft_is_not_one_without_drafts(fake: FakeGitHub, app: GitHubApp, repo: Repo) -> None:
    fake.says("POST", "/repos/octo/draft/pulls", Reply(422, canned.refusal("Validation Failed", errors=["no"])))
    github = app.repository(repo.model_copy(update={"name": "draft"}))
    with pytest.raises(GitHubRefused) as error:
        await github.open_pull(branch="b", base="main", title="t", body="b", draft=True)
    assert type(error.value) is GitHubRefused


async def test_a_draft_leaves_draft_by_graphql(fake: FakeGitHub, github: GitHub) -> None:
    done = {"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}}
    fake.says("POST", "/graphql", done)
    await github.mark_ready("PR_kwDOAA")
    (seen,) = fake.asked("POST", "/graphql")
    assert seen.body["variables"] == {"id": "PR_kwDOAA"}
    assert "PR_kwDOAA" not in seen.body["query"]
    permissions = fake.asked("POST", TOKENS)[0].body["permissions"]
    assert permissions == {"contents": "write", "pull_requests": "write"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("UNPROCESSABLE", GitHubRefused),
        ("FORBIDDEN", PermissionMissing),
        ("NOT_FOUND", NotThere),
        ("RATE_LIMITED", RateLimited),
        ("INTERNAL", GitHubUnavailable),
    ],
)
async def test_a_graphql_error_is_told_apart(fake: FakeGitHub, github: GitHub, kind: str, expected: type) -> None:
    fake.says("POST", "/graphql", {"data": None, "errors": [{"type": kind, "message": "It is not so."}]})
    with pytest.raises(expected) as error:
        await github.mark_ready("PR_kwDOAA")
    assert type(error.value) is expected
    assert str(error.value) == "GitHub refused to mark the pull request ready: It is not so."
    assert len(fake.asked("POST", "/graphql")) == 1


@pytest.mark.parametrize("sent", [[], {"data": None}, {"data": {"markPullRequestReadyForReview": None}}])
async def test_a_graphql_answer_that_says_nothing_is_not_a_success(
    fake: FakeGitHub, github: GitHub, sent: object
) -> None:
    fake.says("POST", "/graphql", sent)
    with pytest.raises(GitHubUnavailable):
        await github.mark_ready("PR_kwDOAA")


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
        ("https://ghe.example/api/v3/", "https://ghe.example/api/graphql"),
    ],
)
async def test_graphql_is_found_beside_the_rest_api(api: str, graphql: str) -> None:
    clock = FixedClock()
    async with aiohttp.ClientSession() as session:
        assert str(Requests(session, api, clock, AT_ONCE, Governor(OwnPauses(), clock)).graphql()) == graphql


async def merge(github: GitHub) -> Sha:
    return await github.merge(8, sha=Sha(canned.HEAD), method=MergeMethod.squash, title="Fix", message="why")


async def test_a_merge_names_the_head_it_is_for(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("PUT", MERGE, {"sha": canned.MERGED, "merged": True, "message": "Pull Request successfully merged"})
    assert await merge(github) == canned.MERGED
    fields = {"sha": canned.HEAD, "merge_method": "squash", "commit_title": "Fix", "commit_message": "why"}
    assert fake.asked("PUT", MERGE)[0].body == fields


@pytest.mark.parametrize("status", [405, 409])
async def test_a_pull_request_merged_already_at_this_head_is_told_apart_from_a_refusal(
    fake: FakeGitHub, github: GitHub, status: int
) -> None:
    done = {"merged_at": canned.WHEN, "merge_commit_sha": canned.MERGED, "state": "closed"}
    fake.says("PUT", MERGE, Reply(status, canned.refusal("Pull Request is not mergeable")))
    fake.says("GET", f"{REPO}/pulls/8", canned.pull(**done))
    with pytest.raises(AlreadyMerged, match=r"^#8 is merged already\.$"):
        await merge(github)


async def test_a_pull_request_merged_at_another_head_is_not_ours(fake: FakeGitHub, github: GitHub) -> None:
    other = canned.pull()["head"] | {"sha": "e" * 40}
    done = {"merged_at": canned.WHEN, "merge_commit_sha": canned.MERGED, "state": "closed", "head": other}
    fake.says("PUT", MERGE, Reply(405, canned.refusal("Pull Request is not mergeable")))
    fake.says("GET", f"{REPO}/pulls/8", canned.pull(**done))
    with pytest.raises(MergeRefused):
        await merge(github)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (405, 'Required status check "pullwright/approval" is expected.'),
        (409, "Head branch was modified. Review and try the merge again."),
    ],
)
async def test_a_refused_merge_says_what_github_says(fake: FakeGitHub, github: GitHub, status: int, said: str) -> None:
    fake.says("PUT", MERGE, Reply(status, canned.refusal(said)))
    fake.says("GET", f"{REPO}/pulls/8", canned.pull())
    with pytest.raises(MergeRefused) as error:
        await merge(github)
    assert str(error.value) == f"GitHub answered {status} to PUT {MERGE}: {said}"
    assert len(fake.asked("PUT", MERGE)) == 1


async def test_a_merge_that_lost_a_race_may_be_tried_again(fake: FakeGitHub, github: GitHub) -> None:
    said = "Base branch was modified. Review and try the merge again."
    fake.says("PUT", MERGE, Reply(405, canned.refusal(said)))
    fake.says("GET", f"{REPO}/pulls/8", canned.pull())
    with pytest.raises(GitHubUnavailable) as error:
        await merge(github)
    assert error.value.retryable


async def test_check_runs_are_made_and_changed(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/check-runs", Reply(201, canned.check_run(3)))
    fake.says("PATCH", f"{REPO}/check-runs/3", canned.check_run(3))
    fields = {"name": "pullwright/tests", "head_sha": canned.HEAD, "output": {"title": "t", "summary": "s"}}
    assert (await github.create_check(fields)).id == 3
    assert (await github.update_check(3, {"status": "completed", "conclusion": "success"})).id == 3
    assert fake.asked("POST", f"{REPO}/check-runs")[0].body == fields
    assert fake.asked("PATCH", f"{REPO}/check-runs/3")[0].body == {"status": "completed", "conclusion": "success"}


@pytest.mark.parametrize("letter", ["x", "é", "🚀"])
def test_a_long_text_of_a_check_is_cut_and_says_so(letter: str) -> None:
    whole = {"title": "t" * 300, "summary": letter * 65_535, "text": letter * 200_000, "images": [1]}
    output = fitted({"name": "n", "output": whole})["output"]
    assert len(output["title"]) == 255
    assert len(output["text"].encode()) <= 65_535
    assert output["text"].endswith(
        "\n\n… cut here: GitHub shows no more than 65,535 characters. The whole text is in the run's artifacts."
    )
    assert output["text"].startswith(letter * 16_000)
    assert (output["summary"] == whole["summary"]) == (letter == "x")
    assert output["images"] == [1]


def test_a_text_that_fits_is_left_alone() -> None:
    fields = {"name": "n", "output": {"title": "t", "summary": "s" * 65_535}}
    assert fitted(fields) == fields
    assert fitted({"status": "in_progress"}) == {"status": "in_progress"}
