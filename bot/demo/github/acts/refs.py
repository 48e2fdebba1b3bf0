"""Moving branches, by push or by API: what follows from it for pull requests, suites and issues.

Every way of writing to a repository runs inside `moving`, which compares the references before and after and tells
the difference: `push`, `create`, `delete`, `pull_request.synchronize`, `check_suite.requested`.
"""

import contextlib
import re
from collections.abc import AsyncIterator

from .. import git, shapes
from ..records import Activity, Actor, App, CheckSuite, Issue, Json, Repository
from ..world import World
from . import issues
from .telling import tell

CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b", re.IGNORECASE)
PUSH_COMMITS = 2048


@contextlib.asynccontextmanager
async def moving(
    world: World, actor: Actor, repository: Repository, activity: str | None = None
) -> AsyncIterator[None]:
    """Hold the repository's references while the block moves them, then tell what moved.

    What moved is told even where the block raises: a push may have moved one branch and failed on the next.
    `activity` is what the repository's activity calls it, where that is no plain push.
    """
    async with world.lock(repository):
        before = await git.refs(repository.path)
        try:
            yield
        finally:
            after = await git.refs(repository.path)
            changed = [name for name in sorted(before | after) if before.get(name) != after.get(name)]
            for name in changed:
                await _record(world, actor, repository, name, before.get(name), after.get(name), activity)
                await _moved(world, actor, repository, name, before.get(name, git.NOBODY), after.get(name, git.NOBODY))


async def _record(
    world: World,
    actor: Actor,
    repository: Repository,
    name: str,
    old: str | None,
    new: str | None,
    activity: str | None,
) -> None:
    """https://docs.github.com/en/rest/repos/repos#list-repository-activities"""
    if old is None or new is None:
        kind = "branch_creation" if old is None else "branch_deletion"
    else:
        kind = activity or ("push" if await git.is_ancestor(repository.path, old, new) else "force_push")
    moves, ends = repository.activities, (old or git.NOBODY, new or git.NOBODY)
    moves.append(Activity(len(moves) + 1, kind, name, *ends, world.now(), actor.account))


async def _moved(world: World, actor: Actor, repository: Repository, name: str, old: str, new: str) -> None:
    branch = name.removeprefix("refs/heads/")
    repository.updated_at = world.now()
    await _tell_push(world, actor, repository, name, old, new)
    if new != git.NOBODY:
        request_suites(world, actor, repository, branch, new)
    for target in (repository, repository.parent):
        for issue in target.pulls if target is not None else ():
            pull = issue.pull
            if pull and issue.state == "open" and pull.head_repository is repository and pull.head_ref == branch:
                await _head_moved(world, actor, target or repository, issue, old, new)
    if new != git.NOBODY:
        await _base_moved(world, actor, repository, branch, new)
    if branch == repository.default_branch and new != git.NOBODY:
        await _close_by_messages(world, actor, repository, old, new)


async def _head_moved(world: World, actor: Actor, repository: Repository, issue: Issue, old: str, new: str) -> None:
    """Nothing but this tells of a push to a fork: "The Checks API only looks for pushes in the repository where the
    check suite or check run were created." https://docs.github.com/en/rest/checks/suites
    """
    assert issue.pull is not None  # noqa: S101 (the caller looked)
    if new == git.NOBODY:
        await issues.close(world, actor, repository, issue)
        return
    if issue.pull.head_repository not in {None, repository}:
        await git.bring(issue.pull.head_repository.path, repository.path, new)
    issue.pull.head_sha = new
    issue.updated_at = world.now()
    base = await git.resolve(repository.path, f"refs/heads/{issue.pull.base_ref}")
    issue.pull.base_sha = base or issue.pull.base_sha
    await git.update_ref(repository.path, f"refs/pull/{issue.number}/head", new)
    await tell(world, actor, repository, issue, "synchronize", {"before": old, "after": new})


async def _base_moved(world: World, actor: Actor, repository: Repository, branch: str, new: str) -> None:
    """A pull request whose head is now part of its base was merged by hand: GitHub shows it as merged."""
    for issue in repository.pulls:
        pull = issue.pull
        if pull is None or issue.state != "open" or pull.base_ref != branch:
            continue
        if await git.is_ancestor(repository.path, pull.head_sha, new):
            pull.merged_at, pull.merged_by, pull.merge_commit_sha = world.now(), actor.account, new
            await issues.close(world, actor, repository, issue, commit=new)


