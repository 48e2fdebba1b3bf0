"""Merging a pull request, really, in git: by merge commit, squash or rebase.

The order of refusals is GitHub's: closed, draft, method, head moved, protection, conflict.
Nothing moves unless all pass.
"""

from pathlib import Path

from .. import git, pull_facts, shapes
from ..errors import Refusal
from ..records import Actor, Issue, Json, Pull, Repository
from ..world import World
from . import issues, refs
from .telling import author_of

METHODS = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}


async def merge(world: World, actor: Actor, repository: Repository, issue: Issue, body: Json) -> str:
    """The SHA the base branch points at afterwards. With `sha` only where the head is still that commit."""
    pull = issue.pull
    assert pull is not None  # noqa: S101 (callers pass pull requests only)
    method = str(body.get("merge_method") or "merge")
    _refuse(repository, issue, pull, method, body.get("sha"))
    async with refs.moving(world, actor, repository, "pr_merge"):
        _refuse(repository, issue, pull, method, body.get("sha"))
        base = await git.resolve(repository.path, f"refs/heads/{pull.base_ref}")
        if base is None:
            raise Refusal(405, "Base branch does not exist")
        if not await _signed_enough(repository, pull, base, method):
            raise Refusal(405, "Repository rule violations found\n\nCommits must have verified signatures.")
        new = await _merged(world, actor, repository, issue, pull, base, method, body)
        await git.update_ref(repository.path, f"refs/heads/{pull.base_ref}", new, base)
        account, _ = author_of(actor)
        pull.base_sha, pull.merged_at, pull.merged_by, pull.merge_commit_sha = base, world.now(), account, new
        await issues.close(world, actor, repository, issue, commit=new)
        if repository.delete_branch_on_merge and pull.head_repository is repository:
            await git.delete_ref(repository.path, f"refs/heads/{pull.head_ref}")
    if pull.base_ref == repository.default_branch:
        await refs.close_named(world, actor, repository, issue.body or "", new)
    return new


