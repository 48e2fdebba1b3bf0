"""Comments on issues and pull requests."""

from .. import shapes
from ..errors import invalid, too_long
from ..records import Actor, Comment, Edit, Issue, Json, Repository
from ..world import World
from .issues import BODY_LIMIT, refer
from .telling import author_of, remember


def check_body(body: object) -> str:
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", message="body cannot be blank")
    if len(body) > BODY_LIMIT:
        raise too_long(BODY_LIMIT)
    return body


def comment(world: World, actor: Actor, repository: Repository, issue: Issue, body: object) -> Comment:
    text = check_body(body)
    account, app = author_of(actor)
    now = world.now()
    new = Comment(*world.next_id("IC"), account, app, text, now, now)
    issue.comments.append(new)
    issue.updated_at = now
    remember(world, actor, issue, "commented", comment=new)
    refer(world, actor, repository, issue, text)
    _tell(world, actor, repository, issue, new, "created")
    return new


def edit(world: World, actor: Actor, repository: Repository, issue: Issue, it: Comment, body: object) -> None:
    text = check_body(body)
    if text == it.body:
        return
    if not it.edits:
        it.edits.append(Edit(*world.next_id("UCE"), it.author, it.created_at, it.body))
    before, it.body, it.updated_at = it.body, text, world.now()
    it.edits.insert(0, Edit(*world.next_id("UCE"), author_of(actor)[0], it.updated_at, text))
    _tell(world, actor, repository, issue, it, "edited", {"changes": {"body": {"from": before}}})


def delete(world: World, actor: Actor, repository: Repository, issue: Issue, it: Comment) -> None:
    issue.comments.remove(it)
    issue.timeline = [entry for entry in issue.timeline if entry.comment is not it]
    _tell(world, actor, repository, issue, it, "deleted")


def _tell(
    world: World,
    actor: Actor,
    repository: Repository,
    issue: Issue,
    it: Comment,
    action: str,
    extra: Json | None = None,
) -> None:
    payload = {
        "issue": shapes.issue(world, repository, issue),
        "comment": shapes.comment(world, repository, issue, it),
    }
    world.webhooks.emit(world, repository, "issue_comment", action, actor, payload | (extra or {}))
