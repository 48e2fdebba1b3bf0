"""How an act is told: the event of an issue or a pull request, and the entry in its timeline."""

from .. import shapes
from ..pull_facts import facts
from ..records import Account, Actor, App, Comment, Issue, Json, Repository, TimelineEvent
from ..world import World


def author_of(actor: Actor) -> tuple[Account, App | None]:
    """Whose name stands on what the actor writes, and the App it was written through."""
    assert actor.account is not None  # noqa: S101 (every writing route demands an account)
    return actor.account, actor.token.installation.app if actor.token else None


def remember(
    world: World, actor: Actor, issue: Issue, event: str, extra: Json | None = None, comment: Comment | None = None
) -> TimelineEvent:
    """Append to the issue's timeline; the entry's id is what `labeled` and its like are known by."""
    account, app = author_of(actor)
    prefix = {"labeled": "LE", "unlabeled": "UNLE", "closed": "CE", "reopened": "REFE"}.get(event, "EV")
    entry = TimelineEvent(*world.next_id(prefix), event, account, app, world.now(), extra or {}, comment)
    issue.timeline.append(entry)
    return entry


async def tell(
    world: World, actor: Actor, repository: Repository, issue: Issue, action: str, extra: Json | None = None
) -> None:
    """Emit `issues.<action>`, or `pull_request.<action>` where the issue is a pull request."""
    if issue.pull is None:
        payload: Json = {"issue": shapes.issue(world, repository, issue)}
        world.webhooks.emit(world, repository, "issues", action, actor, payload | (extra or {}))
        return
    shown = shapes.pull(world, repository, issue, await facts(repository, issue))
    payload = {"number": issue.number, "pull_request": shown}
    world.webhooks.emit(world, repository, "pull_request", action, actor, payload | (extra or {}))
