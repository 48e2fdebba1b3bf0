"""Other people's rules for a branch, as GitHub tells an App of them, and the merge queue."""

import canned
import pytest
from fake_github import REPO, FakeGitHub, Reply

from core.errors import MergeRefused, PermissionMissing
from core.github import BranchRules, GitHub, MergeMethod
from core.names import Sha

RULES, BRANCH = f"{REPO}/rules/branches/main", f"{REPO}/branches/main"
NONE = {"name": "main", "protected": False, "protection": {"enabled": False}}
SOURCE = {"ruleset_source_type": "Repository", "ruleset_source": "octo/hello", "ruleset_id": 42}


def checks(*names: str) -> dict[str, object]:
    required = [{"context": name, "integration_id": 77} for name in names]
    asked = {"strict_required_status_checks_policy": True, "required_status_checks": required}
    return {"type": "required_status_checks", "parameters": asked, **SOURCE}


async def test_rulesets_and_classic_protection_are_told_together(fake: FakeGitHub, github: GitHub) -> None:
    queue = {"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}, **SOURCE}
    ways = {"type": "pull_request", "parameters": {"allowed_merge_methods": ["squash", "rebase"]}, **SOURCE}
    others = [{"type": "pull_request", "parameters": {"allowed_merge_methods": ["squash", "merge"]}, **SOURCE}]
    others += [{"type": "required_signatures", **SOURCE}, {"type": "required_linear_history", **SOURCE}]
    fake.says("GET", RULES, [checks("build", "lint"), queue, ways, *others])
    required = {"enforcement_level": "everyone", "contexts": ["lint", "docs"], "checks": []}
    fake.says("GET", BRANCH, {**NONE, "protection": {"enabled": True, "required_status_checks": required}})
    assert await github.rules("main") == BranchRules(
        required_checks=("build", "lint", "docs"),
        merge_queue=True,
        signatures=True,
        linear=True,
        methods=(MergeMethod.squash,),
    )


async def test_a_branch_without_rules_asks_for_nothing(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", RULES, [])
    fake.says("GET", BRANCH, NONE)
    assert await github.rules("main") == BranchRules()


async def test_a_branch_that_is_not_there_yet_has_the_rules_of_its_name(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", f"{REPO}/rules/branches/next/one", [checks("build")])
    fake.says("GET", f"{REPO}/branches/next/one", Reply(404, {"message": "Branch not found"}))
    assert (await github.rules("next/one")).required_checks == ("build",)


async def test_a_rule_of_a_kind_that_we_do_not_know_is_passed_over(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", RULES, [{"type": "file_path_restriction", "parameters": {"restricted_file_paths": ["x"]}}])
    fake.says("GET", BRANCH, NONE)
    assert await github.rules("main") == BranchRules()


async def test_the_queue_is_asked_for_exactly_this_head(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", "/graphql", {"data": {"enqueuePullRequest": {"mergeQueueEntry": {"position": 1}}}})
    await github.enqueue("PR_kwDOAA", sha=Sha(canned.HEAD))
    (seen,) = fake.asked("POST", "/graphql")
    assert "enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head})" in seen.body["query"]
    assert seen.body["variables"] == {"id": "PR_kwDOAA", "head": canned.HEAD}


@pytest.mark.parametrize(("kind", "expected"), [("UNPROCESSABLE", MergeRefused), ("FORBIDDEN", PermissionMissing)])
async def test_what_the_queue_does_not_take_is_said(
    fake: FakeGitHub, github: GitHub, kind: str, expected: type[Exception]
) -> None:
    fake.says("POST", "/graphql", {"data": None, "errors": [{"type": kind, "message": "Pull request is in draft"}]})
    with pytest.raises(expected, match="Pull request is in draft"):
        await github.enqueue("PR_kwDOAA", sha=Sha(canned.HEAD))


@pytest.mark.parametrize(
    ("node", "there"), [({"isInMergeQueue": True}, True), ({"isInMergeQueue": False}, False), (None, False)]
)
async def test_whether_it_is_in_a_queue(fake: FakeGitHub, github: GitHub, node: object, there: bool) -> None:
    fake.says("POST", "/graphql", {"data": {"node": node}})
    assert await github.queued("PR_kwDOAA") is there
