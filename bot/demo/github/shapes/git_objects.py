"""Commits as JSON: the git object, and the repository commit around it."""

from datetime import datetime
from typing import TYPE_CHECKING

from .. import git
from ..records import Json, Repository
from . import accounts
from .times import iso

if TYPE_CHECKING:
    from ..world import World

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"


async def git_commit(world: "World", repository: Repository, sha: str) -> Json:
    """The commit as `/git/commits/{sha}` answers it."""
    api = f"{world.url}/repos/{repository.full_name}/git"
    line = (await git.git(repository.path, "show", "--no-patch", f"--format={_FORMAT}", sha)).decode(errors="replace")
    own, tree, parents, author, author_email, authored, committer, committer_email, committed, message = line.split(
        "\0"
    )
    page = f"{world.url}/{repository.full_name}/commit"
    return {
        "sha": own,
        "node_id": f"C_kwDO{own}",
        "url": f"{api}/commits/{own}",
        "html_url": f"{page}/{own}",
        "author": {"name": author, "email": author_email, "date": _utc(authored)},
        "committer": {"name": committer, "email": committer_email, "date": _utc(committed)},
        "message": message.strip("\n"),
        "tree": {"sha": tree, "url": f"{api}/trees/{tree}"},
        "parents": [
            {"sha": each, "url": f"{api}/commits/{each}", "html_url": f"{page}/{each}"} for each in parents.split()
        ],
        "verification": await _verification(repository, own, _utc(committed)),
    }


async def commit(world: "World", repository: Repository, sha: str) -> Json:
    """The commit as `/commits/{sha}` lists it; authors are accounts where the address is theirs."""
    inner = await git_commit(world, repository, sha)
    api = f"{world.url}/repos/{repository.full_name}/commits/{sha}"
    shown = {key: inner[key] for key in ("sha", "node_id", "html_url", "parents")}
    shown["commit"] = {
        "author": inner["author"],
        "committer": inner["committer"],
        "message": inner["message"],
        "tree": inner["tree"],
        "url": inner["url"],
        "comment_count": 0,
        "verification": inner["verification"],
    }
    for role in ("author", "committer"):
        account = world.account_of_email(inner[role]["email"])
        shown[role] = accounts.user(world, account) if account else None
    return shown | {"url": api, "comments_url": f"{api}/comments"}


async def _verification(repository: Repository, sha: str, at: str) -> Json:
    if sha not in repository.verified:
        return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    head, _, message = (await git.git(repository.path, "cat-file", "commit", sha)).decode().partition("\n\n")
    payload, _, signature = head.partition("\ngpgsig ")
    return {
        "verified": True,
        "reason": "valid",
        "signature": signature.replace("\n ", "\n"),
        "payload": f"{payload}\n\n{message}",
        "verified_at": at,
    }


def people_of(commit_: Json) -> Json:
    """Author and committer of a commit as push events carry them."""
    return {
        role: {"name": commit_[role]["name"], "email": commit_[role]["email"], "date": commit_[role]["date"]}
        for role in ("author", "committer")
    }


def _utc(moment: str) -> str:
    return iso(datetime.fromisoformat(moment))
