"""Pull requests, their files, reviews and review comments as JSON."""

from typing import TYPE_CHECKING

from ..pull_facts import PullFacts
from ..records import Issue, Json, Pull, Repository, Review, ReviewComment
from . import accounts, issues
from .repositories import repository as repository_shape
from .times import iso

if TYPE_CHECKING:
    from ..world import World


def simple_pull(world: "World", repository: Repository, it: Issue) -> Json:
    """A pull request as lists and review events show it, without what must be computed."""
    assert it.pull is not None  # noqa: S101 (callers pass pull requests only)
    pull_ = it.pull
    api = f"{world.url}/repos/{repository.full_name}"
    own, page = f"{api}/pulls/{it.number}", f"{world.url}/{repository.full_name}/pull/{it.number}"
    links = {
        "self": own,
        "html": page,
        "issue": f"{api}/issues/{it.number}",
        "comments": f"{api}/issues/{it.number}/comments",
        "review_comments": f"{own}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{own}/commits",
        "statuses": f"{api}/statuses/{pull_.head_sha}",
    }
    shown = issues.issue(world, repository, it)
    for absent in ("repository_url", "labels_url", "events_url", "pull_request", "reactions", "timeline_url"):
        del shown[absent]
    for absent in ("performed_via_github_app", "state_reason", "closed_by", "comments"):
        del shown[absent]
    return shown | {
        "url": own,
        "id": pull_.id,
        "node_id": pull_.node_id,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "merged_at": iso(pull_.merged_at),
        "merge_commit_sha": pull_.merge_commit_sha,
        "requested_reviewers": [accounts.user(world, each) for each in pull_.requested_reviewers],
        "requested_teams": [],
        "head": _end(world, pull_.head_repository, pull_.head_ref, pull_.head_sha),
        "base": _end(world, repository, pull_.base_ref, pull_.base_sha),
        "_links": {name: {"href": address} for name, address in links.items()},
        "auto_merge": pull_.auto_merge,
        "draft": pull_.draft,
    }


def pull(world: "World", repository: Repository, it: Issue, facts: PullFacts) -> Json:
    """A pull request as `GET /pulls/{n}` and pull_request events show it."""
    shown = simple_pull(world, repository, it)
    pull_ = it.pull
    assert pull_ is not None  # noqa: S101 (simple_pull checked it)
    return shown | {
        "merged": pull_.merged_at is not None,
        "mergeable": facts.mergeable,
        "rebaseable": facts.mergeable,
        "mergeable_state": facts.mergeable_state,
        "merged_by": accounts.user(world, pull_.merged_by) if pull_.merged_by else None,
        "comments": len(it.comments),
        "review_comments": len(pull_.comments),
        "maintainer_can_modify": pull_.maintainer_can_modify,
        "commits": facts.commits,
        "additions": facts.additions,
        "deletions": facts.deletions,
        "changed_files": facts.changed_files,
    }


def pull_file(world: "World", repository: Repository, head_sha: str, it: Json) -> Json:
    api, page = f"{world.url}/repos/{repository.full_name}", f"{world.url}/{repository.full_name}"
    return it | {
        "blob_url": f"{page}/blob/{head_sha}/{it['filename']}",
        "raw_url": f"{page}/raw/{head_sha}/{it['filename']}",
        "contents_url": f"{api}/contents/{it['filename']}?ref={head_sha}",
    }


def review(world: "World", repository: Repository, on: Issue, it: Review, event: bool = False) -> Json:
    """A review; webhook events write its state in lower case."""
    own = f"{world.url}/repos/{repository.full_name}/pulls/{on.number}"
    page = f"{world.url}/{repository.full_name}/pull/{on.number}#pullrequestreview-{it.id}"
    shown = {
        "id": it.id,
        "node_id": it.node_id,
        "user": accounts.user(world, it.author),
        "body": it.body,
        "state": it.state.lower() if event else it.state,
        "html_url": page,
        "pull_request_url": own,
        "author_association": issues.association(repository, it.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": own}},
        "commit_id": it.commit_id,
    }
    if it.submitted_at:
        shown["submitted_at"] = iso(it.submitted_at)
    return shown


def review_comment(world: "World", repository: Repository, on: Issue, it: ReviewComment) -> Json:
    api = f"{world.url}/repos/{repository.full_name}/pulls"
    own = f"{api}/comments/{it.id}"
    page = f"{world.url}/{repository.full_name}/pull/{on.number}#discussion_r{it.id}"
    shown: Json = {
        "url": own,
        "pull_request_review_id": it.review.id,
        "id": it.id,
        "node_id": it.node_id,
        "diff_hunk": it.diff_hunk,
        "path": it.path,
        "commit_id": it.commit_id,
        "original_commit_id": it.commit_id,
        "user": accounts.user(world, it.author),
        "body": it.body,
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "html_url": page,
        "pull_request_url": f"{api}/{on.number}",
        "author_association": issues.association(repository, it.author),
        "_links": {
            "self": {"href": own},
            "html": {"href": page},
            "pull_request": {"href": f"{api}/{on.number}"},
        },
        "reactions": accounts.reactions(own, it.reactions),
        "start_line": it.start_line,
        "original_start_line": it.start_line,
        "start_side": "RIGHT" if it.start_line else None,
        "line": it.line,
        "original_line": it.line,
        "side": it.side,
        "position": 1,
        "original_position": 1,
        "subject_type": it.subject_type,
    }
    return shown | ({"in_reply_to_id": it.in_reply_to} if it.in_reply_to else {})


def head_owner(pull_: Pull) -> str:
    """Whose branch the head is, by login; GitHub writes `unknown` once its repository is gone."""
    return pull_.head_repository.owner.login if pull_.head_repository is not None else "unknown"


def _end(world: "World", repository: Repository | None, ref: str, sha: str) -> Json:
    """One end of it. The repository of a head may be gone: https://github.com/github/rest-api-description/issues/161"""
    if repository is None:
        return {"label": f"unknown:{ref}", "ref": ref, "sha": sha, "user": None, "repo": None}
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.user(world, repository.owner),
        "repo": repository_shape(world, repository),
    }
