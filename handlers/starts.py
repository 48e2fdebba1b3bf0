"""Whether a workflow may be started now: who asks, and what the policy's rules and denials say of it."""

from datetime import datetime

from core.facts import Facts
from core.names import Role
from policies.considered import Considered, Person
from policies.deciding import decide
from policies.evaluate import may_start
from policies.needs import rules_decide
from policies.pace import within_the_hour
from policies.result import Result
from policies.rules import Action
from policies.schema import Policy


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
