"""Pull requests: opening, drafts, reviews, mergeability and merging."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.github import Issue

from .conftest import Town, git

HELLO = "/repos/octo/hello"
READY = (
    "mutation($input: MarkPullRequestReadyForReviewInput!) { "
    "markPullRequestReadyForReview(input: $input) { pullRequest { isDraft } } }"
)


async def opened(town: Town, body: str = "", draft: bool = False, files: dict[str, str] | None = None) -> Issue:
    """A pull request of bea's from `topic`."""
    bea = town.person("bea")
    await bea.push("topic", files or {"NEWS.md": "one\ntwo\n"}, "Write the news")
    return await bea.open_pull("topic", "main", "Write the news", body, draft)


async def test_a_pull_request_tells_its_size_and_that_it_merges(town: Town) -> None:
    issue = await opened(town)
    shown = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}")).body
    assert (shown["additions"], shown["deletions"], shown["changed_files"], shown["commits"]) == (2, 0, 1, 1)
    assert (shown["mergeable"], shown["mergeable_state"], shown["draft"], shown["merged"]) == (
        True,
        "clean",
        False,
        False,
    )
    assert (shown["head"]["label"], shown["base"]["ref"]) == ("octo:topic", "main")


async def test_the_app_opens_a_pull_request_under_its_own_name(town: Town) -> None:
    await town.person("bea").push("topic", {"a": "a"}, "A")
    bot = await town.as_bot()
    asked = {"title": "A", "head": "topic", "base": "main", "draft": True}
    answer = await bot("POST", f"{HELLO}/pulls", asked)
    assert (answer.status, answer.body["user"]["login"], answer.body["draft"]) == (201, "pull-bot[bot]", True)
    listed = await bot("GET", f"{HELLO}/pulls?head=octo:topic&state=open")
    assert [each["number"] for each in listed.body] == [answer.body["number"]]
    assert (await bot("GET", f"{HELLO}/pulls?head=octo:other")).body == []
    as_issue = (await bot("GET", f"{HELLO}/issues/{answer.body['number']}")).body
    assert as_issue["performed_via_github_app"]["id"] == town.app.id
    assert as_issue["id"] != answer.body["id"]


async def test_the_refusals_of_a_new_pull_request_are_githubs(town: Town) -> None:
    await opened(town)
    bot = await town.as_bot()

    async def refusal(**asked: object) -> tuple[int, object]:
        body = {"title": "T", "head": "topic", "base": "main"} | asked
        answer = await bot("POST", f"{HELLO}/pulls", body)
        error = answer.body.get("errors", [{}])[0]
        return answer.status, error.get("message") or error.get("field") or answer.body["message"]

    assert await refusal() == (422, "A pull request already exists for octo:topic.")
    assert await refusal(head="ghost") == (422, "head")
    assert await refusal(base="ghost") == (422, "base")
    await town.person("bea").push("ahead", {"a": "a"}, "A")
    await town.person("bea").push("same", {"a": "a"}, "A")
    assert await refusal(head="same", base="same") == (422, "No commits between same and same")
    town.repository.drafts_supported = False
    drafts = "Draft pull requests are not supported in this repository."
    assert await refusal(head="ahead", draft=True) == (422, drafts)


async def test_a_conflict_is_found_by_git(town: Town) -> None:
    issue = await opened(town, files={"README.md": "# theirs\n"})
    await town.person("ada").push("main", {"README.md": "# ours\n"}, "Ours")
    shown = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}")).body
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")
    answer = await (await town.as_bot())("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert (answer.status, answer.body["message"]) == (405, "Pull Request is not mergeable")


async def test_files_carry_their_patch(town: Town) -> None:
    issue = await opened(town, files={"README.md": "# hello\nmore\n", "src/new.py": "x = 1\n"})
    files = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}/files")).body
    assert [(each["filename"], each["status"], each["additions"]) for each in files] == [
        ("README.md", "modified", 1),
        ("src/new.py", "added", 1),
    ]
    assert files[0]["patch"] == "@@ -1 +1,2 @@\n # hello\n+more"