async def _close_by_messages(world: World, actor: Actor, repository: Repository, old: str, new: str) -> None:
    scope = new if old == git.NOBODY else f"{old}..{new}"
    messages = await git.text(repository.path, "log", "--format=%B", f"--max-count={PUSH_COMMITS}", scope)
    await close_named(world, actor, repository, messages, new)


async def close_named(world: World, actor: Actor, repository: Repository, text: str, commit: str) -> None:
    """Close every issue the text names with a closing keyword."""
    for number in dict.fromkeys(int(found) for found in CLOSES.findall(text)):
        issue = repository.issues.get(number)
        if issue is not None and issue.pull is None:
            await issues.close(world, actor, repository, issue, commit=commit)


def request_suites(world: World, actor: Actor, repository: Repository, branch: str, sha: str) -> None:
    """A push makes a check suite for every installed App that may write checks, and tells that App."""
    for installation in list(world.installations.values()):
        if repository in installation.repositories and installation.permissions.get("checks") == "write":
            suite, new = suite_for(world, repository, installation.app, sha, branch)
            if new:
                tell_suite(world, actor, repository, suite, "requested")


def suite_for(world: World, repository: Repository, app: App, sha: str, branch: str | None) -> tuple[CheckSuite, bool]:
    """The App's suite for a commit, and whether it is new: there is one per App and commit."""
    for suite in repository.suites:
        if suite.app is app and suite.head_sha == sha:
            return suite, False
    suite = CheckSuite(*world.next_id("CS"), app, sha, branch, world.now(), world.now())
    repository.suites.append(suite)
    return suite, True


def tell_suite(world: World, actor: Actor, repository: Repository, suite: CheckSuite, action: str) -> None:
    payload: Json = {"check_suite": shapes.check_suite(world, repository, suite)}
    world.webhooks.emit(world, repository, "check_suite", action, actor, payload, only=suite.app)


async def _tell_push(world: World, actor: Actor, repository: Repository, name: str, old: str, new: str) -> None:
    created, deleted = old == git.NOBODY, new == git.NOBODY
    branch = name.removeprefix("refs/heads/")
    about: Json = {"ref": branch, "ref_type": "branch", "pusher_type": "user"}
    if created:
        extra = {"master_branch": repository.default_branch, "description": None}
        world.webhooks.emit(world, repository, "create", None, actor, about | extra)
    if deleted:
        world.webhooks.emit(world, repository, "delete", None, actor, about)
    commits = [] if deleted else await _pushed_commits(world, repository, old, new)
    forced = not created and not deleted and not await git.is_ancestor(repository.path, old, new)
    payload: Json = {
        "ref": name,
        "before": old,
        "after": new,
        "created": created,
        "deleted": deleted,
        "forced": forced,
        "base_ref": None,
        "compare": f"{world.url}/{repository.full_name}/compare/{old[:12]}...{new[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        "pusher": {"name": actor.login, "email": f"{actor.login}@users.noreply.github.com"},
    }
    world.webhooks.emit(world, repository, "push", None, actor, payload)


async def _pushed_commits(world: World, repository: Repository, old: str, new: str) -> list[Json]:
    others = [f"^refs/heads/{repository.default_branch}"] if old == git.NOBODY else [f"^{old}"]
    default = await git.resolve(repository.path, f"refs/heads/{repository.default_branch}")
    if old == git.NOBODY and default in {None, new}:
        others = []
    listed = await git.text(repository.path, "rev-list", "--reverse", "--max-count=20", new, *others)
    found: list[Json] = []
    for sha in listed.split():
        shown = await shapes.git_commit(world, repository, sha)
        names = await git.text(repository.path, "diff-tree", "-r", "--root", "--no-commit-id", "--name-status", sha)
        touched = [line.split("\t") for line in names.splitlines() if "\t" in line]
        found.append(
            {"id": sha, "tree_id": shown["tree"]["sha"], "distinct": True, "message": shown["message"]}
            | {"timestamp": shown["committer"]["date"], "url": shown["html_url"]}
            | shapes.people_of(shown)
            | {"added": [line[-1] for line in touched if line[0] == "A"]}
            | {"removed": [line[-1] for line in touched if line[0] == "D"]}
            | {"modified": [line[-1] for line in touched if line[0][0] in "MRT"]}
        )
    return found
