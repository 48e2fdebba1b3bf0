"""What is done to a repository as a whole: rename, transfer, archive, delete or fork it, choose its default branch.

Only people do these here, on its pages. The old name leads to the new one, until another repository takes it.
"""

from .. import git, shapes
from ..records import Account, Actor, Json, Repository
from ..world import World
from .telling import author_of


async def fork(world: World, actor: Actor, repository: Repository) -> Repository:
    """The actor's copy of it, with all branches, and no installation of anybody's App."""
    owner, _ = author_of(actor)
    known = world.repositories.get(f"{owner.login}/{repository.name}".lower())
    if known is not None and known.parent is repository:
        return known
    path = world.folder / owner.login / f"{repository.name}.git"
    await git.import_bare(repository.path, path, repository.default_branch, world.stamp())
    now, (number, node) = world.now(), world.next_id("R")
    copy = Repository(
        number, node, owner, repository.name, path, repository.default_branch, repository.private, now, now, repository
    )
    copy.collaborators[owner.login] = "admin"
    world.add_repository(copy)
    forkee: Json = {"forkee": shapes.repository(world, copy)}
    world.webhooks.emit(world, repository, "fork", None, actor, forkee)
    return copy


def rename(world: World, actor: Actor, repository: Repository, name: str) -> None:
    before = repository.name
    _move(world, repository, repository.owner, name)
    changes: Json = {"repository": {"name": {"from": before}}}
    world.webhooks.emit(world, repository, "repository", "renamed", actor, {"changes": changes})


def transfer(world: World, actor: Actor, repository: Repository, to: Account) -> None:
    """Give it to another account. The installations of the old one lose it, and are told so; those of the new one get
    it."""
    before = repository.owner
    losing = [one for one in world.installations.values() if one.account is before and repository in one.repositories]
    _move(world, repository, to, repository.name)
    for installation in losing:
        world.withdraw(installation, repository)
    for installation in world.installations.values():
        if installation.account is to and repository not in installation.repositories:
            installation.repositories.append(repository)
    owner: Json = {"user": shapes.user(world, before)} if before.type == "User" else {"organization": before.login}
    payload: Json = {"changes": {"owner": {"from": owner}}}
    world.webhooks.emit(world, repository, "repository", "transferred", actor, payload)


def archive(world: World, actor: Actor, repository: Repository, archived: bool = True) -> None:
    """Make it read-only for everybody, or, with `archived` false, take that back."""
    repository.archived = archived
    world.webhooks.emit(world, repository, "repository", "archived" if archived else "unarchived", actor, {})


def delete(world: World, actor: Actor, repository: Repository) -> None:
    """Delete it for good. Pull requests from it stay as they are, with a head in no repository."""
    for other in world.repositories.values():
        for issue in other.pulls:
            if issue.pull and issue.pull.head_repository is repository and other is not repository:
                issue.pull.head_repository = None
    world.webhooks.emit(world, repository, "repository", "deleted", actor, {})
    del world.repositories[repository.full_name.lower()]
    for installation in world.installations.values():
        if repository in installation.repositories:
            installation.repositories.remove(repository)
    for token in world.tokens.values():
        if repository in token.repositories:
            token.repositories.remove(repository)


def change_default_branch(world: World, actor: Actor, repository: Repository, branch: str) -> None:
    before, repository.default_branch = repository.default_branch, branch
    changes: Json = {"default_branch": {"from": before}}
    world.webhooks.emit(world, repository, "repository", "edited", actor, {"changes": changes})


def _move(world: World, repository: Repository, owner: Account, name: str) -> None:
    del world.repositories[repository.full_name.lower()]
    world.moved[repository.full_name.lower()] = repository
    repository.owner, repository.name = owner, name
    world.moved.pop(repository.full_name.lower(), None)
    world.repositories[repository.full_name.lower()] = repository
