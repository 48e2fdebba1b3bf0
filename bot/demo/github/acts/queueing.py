"""The merge queue of a branch: an entry becomes a merge group with a branch of its own, and is merged when it is green.

One pull request a group, first come first served. The group's commit is what the base becomes, so that its checks are
those of exactly what lands.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from .. import git, pull_facts, shapes
from ..errors import Refusal
from ..records import Actor, Issue, Json, QueueEntry, Repository
from ..world import World
from . import issues, refs
from .telling import author_of, tell

BOT = "github-merge-queue[bot]"
PREFIX = "gh-readonly-queue"


async def enqueue(world: World, actor: Actor, repository: Repository, issue: Issue, head: str | None) -> QueueEntry:
    """Put it into the queue of its base, refused as GitHub refuses it."""
    pull = issue.pull
    assert pull is not None  # noqa: S101 (callers pass pull requests only)
    if not pull_facts.queue_asked(repository, pull.base_ref):
        raise Refusal(422, "The merge queue is not enabled for this branch")
    if issue.state == "closed":
        raise Refusal(422, "Pull request is closed")
    if pull.draft:
        raise Refusal(422, "Pull request is in draft state")
    if head not in {None, pull.head_sha}:
        raise Refusal(422, "Head branch was modified. Review and try the merge again.")
    if entry_of(repository, issue) is not None:
        raise Refusal(422, "Pull request is already in the queue")
    if blocked := pull_facts.blockers(repository, pull):
        raise Refusal(422, " ".join(blocked))
    entry = QueueEntry(world.next_id("MQE")[1], issue, pull.head_sha, author_of(actor)[0])
    repository.queue.append(entry)
    await tell(world, actor, repository, issue, "enqueued")
    await _form(world, repository, entry)
    return entry


def entry_of(repository: Repository, issue: Issue) -> QueueEntry | None:
    return next((entry for entry in repository.queue if entry.issue is issue), None)


async def settle(world: World, repository: Repository, sha: str) -> None:
    """Merge the group of this commit where every required check is green; take it out where one is red."""
    for entry in [each for each in repository.queue if each.group_sha == sha]:
        assert entry.issue.pull is not None  # noqa: S101 (entries are pull requests)
        results = pull_facts.check_results(repository, sha)
        required = [results.get(name) for name in pull_facts.required_checks(repository, entry.issue.pull.base_ref)]
        if any(result in pull_facts.FAILED for result in required):
            await dequeue(world, repository, entry)
        elif all(result in {"success", "neutral", "skipped"} for result in required):
            await _land(world, repository, entry)


async def dequeue(world: World, repository: Repository, entry: QueueEntry) -> None:
    """Out of the queue without a merge: a required check of the group failed, or somebody took it out."""
    repository.queue.remove(entry)
    actor = _queue(world)
    _tell(world, repository, entry, "destroyed", {"reason": "dequeued"})
    await _drop(world, repository, entry)
    await tell(world, actor, repository, entry.issue, "dequeued", {"reason": "CI_FAILURE"})


async def _form(world: World, repository: Repository, entry: QueueEntry) -> None:
    issue, pull = entry.issue, entry.issue.pull
    assert pull is not None  # noqa: S101 (entries are pull requests)
    actor, path = _queue(world), repository.path
    async with refs.moving(world, actor, repository):
        base = await git.resolve(path, f"refs/heads/{pull.base_ref}") or pull.base_sha
        tree = await git.merged_tree(path, base, pull.head_sha)
        if tree is None:
            repository.queue.remove(entry)
            raise Refusal(422, "Pull request has merge conflicts")
        message = f"{issue.title} (#{issue.number})\n"
        writer = git.Person(issue.author.name, f"{issue.author.id}+{issue.author.login}@users.noreply.github.com")
        entry.base_sha = base
        entry.group_sha = await git.commit(path, tree, [base], message, writer, git.GITHUB, world.stamp())
        entry.branch = f"{PREFIX}/{pull.base_ref}/pr-{issue.number}-{base}"
        await git.update_ref(path, f"refs/heads/{entry.branch}", entry.group_sha)
    _tell(world, repository, entry, "checks_requested", {})
    await settle(world, repository, entry.group_sha)


async def _land(world: World, repository: Repository, entry: QueueEntry) -> None:
    issue, pull = entry.issue, entry.issue.pull
    assert pull is not None  # noqa: S101 (entries are pull requests)
    actor, sha = _queue(world), entry.group_sha
    repository.queue.remove(entry)
    async with refs.moving(world, actor, repository, "merge_queue_merge"):
        await git.update_ref(repository.path, f"refs/heads/{pull.base_ref}", sha, entry.base_sha)
        pull.base_sha, pull.merged_at, pull.merged_by = entry.base_sha, world.now(), actor.account
        pull.merge_commit_sha = sha
        await issues.close(world, actor, repository, issue, commit=sha)
    _tell(world, repository, entry, "destroyed", {"reason": "merged"})
    await _drop(world, repository, entry)
    if pull.base_ref == repository.default_branch:
        await refs.close_named(world, actor, repository, issue.body or "", sha)


async def _drop(world: World, repository: Repository, entry: QueueEntry) -> None:
    async with refs.moving(world, _queue(world), repository):
        await git.delete_ref(repository.path, f"refs/heads/{entry.branch}")


def _tell(world: World, repository: Repository, entry: QueueEntry, action: str, extra: Json) -> None:
    pull = entry.issue.pull
    assert pull is not None  # noqa: S101 (entries are pull requests)
    commit: Json = {"id": entry.group_sha, "message": f"{entry.issue.title} (#{entry.issue.number})"}
    group: Json = {
        "head_sha": entry.group_sha,
        "head_ref": f"refs/heads/{entry.branch}",
        "base_sha": entry.base_sha,
        "base_ref": f"refs/heads/{pull.base_ref}",
        "head_commit": commit,
    }
    world.webhooks.emit(world, repository, "merge_group", action, _queue(world), {"merge_group": group} | extra)


def _queue(world: World) -> Actor:
    return Actor(world.accounts.get(BOT) or world.create_user(BOT, "Bot"))


def shown(world: World, repository: Repository, entry: QueueEntry) -> Json:
    """The entry as GraphQL shows it; positions count from 1."""
    return {
        "id": entry.node_id,
        "position": repository.queue.index(entry) + 1 if entry in repository.queue else 0,
        "state": "AWAITING_CHECKS" if entry in repository.queue else "MERGEABLE",
        "enqueuer": shapes.user(world, entry.enqueuer),
    }
