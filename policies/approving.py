"""Whose approval a gate takes: whoever counts for the simple key, or for one of the rules that the gate rests on."""

from collections.abc import Iterator

from core.names import is_bot
from policies.conditions import Answer, holds
from policies.considered import Considered, Yes
from policies.deciding import counts, rules_of
from policies.people import GateName, may_approve
from policies.result import Result, Status
from policies.rules import Action, Rule, named_in
from policies.schema import Policy

ACTION_OF = {"plan": Action.plan, "change": Action.merge}
"""The action that a gate stands before."""


def approver(policy: Policy, gate: GateName, yes: Yes, considered: Considered) -> Result:
    """Whether this person's approval counts for anything here: approved, denied, or an error where nobody knows.

    An error is no refusal to whoever only asks on the way to a gate that looks the person up.
    """
    authors = considered.pushers if gate == "change" else ()
    simple = may_approve(policy, gate, role=yes.role, actor=yes.by, requester=considered.requester, authors=authors)
    if is_bot(yes.by):
        return simple
    judged = [counts(rule.require, yes, considered, policy.people) for rule in _resting(policy, gate, considered)]
    if gate in set(named_in(policy.actions.of(ACTION_OF[gate]))) or authors:
        judged.append(simple)
    for status in (Status.approved, Status.error):
        if found := next((one for one in judged if one.status is status), None):
            return Result(simple.name, status, found.why, found.facts)
    if not judged or simple in judged:
        return simple if judged else _nobody(simple, gate)
    why = " ".join(dict.fromkeys(one.why for one in judged))
    return Result(simple.name, Status.denied, why, simple.facts, remedy=simple.remedy)


def _resting(policy: Policy, gate: GateName, considered: Considered) -> Iterator[Rule]:
    """The rules that count approvals of this gate's content, now or at a later action, and that may apply."""
    for action in Action:
        for rule in rules_of(policy, action):
            binds = rule.require.binds or ("change" if action is Action.merge else "plan")
            applies = (
                action is not ACTION_OF[gate] or holds(rule.if_, considered, policy.people).answer is not Answer.no
            )
            if rule.require.approvals and binds == gate and applies:
                yield rule


def _nobody(simple: Result, gate: GateName) -> Result:
    return Result(simple.name, Status.denied, f"Under this policy no approval of the {gate} counts for anything.")
