"""Whom to ask: the one person that a wait names."""

from core.names import Role
from jobs.work import Work
from policies.evaluate import may_approve
from policies.people import GateName
from policies.schema import Policy


async def whom_to_ask(work: Work, policy: Policy, binds: GateName) -> str:
    """The login of somebody whose approval would count: the owner first, then the strongest role, then the alphabet.

    Where GitHub lists nobody, the owner is asked: somebody must be.
    """
    owner = (await work.repository()).owner
    able = [
        person
        for person in await work.github.collaborators()
        if not person.account.is_bot
        and may_approve(
            policy, binds, role=person.role, actor=person.account.login, requester=work.run.requester
        ).approved
    ]
    if not able:
        return owner
    roles = list(Role)
    able.sort(key=lambda p: (p.account.login != owner, -roles.index(p.role), p.account.login.lower()))
    return able[0].account.login
