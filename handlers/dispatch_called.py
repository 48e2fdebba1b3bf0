"""Somebody calls `repository_dispatch`: workflows that listen to its type start in the caller's name.

GitHub lets only those call who may write; their role is asked for all the same. The payload is theirs, and gives inputs
of the same names. An `id` in it tells one call from every other, however often the payload is sent; without one the
delivery's GUID does, which GitHub keeps when it sends something again.
"""

import hashlib

from core.facts import FactQuery, Facts
from core.intents import Intent
from core.workflow import Listen
from handlers.authors import unheard
from handlers.automatic import Dispatched
from handlers.triggered import NOT_LISTENED, WHOLE, Occasion, about_the_repository, started
from policies.globs import naming

EVENT = Dispatched

LONGEST_ID = 200
"""Characters of an `id` that stand in a key as they are; of a longer one its digest does."""


def needs(event: Dispatched) -> FactQuery:
    return FactQuery(
        whole=True, listening="repository_dispatch", role_of=event.sender.login, policy=True, workflows=True
    )


def plan(event: Dispatched, facts: Facts) -> list[Intent]:
    if why := unheard(event.sender, facts):
        return [why]

    def hears(_: str, on: Listen) -> bool:
        dispatch = on.repository_dispatch
        return dispatch is not None and (not dispatch.types or bool(naming([event.type], dispatch.types)))

    if facts.policy is None:
        return [NOT_LISTENED]
    occasion = Occasion(
        on="repository_dispatch",
        key=f"dispatch:{event.repo.id}:{_call(event)}",
        source=f"dispatch by {event.sender.login}",
        subject=WHOLE,
        snapshot=about_the_repository("A call by repository_dispatch", facts),
        person=event.sender.login,
        values=event.payload,
    )
    return started(occasion, facts, hears)


def _call(event: Dispatched) -> str:
    identity = event.payload.get("id")
    if isinstance(identity, str | int) and not isinstance(identity, bool):
        said = str(identity)
        if len(said) > LONGEST_ID:
            return f"{event.type}:sha256:{hashlib.sha256(said.encode()).hexdigest()}"
        return f"{event.type}:id:{said}"
    return f"guid:{event.delivery}"
