"""Repositories as JSON, whole and as the stub that installation events carry."""

from typing import TYPE_CHECKING

from ..records import Activity, Json, Repository
from .accounts import user
from .times import iso

if TYPE_CHECKING:
    from ..world import World

_TEMPLATES = {
    "assignees": "{/user}",
    "blobs": "{/sha}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "/{base}...{head}",
    "contents": "/{+path}",
    "git_commits": "{/sha}",
    "git_refs": "{/sha}",
    "git_tags": "{/sha}",
    "issue_comment": "{/number}",
    "issue_events": "{/number}",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "statuses": "/{sha}",
    "trees": "{/sha}",
}
_PATHS = {
    "blobs": "git/blobs",
    "git_commits": "git/commits",
    "git_refs": "git/refs",
    "git_tags": "git/tags",
    "issue_comment": "issues/comments",
    "issue_events": "issues/events",
    "trees": "git/trees",
}


def repository(world: "World", it: Repository) -> Json:
    api, page = f"{world.url}/repos/{it.full_name}", f"{world.url}/{it.full_name}"
    forks = sum(each.parent is it for each in world.repositories.values())
    open_issues = sum(issue.state == "open" for issue in it.issues.values())
    addresses = {f"{name}_url": f"{api}/{_PATHS.get(name, name)}{rest}" for name, rest in _TEMPLATES.items()}
    addresses |= {
        f"{name}_url": f"{api}/{name}" for name in ("contributors", "deployments", "events", "forks", "hooks")
    }
    addresses |= {f"{name}_url": f"{api}/{name}" for name in ("languages", "merges", "stargazers", "subscribers")}
    return addresses | {
        "id": it.id,
        "node_id": it.node_id,
        "name": it.name,
        "full_name": it.full_name,
        "private": it.private,
        "visibility": "private" if it.private else "public",
        "owner": user(world, it.owner),
        "html_url": page,
        "url": api,
        "archive_url": f"{api}/{{archive_format}}{{/ref}}",
        "tags_url": f"{api}/tags",
        "teams_url": f"{api}/teams",
        "subscription_url": f"{api}/subscription",
        "downloads_url": f"{api}/downloads",
        "git_url": f"git://{page.partition('://')[2]}.git",
        "ssh_url": f"git@localhost:{it.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "description": None,
        "fork": it.parent is not None,
        "archived": it.archived,
        "disabled": False,
        "is_template": False,
        "language": None,
        "license": None,
        "topics": [],
        "size": 1,
        "default_branch": it.default_branch,
        "created_at": iso(it.created_at),
        "updated_at": iso(it.updated_at),
        "pushed_at": iso(it.updated_at),
        "has_issues": True,
        "has_projects": False,
        "has_downloads": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "forks": forks,
        "forks_count": forks,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "open_issues": open_issues,
        "open_issues_count": open_issues,
    }


def merge_settings(it: Repository) -> Json:
    """What only those who may push see of a repository."""
    return {
        "allow_merge_commit": "merge" in it.merge_methods,
        "allow_squash_merge": "squash" in it.merge_methods,
        "allow_rebase_merge": "rebase" in it.merge_methods,
        "allow_auto_merge": it.allow_auto_merge,
        "allow_update_branch": False,
        "delete_branch_on_merge": it.delete_branch_on_merge,
    }


def activity(world: "World", it: Activity) -> Json:
    return {
        "id": it.id,
        "node_id": f"PSH_kwDO{it.id:08d}",
        "before": it.before,
        "after": it.after,
        "ref": it.ref,
        "timestamp": iso(it.at),
        "activity_type": it.kind,
        "actor": user(world, it.actor) if it.actor is not None else None,
    }


def repository_stub(it: Repository) -> Json:
    return {
        "id": it.id,
        "node_id": it.node_id,
        "name": it.name,
        "full_name": it.full_name,
        "private": it.private,
    }