async def test_a_draft_is_not_merged_until_graphql_made_it_ready(town: Town) -> None:
    issue = await opened(town, draft=True)
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}"
    refused = await bot("PUT", f"{path}/merge", {})
    assert (refused.status, refused.body["message"]) == (405, "Pull Request is still a draft")
    await bot("PATCH", path, {"draft": False})
    shown = (await bot("GET", path)).body
    assert (shown["draft"], shown["mergeable_state"]) == (True, "draft")
    variables = {"input": {"pullRequestId": shown["node_id"]}}
    answer = await bot("POST", "/graphql", {"query": READY, "variables": variables})
    assert answer.body["data"]["markPullRequestReadyForReview"]["pullRequest"]["isDraft"] is False
    assert "pull_request.ready_for_review" in (await town.hear()).names()
    assert (await bot("PUT", f"{path}/merge", {})).status == 200


async def test_graphql_takes_its_input_written_out_and_errs_in_its_own_shape(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    bot = await town.as_bot()
    given = f'{{pullRequestId: "{issue.pull.node_id}"}}'
    query = f"mutation {{ convertPullRequestToDraft(input: {given}) {{ clientMutationId }} }}"
    await bot("POST", "/graphql", {"query": query})
    assert issue.pull.draft
    wrong = await bot("POST", "/graphql", {"query": query.replace(issue.pull.node_id, "PR_none")})
    assert (wrong.status, wrong.body["data"]) == (200, {"convertPullRequestToDraft": None})
    assert wrong.body["errors"][0]["type"] == "NOT_FOUND"
    narrow = await town.as_bot(permissions={"contents": "write", "pull_requests": "read"})
    denied = await narrow("POST", "/graphql", {"query": query})
    assert denied.body["errors"][0]["message"] == "Resource not accessible by integration"


async def test_auto_merge_waits_for_something(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    bot = await town.as_bot()
    given = "{pullRequestId: $id, mergeMethod: SQUASH}"
    query = "mutation($id: ID!) { enablePullRequestAutoMerge(input: " + given + ") { clientMutationId } }"
    asked = {"query": query, "variables": {"id": issue.pull.node_id}}
    assert (await bot("POST", "/graphql", asked)).body["errors"][0]["message"] == "Pull request is in clean status"
    town.world.protect(town.repository, "main", approvals=1)
    assert (await bot("POST", "/graphql", asked)).body["data"]["enablePullRequestAutoMerge"]
    assert issue.pull.auto_merge is not None
    assert issue.pull.auto_merge["merge_method"] == "squash"


async def test_a_merge_of_another_head_than_named_is_a_409(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    seen = issue.pull.head_sha
    await town.person("bea").push("topic", {"b": "b"}, "Slipped in")
    bot = await town.as_bot()
    answer = await bot("PUT", f"{HELLO}/pulls/{issue.number}/merge", {"sha": seen})
    assert (answer.status, answer.body["message"]) == (409, "Head branch was modified. Review and try the merge again.")
    assert town.world.merges(town.repository) == []


@pytest.mark.parametrize(
    ("method", "parents", "subject"),
    [
        ("merge", 2, "Merge pull request #1 from octo/topic"),
        ("squash", 1, "Write the news (#1)"),
        ("rebase", 1, "Write the news"),
    ],
)
async def test_each_method_merges_as_it_says(town: Town, method: str, parents: int, subject: str) -> None:
    issue = await opened(town)
    await town.person("ada").push("main", {"other.md": "meanwhile\n"}, "Meanwhile")
    bot = await town.as_bot()
    answer = await bot("PUT", f"{HELLO}/pulls/{issue.number}/merge", {"merge_method": method})
    assert answer.body["message"] == "Pull Request successfully merged"
    tip = (await town.world.branches(town.repository))["main"]
    assert answer.body["sha"] == tip
    commit = (await bot("GET", f"{HELLO}/commits/{tip}")).body
    assert (len(commit["parents"]), commit["commit"]["message"].splitlines()[0]) == (parents, subject)
    listed = (await bot("GET", f"{HELLO}/git/trees/main?recursive=1")).body["tree"]
    assert {"NEWS.md", "other.md"} <= {entry["path"] for entry in listed}
    shown = (await bot("GET", f"{HELLO}/pulls/{issue.number}")).body
    assert (shown["merged"], shown["merge_commit_sha"], shown["merged_by"]["login"]) == (True, tip, "pull-bot[bot]")
    assert (shown["additions"], shown["changed_files"], shown["mergeable"]) == (2, 1, None)
    event = (await town.hear()).last("pull_request", "closed")
    assert event["pull_request"]["merged"] is True


async def test_a_method_the_repository_does_not_allow_is_a_405(town: Town) -> None:
    issue = await opened(town)
    town.repository.merge_methods = {"squash"}
    answer = await (await town.as_bot())("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert (answer.status, answer.body["message"]) == (405, "Merge commits are not allowed on this repository.")


async def test_fixes_in_the_body_closes_the_issue_when_merged(town: Town) -> None:
    ada = town.person("ada")
    await ada.open_issue("No news")
    await ada.open_issue("Unrelated")
    issue = await opened(town, body="Fixes #1. See #2.")
    await ada.merge(issue.number)
    bot = await town.as_bot()
    fixed = (await bot("GET", f"{HELLO}/issues/1")).body
    assert (fixed["state"], fixed["state_reason"], fixed["closed_by"]["login"]) == ("closed", "completed", "ada")
    assert (await bot("GET", f"{HELLO}/issues/2")).body["state"] == "open"
    assert (await town.hear()).last("issues", "closed")["issue"]["number"] == 1


async def test_nobody_approves_their_own_pull_request(town: Town) -> None:
    issue = await opened(town)
    answer = await town.as_person("bea")("POST", f"{HELLO}/pulls/{issue.number}/reviews", {"event": "APPROVE"})
    assert (answer.status, answer.body["errors"]) == (422, ["Can not approve your own pull request"])


async def test_the_author_cannot_be_asked_for_a_review_and_others_can(town: Town) -> None:
    issue = await opened(town)
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}/requested_reviewers"
    refused = await bot("POST", path, {"reviewers": ["bea"]})
    assert (refused.status, refused.body["message"]) == (422, "Review cannot be requested from pull request author.")
    assert (await bot("POST", path, {"reviewers": ["ghost"]})).status == 422
    assert (await bot("POST", path, {"reviewers": ["ada"]})).status == 201
    assert (await town.hear()).last("pull_request", "review_requested")["requested_reviewer"]["login"] == "ada"
    await town.person("ada").approve(issue.number)
    assert (await bot("GET", path)).body["users"] == []


async def test_a_review_is_bound_to_the_commit_it_saw(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    seen = issue.pull.head_sha
    await town.person("ada").approve(issue.number, "Fine")
    await town.person("bea").push("topic", {"b": "b"}, "More")
    (review,) = (await (await town.as_bot())("GET", f"{HELLO}/pulls/{issue.number}/reviews")).body
    assert (review["state"], review["commit_id"], review["user"]["login"]) == ("APPROVED", seen, "ada")
    event = (await town.hear()).last("pull_request_review", "submitted")
    assert (event["review"]["state"], event["sender"]["login"]) == ("approved", "ada")


async def test_a_pending_review_is_its_authors_secret_until_submitted(town: Town) -> None:
    issue = await opened(town)
    ada, path = town.as_person("ada"), f"{HELLO}/pulls/{issue.number}/reviews"
    comment = {"path": "NEWS.md", "line": 1, "body": "typo"}
    pending = (await ada("POST", path, {"comments": [comment]})).body
    assert pending["state"] == "PENDING"
    assert (await (await town.as_bot())("GET", path)).body == []
    submitted = await ada("POST", f"{path}/{pending['id']}/events", {"event": "REQUEST_CHANGES"})
    assert submitted.body["state"] == "CHANGES_REQUESTED"
    names = (await town.hear()).names()
    assert names[-2:] == ["pull_request_review.submitted", "pull_request_review_comment.created"]
    dismissed = await ada("PUT", f"{path}/{pending['id']}/dismissals", {"message": "done"})
    assert dismissed.body["state"] == "DISMISSED"


async def test_a_reply_to_a_review_comment_names_the_first_of_the_thread(town: Town) -> None:
    issue = await opened(town)
    ada, path = town.as_person("ada"), f"{HELLO}/pulls/{issue.number}/comments"
    first = (await ada("POST", path, {"path": "NEWS.md", "line": 1, "body": "typo"})).body
    reply = await (await town.as_bot())("POST", f"{path}/{first['id']}/replies", {"body": "Mended."})
    assert (reply.status, reply.body["in_reply_to_id"]) == (201, first["id"])
    wrong = await ada("POST", path, {"path": "nowhere", "line": 1, "body": "?"})
    assert (wrong.status, wrong.body["errors"][0]["message"]) == (422, "path could not be resolved")


async def test_protection_blocks_until_checks_and_reviews_are_there(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    town.world.protect(town.repository, "main", checks=("pullwright/approval",), approvals=1)
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}"
    assert (await bot("GET", path)).body["mergeable_state"] == "blocked"
    refused = await bot("PUT", f"{path}/merge", {})
    assert refused.body["message"] == (
        'Required status check "pullwright/approval" is expected. '
        "At least 1 approving review is required by reviewers with write access."
    )
    run = {"name": "pullwright/approval", "head_sha": issue.pull.head_sha, "conclusion": "success"}
    await bot("POST", f"{HELLO}/check-runs", run)
    await town.person("rob").approve(issue.number)
    assert (await bot("PUT", f"{path}/merge", {})).status == 405
    await town.person("ada").approve(issue.number)
    assert (await bot("PUT", f"{path}/merge", {})).status == 200
    branch = (await bot("GET", f"{HELLO}/branches/main")).body
    assert (branch["protected"], branch["protection"]["required_status_checks"]["contexts"]) == (
        True,
        ["pullwright/approval"],
    )


async def test_a_person_merging_by_push_is_noticed(town: Town, tmp_path: Path) -> None:
    issue = await opened(town)
    token = town.world.account("ada").token
    await git(tmp_path, "clone", "-q", f"{town.github.url}/octo/hello.git", "w", token=token)
    code, said = await git(tmp_path / "w", "push", "origin", "origin/topic:main", token=token)
    assert code == 0, said
    assert (issue.state, issue.pull and issue.pull.merged_by and issue.pull.merged_by.login) == ("closed", "ada")


async def test_deleting_the_branch_closes_the_pull_request(town: Town) -> None:
    issue = await opened(town)
    answer = await (await town.as_bot())("DELETE", f"{HELLO}/git/refs/heads/topic")
    assert (answer.status, issue.state) == (204, "closed")
    assert (await town.hear()).last("pull_request", "closed")["pull_request"]["merged"] is False


async def test_auto_merge_merges_when_nothing_stands_in_its_way_any_more(town: Town) -> None:
    issue = await opened(town)
    assert issue.pull is not None
    town.world.protect(town.repository, "main", checks=("tests",), approvals=1)
    bot = await town.as_bot()
    query = f'mutation {{ enablePullRequestAutoMerge(input: {{pullRequestId: "{issue.pull.node_id}"}}) {{ id }} }}'
    assert "errors" not in (await bot("POST", "/graphql", {"query": query})).body
    await town.person("ada").approve(issue.number)
    assert issue.state == "open"
    run = {"name": "tests", "head_sha": issue.pull.head_sha, "conclusion": "success"}
    assert (await bot("POST", f"{HELLO}/check-runs", run)).status == 201
    assert (issue.state, len(town.world.merges(town.repository))) == ("closed", 1)


async def test_a_review_that_asks_for_changes_outweighs_an_approval(town: Town) -> None:
    issue = await opened(town)
    town.world.protect(town.repository, "main", approvals=1)
    await town.person("ada").approve(issue.number)
    await town.person("octo").request_changes(issue.number, "Not yet")
    answer = await (await town.as_bot())("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})
    assert answer.status == 405
    await town.person("octo").approve(issue.number)
    assert (await (await town.as_bot())("PUT", f"{HELLO}/pulls/{issue.number}/merge", {})).status == 200


async def test_two_merges_at_once_merge_once(town: Town) -> None:
    issue = await opened(town)
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}/merge"
    answers = await asyncio.gather(bot("PUT", path, {}), bot("PUT", path, {}))
    assert sorted(answer.status for answer in answers) == [200, 405]


async def test_github_may_not_know_yet_whether_it_merges(town: Town) -> None:
    issue = await opened(town)
    town.repository.mergeable_unknown_reads = 1
    bot, path = await town.as_bot(), f"{HELLO}/pulls/{issue.number}"
    first, second = (await bot("GET", path)).body, (await bot("GET", path)).body
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert (second["mergeable"], second["mergeable_state"]) == (True, "clean")