def _refuse(repository: Repository, issue: Issue, pull: Pull, method: str, sha: object) -> None:
    if issue.state == "closed":
        raise Refusal(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if method not in METHODS:
        raise Refusal(422, f"{method} is not a valid merge method")
    if method not in repository.merge_methods:
        raise Refusal(405, f"{METHODS[method]} are not allowed on this repository.")
    if sha is not None and sha != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if pull_facts.queue_asked(repository, pull.base_ref):
        raise Refusal(405, "Repository rule violations found\n\nChanges must be made through the merge queue")
    if blocked := pull_facts.blockers(repository, pull):
        raise Refusal(405, " ".join(blocked))


async def _signed_enough(repository: Repository, pull: Pull, base: str, method: str) -> bool:
    """Whether the base takes what this method brings: GitHub signs a squash and no commit that it rebases."""
    if method == "squash" or not pull_facts.signatures_asked(repository, pull.base_ref):
        return True
    brought = await git.text(repository.path, "rev-list", f"{base}..{pull.head_sha}")
    return method == "merge" and set(brought.split()) <= repository.verified


async def _merged(
    world: World,
    actor: Actor,
    repository: Repository,
    issue: Issue,
    pull: Pull,
    base: str,
    method: str,
    body: Json,
) -> str:
    path, when = repository.path, world.stamp()
    account, _ = author_of(actor)
    author = git.Person(account.name, f"{account.id}+{account.login}@users.noreply.github.com")
    if method == "rebase":
        return await _rebased(path, base, pull.head_sha, when)
    tree = await git.merged_tree(path, base, pull.head_sha)
    if tree is None:
        raise _conflict()
    if method == "merge":
        title = body.get("commit_title") or (
            f"Merge pull request #{issue.number} from {shapes.head_owner(pull)}/{pull.head_ref}"
        )
        text = body.get("commit_message")
        message = _message(title, issue.title if text is None else text)
        return await git.commit(path, tree, [base, pull.head_sha], message, author, git.GITHUB, when)
    title = body.get("commit_title") or f"{issue.title} (#{issue.number})"
    text = body.get("commit_message")
    if text is None:
        text = await _squash_text(repository, pull, base)
    writer = git.Person(issue.author.name, f"{issue.author.id}+{issue.author.login}@users.noreply.github.com")
    return await git.commit(path, tree, [base], _message(title, text), writer, git.GITHUB, when)


async def _squash_text(repository: Repository, pull: Pull, base: str) -> str:
    """GitHub's default: nothing more for one commit, else a list of the messages."""
    listed = await git.text(repository.path, "log", "--reverse", "--format=%B%x00", f"{base}..{pull.head_sha}")
    messages = [each.strip() for each in listed.split("\0") if each.strip()]
    if len(messages) == 1:
        return messages[0].partition("\n")[2].strip()
    return "\n\n".join(f"* {message}" for message in messages)


async def _rebased(path: Path, base: str, head: str, when: str) -> str:
    """Each commit of the head put on the base anew, keeping author and message.

    A commit is replayed as a three-way merge whose common ancestor is its parent: a stand-in commit that has the
    target's tree and that parent gives git just this ancestor.
    """
    listed = await git.text(path, "rev-list", "--reverse", "--no-merges", f"{base}..{head}")
    tip = base
    for sha in listed.split():
        tip_tree = await git.text(path, "rev-parse", f"{tip}^{{tree}}")
        stand_in = await git.commit(path, tip_tree, [f"{sha}^"], "ancestor", git.GITHUB, git.GITHUB, when)
        tree = await git.merged_tree(path, stand_in, sha)
        if tree is None:
            raise _conflict()
        shown = await git.text(path, "show", "--no-patch", "--format=%an%x00%ae%x00%B", sha)
        name, email, message = shown.split("\0")
        tip = await git.commit(path, tree, [tip], f"{message.strip()}\n", git.Person(name, email), git.GITHUB, when)
    return tip


def _message(title: str, text: str) -> str:
    return f"{title}\n\n{text}\n" if text else f"{title}\n"


def _conflict() -> Refusal:
    return Refusal(405, "Pull Request is not mergeable")


async def merge_when_possible(world: World, repository: Repository, sha: str) -> None:
    """Merge every pull request of this head whose auto-merge is on and that nothing blocks any more."""
    for issue in repository.pulls:
        pull = issue.pull
        if pull is None or pull.auto_merge is None or pull.head_sha != sha or issue.state != "open" or pull.draft:
            continue
        if (await pull_facts.facts(repository, issue)).mergeable_state in {"clean", "unstable"}:
            who = Actor(world.account(pull.auto_merge["enabled_by"]["login"]))
            asked = {"merge_method": pull.auto_merge["merge_method"], "sha": sha}
            await merge(world, who, repository, issue, asked)


async def update_branch(
    world: World, actor: Actor, repository: Repository, issue: Issue, pull: Pull, body: Json
) -> None:
    """Merge the base branch into the head branch, where the head still is `expected_head_sha`."""
    if body.get("expected_head_sha") not in {None, pull.head_sha}:
        raise Refusal(422, f"expected head sha didn't match current head ref of #{issue.number}.")
    if pull.head_repository is not repository:
        raise Refusal(403, "Resource not accessible by integration")
    async with refs.moving(world, actor, repository):
        base = await git.resolve(repository.path, f"refs/heads/{pull.base_ref}") or pull.base_sha
        if await git.is_ancestor(repository.path, base, pull.head_sha):
            raise Refusal(422, "There are no new commits on the base branch.")
        tree = await git.merged_tree(repository.path, base, pull.head_sha)
        if tree is None:
            raise Refusal(422, "merge conflict between base and head")
        account, _ = author_of(actor)
        author = git.Person(account.name, f"{account.id}+{account.login}@users.noreply.github.com")
        message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}\n"
        parents = [pull.head_sha, base]
        new = await git.commit(repository.path, tree, parents, message, author, git.GITHUB, world.stamp())
        await git.update_ref(repository.path, f"refs/heads/{pull.head_ref}", new, pull.head_sha)
