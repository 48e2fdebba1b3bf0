"""Whom to ask: the one person that a wait names."""

from core.names import Role
from core.runs import Waiting
from core.states import WaitingFor
from jobs import boxes, status
from jobs.approvals import Content
from jobs.considering import may_approve_here
from jobs.outcomes import Park
from jobs.work import Work
from policies.considered import Considered
from policies.people import GateName
from policies.result import Result
from policies.schema import Policy

MOST_ASKED = 20
"""People who are looked up in teams before the owner is asked: each of them is a request."""


async def whom_to_ask(
    work: Work,
    policy: Policy,
    binds: GateName,
    considered: Considered | None = None,
    pushers: tuple[str, ...] = (),
) -> str:
    """The login of somebody whose approval would count: the owner first, then the strongest role, then the alphabet.

    Where GitHub lists nobody, the owner is asked: somebody must be.
    """
    owner = (await work.repository()).owner
    roles = list(Role)
    people = [person for person in await work.github.collaborators() if not person.account.is_bot]
    people.sort(key=lambda p: (p.account.login != owner, -roles.index(p.role), p.account.login.lower()))
    for person in people if considered is None else people[:MOST_ASKED]:
        login = person.account.login
        verdict = await may_approve_here(work, policy, binds, considered, pushers, login=login, role=person.role)
        if verdict.approved:
            return login
    return owner


async def wait_for(work: Work, asks: str, asked: Content, result: Result, person: str | None, shown: str) -> Park:
    """Wait at the step `asks` for a person who was asked by the comment with this effect's name."""
    waiting = Waiting(
        what=WaitingFor.approval,
        why=result.why,
        person=person,
        digest=asked.digest,
        binds=asked.binds,
        asked_in=await work.comment_of(shown),
    )
    await boxes.put_back(work, shown, waits=True)
    await status.show(work, current=asks, waiting=waiting)
    return Park(waiting)
