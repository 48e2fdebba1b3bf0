"""Issues, labels, comments and timeline entries as JSON."""

from typing import TYPE_CHECKING

from ..records import Account, Comment, Issue, Json, Label, Repository, TimelineEvent
from . import accounts
from .times import iso

if TYPE_CHECKING:
    from ..world import World


def association(repository: Repository, account: Account) -> str:
    """How the author stands to the repository, as GitHub words it."""
    if account is repository.owner:
        return "OWNER"
    if account in repository.owner.members:
        return "MEMBER"
    if account.login in repository.collaborators:
        return "COLLABORATOR"
    merged = any(it.pull and it.pull.merged_at and it.author is account for it in repository.pulls)
    return "CONTRIBUTOR" if merged else "NONE"


def label(world: "World", repository: Repository, it: Label) -> Json:
    return {
        "id": it.id,
        "node_id": it.node_id,
        "url": f"{world.url}/repos/{repository.full_name}/labels/{it.name.replace(' ', '%20')}",
        "name": it.name,
        "color": it.color,
        "default": False,
        "description": it.description,
    }


def issue(world: "World", repository: Repository, it: Issue) -> Json:
    """An issue; a pull request seen as an issue carries `pull_request`, as at GitHub."""
    api = f"{world.url}/repos/{repository.full_name}/issues/{it.number}"
    page = f"{world.url}/{repository.full_name}/{'pull' if it.pull else 'issues'}/{it.number}"
    shown: Json = {
        "url": api,
        "repository_url": f"{world.url}/repos/{repository.full_name}",
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": page,
        "id": it.id,
        "node_id": it.node_id,
        "number": it.number,
        "title": it.title,
        "user": accounts.user(world, it.author),
        "labels": [label(world, repository, each) for each in it.labels],
        "state": it.state,
        "locked": it.locked,
        "assignee": accounts.user(world, it.assignees[0]) if it.assignees else None,
        "assignees": [accounts.user(world, each) for each in it.assignees],
        "milestone": None,
        "comments": len(it.comments),
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "closed_at": iso(it.closed_at),
        "closed_by": accounts.user(world, it.closed_by) if it.closed_by else None,
        "author_association": association(repository, it.author),
        "active_lock_reason": None,
        "body": it.body,
        "reactions": accounts.reactions(api, it.reactions),
        "timeline_url": f"{api}/timeline",
        "performed_via_github_app": accounts.app(world, it.app) if it.app else None,
        "state_reason": it.state_reason,
    }
    if it.pull:
        shown["draft"] = it.pull.draft
        shown["pull_request"] = {
            "url": f"{world.url}/repos/{repository.full_name}/pulls/{it.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": iso(it.pull.merged_at),
        }
    return shown


def comment(world: "World", repository: Repository, on: Issue, it: Comment) -> Json:
    api = f"{world.url}/repos/{repository.full_name}/issues"
    page = f"{world.url}/{repository.full_name}/{'pull' if on.pull else 'issues'}/{on.number}"
    return {
        "url": f"{api}/comments/{it.id}",
        "html_url": f"{page}#issuecomment-{it.id}",
        "issue_url": f"{api}/{on.number}",
        "id": it.id,
        "node_id": it.node_id,
        "user": accounts.user(world, it.author),
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "author_association": association(repository, it.author),
        "body": it.body,
        "reactions": accounts.reactions(f"{api}/comments/{it.id}", it.reactions),
        "performed_via_github_app": accounts.app(world, it.app) if it.app else None,
    }


def issue_event(world: "World", repository: Repository, it: TimelineEvent) -> Json:
    """An entry as `/issues/{n}/events` lists it."""
    return {
        "id": it.id,
        "node_id": it.node_id,
        "url": f"{world.url}/repos/{repository.full_name}/issues/events/{it.id}",
        "actor": accounts.user(world, it.actor),
        "event": it.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": iso(it.created_at),
        "performed_via_github_app": accounts.app(world, it.app) if it.app else None,
    } | it.extra


def timeline_entry(world: "World", repository: Repository, on: Issue, it: TimelineEvent) -> Json:
    """An entry as `/issues/{n}/timeline` lists it: comments whole, cross-references without an id."""
    if it.comment is not None:
        shown = comment(world, repository, on, it.comment)
        return shown | {"event": "commented", "actor": shown["user"]}
    if it.event == "cross-referenced":
        return {
            "actor": accounts.user(world, it.actor),
            "created_at": iso(it.created_at),
            "updated_at": iso(it.created_at),
            "event": it.event,
            "source": it.extra["source"],
        }
    return issue_event(world, repository, it)
