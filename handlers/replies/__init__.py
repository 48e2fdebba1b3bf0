"""Every text for people, as pure functions: what the bot says stands here and nowhere else.

Whatever a model or a stranger wrote passes through `handlers.neutralise` on its way into one of them.
"""

from handlers.replies.answers import (
    already_running,
    approve_in_review,
    branch_differs,
    closed_issue,
    edits_never_run,
    help_,
    no_run_to,
    not_listening,
    not_understood,
    nothing_here,
    nothing_to_retry,
    nothing_waits,
    older,
    older_head,
    only_on_issues,
    policy_broken,
    refused,
    status,
    written_before,
)
from handlers.replies.checks import CheckText, check_approval, check_policy, check_review, check_tests
from handlers.replies.commits import commit_message
from handlers.replies.endings import (
    baseline_red,
    branch_moved,
    declined,
    duplicate,
    ended,
    failed,
    merged,
    needs_info,
    triaged,
)
from handlers.replies.plans import plan, plan_tampered
from handlers.replies.progress import RunView, StepView, status_comment, waiting
from handlers.replies.pulls import CheckView, EvidenceView, PullView, evidence_table, pull_body, pull_title
from handlers.replies.words import approve_how

__all__ = [
    "CheckText",
    "CheckView",
    "EvidenceView",
    "PullView",
    "RunView",
    "StepView",
    "already_running",
    "approve_how",
    "approve_in_review",
    "baseline_red",
    "branch_differs",
    "branch_moved",
    "check_approval",
    "check_policy",
    "check_review",
    "check_tests",
    "closed_issue",
    "commit_message",
    "declined",
    "duplicate",
    "edits_never_run",
    "ended",
    "evidence_table",
    "failed",
    "help_",
    "merged",
    "needs_info",
    "no_run_to",
    "not_listening",
    "not_understood",
    "nothing_here",
    "nothing_to_retry",
    "nothing_waits",
    "older",
    "older_head",
    "only_on_issues",
    "plan",
    "plan_tampered",
    "policy_broken",
    "pull_body",
    "pull_title",
    "refused",
    "status",
    "status_comment",
    "triaged",
    "waiting",
    "written_before",
]
