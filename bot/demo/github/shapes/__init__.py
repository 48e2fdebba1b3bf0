"""How records look as GitHub's JSON. Every function takes the world (for addresses) and gives a new dict."""

from .accounts import app, installation, installation_node, organization, reaction, reactions, user
from .checks import check_run, check_suite, status
from .git_objects import commit, git_commit, people_of
from .issues import comment, issue, issue_event, label, timeline_entry
from .pulls import head_owner, pull, pull_file, review, review_comment, simple_pull
from .repositories import activity, repository, repository_stub
from .times import iso

__all__ = [
    "activity",
    "app",
    "check_run",
    "check_suite",
    "comment",
    "commit",
    "git_commit",
    "head_owner",
    "installation",
    "installation_node",
    "iso",
    "issue",
    "issue_event",
    "label",
    "organization",
    "people_of",
    "pull",
    "pull_file",
    "reaction",
    "reactions",
    "repository",
    "repository_stub",
    "review",
    "review_comment",
    "simple_pull",
    "status",
    "timeline_entry",
    "user",
]
