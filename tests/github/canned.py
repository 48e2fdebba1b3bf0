"""GitHub's answers as it writes them, with the fields around the ones that we read."""

from typing import Any

HEAD = "a" * 40
BASE = "b" * 40
MERGED = "c" * 40
WHEN = "2026-01-01T10:00:00Z"


def user(login: str = "mona", kind: str = "User", number: int = 583231) -> dict[str, Any]:
    return {
        "login": login,
        "id": number,
        "node_id": "MDQ6VXNlcjU4MzIzMQ==",
        "avatar_url": "https://avatars.githubusercontent.com/u/583231?v=4",
        "type": kind,
        "site_admin": False,
    }


BOT = user("pullwright[bot]", "Bot", 4711)
APP = {"id": 77, "slug": "pullwright", "node_id": "A_kwDO", "name": "Pullwright", "owner": user("maker")}


def repository(number: int = 42, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": "R_kgDOAA",
        "name": "hello",
        "full_name": "octo/hello",
        "owner": user("octo", "Organization"),
        "private": True,
        "fork": False,
        "archived": False,
        "default_branch": "main",
        "clone_url": "https://github.com/octo/hello.git",
    } | changes


def issue(number: int = 7, labels: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "node_id": "I_kwDOAA",
        "number": number,
        "title": "slugify drops digits",
        "body": None,
        "user": user(),
        "author_association": "MEMBER",
        "state": "open",
        "locked": False,
        "labels": [{"id": 3, "name": name, "color": "ededed", "default": False} for name in labels],
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": None,
        "html_url": f"https://github.com/octo/hello/issues/{number}",
        "performed_via_github_app": None,
    } | changes


def comment(number: int = 1, body: str = "hello", **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "body": body,
        "user": user(),
        "author_association": "MEMBER",
        "created_at": WHEN,
        "updated_at": WHEN,
        "html_url": f"https://github.com/octo/hello/issues/7#issuecomment-{number}",
        "issue_url": "https://api.github.com/repos/octo/hello/issues/7",
        "performed_via_github_app": None,
    } | changes


def event(number: int, kind: str, label: str | None = None, actor: str = "mona") -> dict[str, Any]:
    shown = {
        "id": number,
        "node_id": "LE_1",
        "event": kind,
        "actor": user(actor),
        "created_at": WHEN,
        "commit_id": None,
    }
    return shown | ({"label": {"name": label, "color": "ededed"}} if label else {})


def pull(number: int = 8, **changes: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "node_id": "PR_kwDOAA",
        "number": number,
        "html_url": f"https://github.com/octo/hello/pull/{number}",
        "user": BOT,
        "state": "open",
        "merged_at": None,
        "draft": True,
        "head": {"label": "octo:pullwright/7-x", "ref": "pullwright/7-x", "sha": HEAD, "repo": repository()},
        "base": {"label": "octo:main", "ref": "main", "sha": BASE, "repo": repository()},
        "body": None,
        "mergeable": None,
        "merge_commit_sha": "d" * 40,
    } | changes


def review(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": "PRR_1",
        "user": user(),
        "state": "APPROVED",
        "commit_id": HEAD,
        "body": "",
        "submitted_at": WHEN,
        "html_url": "https://github.com/octo/hello/pull/8#pullrequestreview-1",
    } | changes


def check_run(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "pullwright/tests",
        "head_sha": HEAD,
        "external_id": "run000000001",
        "status": "completed",
        "conclusion": "success",
        "app": APP,
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0},
    } | changes


def refusal(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest"} | more
