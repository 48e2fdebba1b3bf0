"""Reactions on issues, issue comments and review comments; one of a kind per account. GitHub sends no event."""

from ..errors import invalid, not_found
from ..records import Actor, Reaction
from ..shapes.accounts import REACTIONS
from ..world import World
from .telling import author_of


def react(world: World, actor: Actor, on: list[Reaction], content: object) -> tuple[Reaction, bool]:
    """The account's reaction of this kind, and whether it is new."""
    if content not in REACTIONS:
        raise invalid("Reaction", "content")
    account, _ = author_of(actor)
    for reaction in on:
        if reaction.user is account and reaction.content == content:
            return reaction, False
    reaction = Reaction(*world.next_id("REA"), account, str(content), world.now())
    on.append(reaction)
    return reaction, True


def withdraw(on: list[Reaction], reaction_id: int) -> None:
    for reaction in on:
        if reaction.id == reaction_id:
            on.remove(reaction)
            return
    raise not_found()
