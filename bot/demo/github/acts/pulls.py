"""Opening pull requests, asking for reviews, drafts and auto-merge."""

from .. import git, shapes
from ..errors import Refusal, custom, invalid, missing
from ..records import Account, Actor, Issue, Json, Pull, Repository
from ..world import World
from .issues import check_text, next_number, refer
from .telling import author_of, remember, tell


async def open_pull(world: World, actor: Actor, repository: Repository, body: Json) -> Issue:
    """A new pull request from a branch here or of a fork (`owner:branch`), refused as GitHub refuses it."""
    for field in ("title", "head", "base"):
        if not isinstance(body.get(field), str) or not body[field]:
            raise missing("PullRequest", field)
    check_text(body["title"], body.get("body"))
    owner, _, named = body["head"].rpartition(":")
    source = _source(world, repository, owner)
    head = await git.resolve(source.path, f"refs/heads/{named}") if source is not None else None
    base = await git.resolve(repository.path, f"refs/heads/{body['base']}")
    if source is None or head is None or base is None:
        raise invalid("PullRequest", "base" if head is not None else "head")
    for other in repository.pulls:
        pull = other.pull
        same = pull and pull.head_repository is source and (pull.head_ref, pull.base_ref) == (named, body["base"])
        if same and other.state == "open":
            raise custom("PullRequest", f"A pull request already exists for {source.owner.login}:{named}.")
    if source is not repository:
        await git.bring(source.path, repository.path, head)
    if await git.is_ancestor(repository.path, head, base):
        raise custom("PullRequest", f"No commits between {body['base']} and {named}")
    draft = bool(body.get("draft", False))
    if draft and not repository.drafts_supported:
        raise Refusal(422, "Draft pull requests are not supported in this repository.")
    account, app = author_of(actor)
    issue_id, issue_node = world.next_id("I")
    pull_id, pull_node = world.next_id("PR")
    issue = Issue(
        issue_id,
        issue_node,
        next_number(repository),
        body["title"],
        body.get("body"),
        account,
        app,
        world.now(),
        world.now(),
        pull=Pull(pull_id, pull_node, named, head, body["base"], base, draft, source),
    )
    if issue.pull is not None:
        issue.pull.maintainer_can_modify = source is not repository and bool(body.get("maintainer_can_modify"))
    repository.issues[issue.number] = issue
    await git.update_ref(repository.path, f"refs/pull/{issue.number}/head", head)
    await tell(world, actor, repository, issue, "opened")
    refer(world, actor, repository, issue, f"{issue.title}\n{issue.body or ''}")
    return issue


def _source(world: World, repository: Repository, owner: str) -> Repository | None:
    """The repository of this owner that the head may lie in: this one, or a fork of it."""
    if not owner or owner.lower() == repository.owner.login.lower():
        return repository
    forks = (each for each in world.repositories.values() if each.parent is repository)
    return next((each for each in forks if each.owner.login.lower() == owner.lower()), None)


async def request_review(world: World, actor: Actor, repository: Repository, issue: Issue, logins: list[str]) -> None:
    """Ask these people; the author, or somebody who does not collaborate, is refused and nobody is asked."""
    pull = _pull(issue)
    asked: list[Account] = []
    for login in logins:
        person = world.accounts.get(login.lower())
        if person is issue.author:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        collaborates = person is not None and (
            person.login in repository.collaborators or person is repository.owner or person in repository.owner.members
        )
        if person is None or not collaborates:
            raise Refusal(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or teams you "
                f"specified is not a collaborator of the {repository.full_name} repository.",
            )
        asked.append(person)
    for person in asked:
        if person not in pull.requested_reviewers:
            pull.requested_reviewers.append(person)
            shown = shapes.user(world, person)
            remember(world, actor, issue, "review_requested", {"requested_reviewer": shown})
            await tell(world, actor, repository, issue, "review_requested", {"requested_reviewer": shown})


async def withdraw_request(world: World, actor: Actor, repository: Repository, issue: Issue, logins: list[str]) -> None:
    pull = _pull(issue)
    for person in [each for each in pull.requested_reviewers if each.login in logins]:
        pull.requested_reviewers.remove(person)
        shown = shapes.user(world, person)
        await tell(world, actor, repository, issue, "review_request_removed", {"requested_reviewer": shown})


async def set_draft(world: World, actor: Actor, repository: Repository, issue: Issue, draft: bool) -> None:
    """Turn a draft into a pull request that is ready, or back. Only GraphQL reaches this, as at GitHub."""
    pull = _pull(issue)
    if pull.draft == draft:
        return
    pull.draft = draft
    issue.updated_at = world.now()
    remember(world, actor, issue, "convert_to_draft" if draft else "ready_for_review")
    await tell(world, actor, repository, issue, "converted_to_draft" if draft else "ready_for_review")


async def set_base(world: World, actor: Actor, repository: Repository, issue: Issue, base: str) -> None:
    pull = _pull(issue)
    tip = await git.resolve(repository.path, f"refs/heads/{base}")
    if tip is None:
        raise invalid("PullRequest", "base")
    if base == pull.base_ref:
        return
    before = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
    pull.base_ref, pull.base_sha = base, tip
    await tell(world, actor, repository, issue, "edited", {"changes": {"base": before}})


def _pull(issue: Issue) -> Pull:
    assert issue.pull is not None  # noqa: S101 (callers pass pull requests only)
    return issue.pull
