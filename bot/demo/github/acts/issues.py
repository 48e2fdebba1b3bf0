"""Opening, editing, closing and reopening issues; assigning them."""

import dataclasses
import re

from .. import shapes
from ..errors import custom, missing
from ..records import Account, Actor, Issue, Json, Repository
from ..world import World
from . import labels as labelling
from .telling import author_of, remember, tell

TITLE_LIMIT = 256
BODY_LIMIT = 65_536
_REFERENCE = re.compile(r"(?<![\w/&])#(\d+)\b")


def next_number(repository: Repository) -> int:
    return max([*repository.issues, *repository.gone], default=0) + 1


def check_text(title: str | None, body: str | None) -> None:
    if title is not None and not title.strip():
        raise missing("Issue", "title")
    if title is not None and len(title) > TITLE_LIMIT:
        raise custom("Issue", f"title is too long (maximum is {TITLE_LIMIT} characters)")
    if body is not None and len(body) > BODY_LIMIT:
        raise custom("Issue", f"body is too long (maximum is {BODY_LIMIT} characters)")


async def open_issue(
    world: World,
    actor: Actor,
    repository: Repository,
    title: str,
    body: str | None = None,
    labels: list[str] | None = None,
    assignees: list[str] | None = None,
) -> Issue:
    """A new issue; `issues.opened` carries its labels, and each label and assignee is told after it."""
    check_text(title, body)
    account, app = author_of(actor)
    people = [world.account(login) for login in assignees or []]
    number, node = world.next_id("I")
    issue = Issue(
        number, node, next_number(repository), title, body, account, app, world.now(), world.now(), assignees=people
    )
    issue.labels = [labelling.ensure(world, repository, name) for name in labels or []]
    repository.issues[issue.number] = issue
    await tell(world, actor, repository, issue, "opened")
    for label in issue.labels:
        await labelling.tell_labeled(world, actor, repository, issue, label)
    for person in people:
        await _tell_assigned(world, actor, repository, issue, person, "assigned")
    refer(world, actor, repository, issue, f"{title}\n{body or ''}")
    return issue


async def edit(
    world: World, actor: Actor, repository: Repository, issue: Issue, title: str | None = None, body: str | None = None
) -> None:
    """Change title or body; nothing is told where nothing changed."""
    check_text(title, body)
    changes: Json = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        remember(world, actor, issue, "renamed", {"rename": {"from": issue.title, "to": title}})
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body}
        issue.body = body
        refer(world, actor, repository, issue, body)
    if changes:
        issue.updated_at = world.now()
        await tell(world, actor, repository, issue, "edited", {"changes": changes})


async def close(
    world: World,
    actor: Actor,
    repository: Repository,
    issue: Issue,
    reason: str | None = "completed",
    commit: str | None = None,
) -> None:
    """Close it; `commit` is the one whose message or merge closed it. Told once, however often it is asked."""
    if issue.state == "closed":
        return
    account, _ = author_of(actor)
    issue.state, issue.closed_at, issue.closed_by = "closed", world.now(), account
    issue.state_reason = None if issue.pull else reason
    issue.updated_at = world.now()
    remember(world, actor, issue, "closed", {"state_reason": issue.state_reason, "commit_id": commit})
    await tell(world, actor, repository, issue, "closed")


async def reopen(world: World, actor: Actor, repository: Repository, issue: Issue) -> None:
    if issue.state == "open":
        return
    if issue.pull and issue.pull.merged_at:
        raise custom("PullRequest", "state cannot be changed. The pull request was merged.")
    issue.state, issue.closed_at, issue.closed_by = "open", None, None
    issue.state_reason = None if issue.pull else "reopened"
    issue.updated_at = world.now()
    remember(world, actor, issue, "reopened")
    await tell(world, actor, repository, issue, "reopened")


async def lock(world: World, actor: Actor, repository: Repository, issue: Issue, locked: bool) -> None:
    """Let only collaborators with write access comment, or everybody again."""
    if issue.locked is locked:
        return
    issue.locked, issue.updated_at = locked, world.now()
    name = "locked" if locked else "unlocked"
    remember(world, actor, issue, name)
    await tell(world, actor, repository, issue, name)


async def delete(world: World, actor: Actor, repository: Repository, issue: Issue) -> None:
    """Delete it for good: its number answers 410 from now on."""
    del repository.issues[issue.number]
    repository.gone[issue.number] = None
    await tell(world, actor, repository, issue, "deleted")


async def transfer(world: World, actor: Actor, repository: Repository, issue: Issue, to: Repository) -> Issue:
    """Move it to another repository of the same owner, where it gets a new number and keeps its comments."""
    moved = dataclasses.replace(issue, number=next_number(to), labels=[])
    moved.id, moved.node_id = world.next_id("I")
    del repository.issues[issue.number]
    repository.gone[issue.number] = f"/repos/{to.full_name}/issues/{moved.number}"
    to.issues[moved.number] = moved
    there = {"new_issue": shapes.issue(world, to, moved), "new_repository": shapes.repository(world, to)}
    await tell(world, actor, repository, issue, "transferred", {"changes": there})
    return moved


async def set_assignees(
    world: World, actor: Actor, repository: Repository, issue: Issue, logins: list[str], keep: bool
) -> None:
    """Add these assignees, or with `keep` false take them away. Whoever cannot be assigned is passed over, as at
    GitHub; somebody who does not exist is an error there, and nobody is assigned.
    """
    for person in [world.account(login) for login in logins]:
        if (person in issue.assignees) == keep or (keep and not _assignable(repository, issue, person)):
            continue
        (issue.assignees.append if keep else issue.assignees.remove)(person)
        issue.updated_at = world.now()
        await _tell_assigned(world, actor, repository, issue, person, "assigned" if keep else "unassigned")


def _assignable(repository: Repository, issue: Issue, person: Account) -> bool:
    """Who has something to do with the repository, or has said something here."""
    near = person is repository.owner or person in repository.owner.members or person.login in repository.collaborators
    return near or person is issue.author or any(comment.author is person for comment in issue.comments)


def refer(world: World, actor: Actor, repository: Repository, source: Issue, text: str) -> None:
    """Enter a cross-reference in the timeline of every issue the text names, once per pair."""
    for number in {int(found) for found in _REFERENCE.findall(text)} - {source.number}:
        target = repository.issues.get(number)
        if target is None or any(entry.extra.get("source_number") == source.number for entry in target.timeline):
            continue
        shown = shapes.issue(world, repository, source) | {"repository": shapes.repository(world, repository)}
        extra = {"source": {"type": "issue", "issue": shown}, "source_number": source.number}
        remember(world, actor, target, "cross-referenced", extra)


async def _tell_assigned(
    world: World, actor: Actor, repository: Repository, issue: Issue, person: Account, action: str
) -> None:
    shown = shapes.user(world, person)
    remember(world, actor, issue, action, {"assignee": shown})
    await tell(world, actor, repository, issue, action, {"assignee": shown})
