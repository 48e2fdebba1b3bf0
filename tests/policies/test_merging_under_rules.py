"""Whether the bot can merge under other people's rules, and what is said where it cannot."""

import pytest

from core.github import BranchRules, MergeMethod
from policies.branch_rules import merge_under
from policies.result import Status

SQUASH, MERGE, REBASE = MergeMethod.squash, MergeMethod.merge, MergeMethod.rebase


@pytest.mark.parametrize(
    ("rules", "method"),
    [
        (BranchRules(), MERGE),
        (BranchRules(required_checks=("build",)), REBASE),
        (BranchRules(methods=(SQUASH,)), SQUASH),
        (BranchRules(linear=True), SQUASH),
        (BranchRules(linear=True), REBASE),
        (BranchRules(signatures=True), SQUASH),
        (BranchRules(signatures=True, linear=True, methods=(SQUASH,), merge_queue=True), MERGE),
    ],
)
def test_these_rules_let_the_bot_merge(rules, method):
    assert merge_under(rules, method, "main", signed=False).why == "The rules of `main` let the bot merge."


@pytest.mark.parametrize(
    ("rules", "method", "why", "remedy"),
    [
        (
            BranchRules(methods=(SQUASH, REBASE)),
            MERGE,
            "The rules of `main` do not allow the method `merge`.",
            "Merge by hand, or write `merge: {method: squash}` in the workflow.",
        ),
        (
            BranchRules(linear=True),
            MERGE,
            "The rules of `main` do not allow the method `merge`.",
            "Merge by hand, or write `merge: {method: squash}` in the workflow.",
        ),
        (
            BranchRules(methods=(MERGE,), linear=True),
            MERGE,
            "The rules of `main` do not allow the method `merge`.",
            None,
        ),
        (
            BranchRules(signatures=True),
            MERGE,
            "The rules of `main` ask for signed commits, and those of this pull request carry no signature.",
            "Write `commits: auto` in the policy, or `merge: {method: squash}` in the workflow; then comment `/retry`.",
        ),
        (
            BranchRules(signatures=True),
            REBASE,
            "The rules of `main` ask for signed commits, and GitHub signs none that it rebases.",
            "Write `merge: {method: squash}` in the workflow: GitHub signs the one commit that it makes then.",
        ),
    ],
)
def test_these_rules_stand_in_the_way_and_are_named(rules, method, why, remedy):
    result = merge_under(rules, method, "main", signed=False)
    assert (result.status, result.why, result.remedy) == (Status.denied, why, remedy)


def test_commits_that_github_signed_may_be_merged_as_they_are_and_not_rebased() -> None:
    asked = BranchRules(signatures=True)
    assert merge_under(asked, MERGE, "main", signed=True).approved
    assert merge_under(asked, REBASE, "main", signed=True).refused
