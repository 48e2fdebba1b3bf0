"""Labels of a repository, and putting them on issues and pull requests."""

from .. import shapes
from ..errors import Refusal, invalid
from ..records import Actor, Issue, Label, Repository
from ..world import World
from .telling import remember, tell


def ensure(world: World, repository: Repository, name: str) -> Label:
    """The repository's label of this name (its case does not matter); GitHub makes one that is missing."""
    for label in repository.labels.values():
        if label.name.lower() == name.lower():
            return label
    return create(world, repository, name)


def create(
    world: World, repository: Repository, name: str, color: str = "ededed", description: str | None = None
) -> Label:
    if any(label.name.lower() == name.lower() for label in repository.labels.values()):
        raise invalid("Label", "name", code="already_exists")
    if not name or len(name) > 50:
        raise invalid("Label", "name")
    label = Label(*world.next_id("LA"), name, color, description)
    repository.labels[name] = label
    return label


async def add(world: World, actor: Actor, repository: Repository, issue: Issue, names: list[str]) -> None:
    """Put labels on; one that is there already is neither told nor remembered again."""
    for name in names:
        label = ensure(world, repository, name)
        if label not in issue.labels:
            issue.labels.append(label)
            issue.updated_at = world.now()
            await tell_labeled(world, actor, repository, issue, label)


async def remove(world: World, actor: Actor, repository: Repository, issue: Issue, name: str) -> None:
    for label in issue.labels:
        if label.name.lower() == name.lower():
            issue.labels.remove(label)
            issue.updated_at = world.now()
            remember(world, actor, issue, "unlabeled", {"label": {"name": label.name, "color": label.color}})
            shown = shapes.label(world, repository, label)
            await tell(world, actor, repository, issue, "unlabeled", {"label": shown})
            return
    raise Refusal(404, "Label does not exist")


async def replace(world: World, actor: Actor, repository: Repository, issue: Issue, names: list[str]) -> None:
    wanted = {name.lower() for name in names}
    for label in list(issue.labels):
        if label.name.lower() not in wanted:
            await remove(world, actor, repository, issue, label.name)
    await add(world, actor, repository, issue, names)


async def tell_labeled(world: World, actor: Actor, repository: Repository, issue: Issue, label: Label) -> None:
    remember(world, actor, issue, "labeled", {"label": {"name": label.name, "color": label.color}})
    await tell(world, actor, repository, issue, "labeled", {"label": shapes.label(world, repository, label)})
