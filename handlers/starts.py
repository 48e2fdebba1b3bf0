"""Whether a workflow may be started now: who asks, and what the policy's rules and denials say of it."""

from datetime import datetime

from core.boards import AlarmKind
from core.facts import Facts
from core.heads import Behind, standing_behind
from core.intents import Alarmed
from core.names import Role
from policies.considered import Considered, Person
from policies.deciding import decide
from policies.evaluate import may_start
from policies.needs import rules_decide
from policies.pace import NAME as PACE
from policies.pace import free_at, within_the_hour
from policies.result import Result
from policies.rules import Action
from policies.schema import Policy


def strange_head(policy: Policy, facts: Facts) -> Behind | None:
    """Who of those that stand behind the head of a fork may start no work, so that somebody must look at it first:
    nobody but they knows what the next one is. None where the head is no stranger's. Whose role is not known has none.
    """
    pull = facts.pull
    if pull is None or not pull.open or not pull.from_fork(facts.repository.id):
        return None
    known = {one.part: one for one in facts.behind_head}
    needed = [known.get(part, Behind(part, login, Role.none)) for part, login in standing_behind(pull, None)]
    behind = [*needed, *(one for one in facts.behind_head if one.part not in {"opened", "owns"})]
    return next((one for one in behind if not one.role.at_least(policy.requesters)), None)


def may_begin(
    policy: Policy, facts: Facts, *, person: str | None, role: Role, workflow: str, title: str, at: datetime
) -> Result | None:
    """The verdict on a start in this person's name, or in ours where there is none; None: nothing has a say in that."""
    pace = within_the_hour(policy, [run.created_at for run in facts.runs if run.parent_id is None], at)
    if person is not None:
        verdict = may_start(policy, role=role, actor=person, workflow=workflow)
        if verdict.approved and not pace.approved:
            return pace
        if not verdict.approved or not rules_decide(policy):
            return verdict
    elif not pace.approved:
        return pace
    elif not rules_decide(policy):
        return None
    login, repository, issue = person or facts.app.login, facts.repository, facts.issue
    known = Considered(
        action=Action.start,
        now=at,
        repository=f"{repository.owner}/{repository.name}",
        workflow=workflow,
        requester=login,
        title=title,
        base=facts.pull.base_ref if facts.pull is not None else repository.default_branch,
        author=issue.author.login if issue is not None else None,
        labels=issue.labels if issue is not None else (),
        people={login: Person(role=role)},
    )
    return decide(policy, known, {})


def tripped(policy: Policy, facts: Facts, verdict: Result, *, about: int, at: datetime) -> tuple[Alarmed, ...]:
    """The alarm where a start was refused because runs about this begin too often, until one more may."""
    if verdict.name != PACE or verdict.approved:
        return ()
    until = free_at(policy, [run.created_at for run in facts.runs if run.parent_id is None], at)
    return (Alarmed(AlarmKind.loop, why=verdict.why, about=about, head=facts.open_head, until=until),)
