"""Who may do what, for every role, verb and built-in policy."""

import pytest

from core.names import Role
from policies.evaluate import may_approve, may_command, may_start
from policies.schema import BuiltIn, built_in

ROLES = list(Role)


def weakest(allowed) -> str:
    """The weakest role that is allowed, where every stronger one is, too; `nobody` where none is."""
    verdicts = [allowed(role) for role in ROLES]
    assert verdicts == sorted(verdicts), "a stronger role may never do less"
    return ROLES[verdicts.index(True)].value if True in verdicts else "nobody"


VERBS = ["implement", "retry", "answer", "approve", "reject", "cancel", "status", "help", "merge"]


@pytest.mark.parametrize(
    ("policy", "by_somebody_else", "by_the_requester"),
    [
        (
            BuiltIn.solo,
            "triage triage triage admin write write none none nobody",
            "triage triage triage admin none none none none nobody",
        ),
        (
            BuiltIn.team,
            "triage triage triage write write write none none nobody",
            "triage triage triage write none none none none nobody",
        ),
        (
            BuiltIn.open_source,
            "triage triage triage maintain write write none none nobody",
            "triage triage triage maintain none none none none nobody",
        ),
        (
            BuiltIn.strict,
            "triage triage triage write write write none none nobody",
            "triage triage triage write none none none none nobody",
        ),
    ],
)
def test_the_weakest_role_for_every_verb(policy, by_somebody_else, by_the_requester):
    def table(requester: str) -> str:
        rules = built_in(policy)
        return " ".join(
            weakest(
                lambda role, verb=verb: may_command(rules, verb, role=role, actor="ada", requester=requester).approved
            )
            for verb in VERBS
        )

    assert table("bob") == by_somebody_else
    assert table("Ada") == by_the_requester


@pytest.mark.parametrize(
    ("policy", "gate", "somebody_else", "the_requester"),
    [
        (BuiltIn.solo, "plan", "admin", "admin"),
        (BuiltIn.solo, "change", "admin", "admin"),
        (BuiltIn.team, "plan", "write", "write"),
        (BuiltIn.team, "change", "write", "nobody"),
        (BuiltIn.open_source, "plan", "maintain", "maintain"),
        (BuiltIn.open_source, "change", "maintain", "nobody"),
        (BuiltIn.strict, "plan", "write", "nobody"),
        (BuiltIn.strict, "change", "write", "nobody"),
    ],
)
def test_the_weakest_role_that_may_approve(policy, gate, somebody_else, the_requester):
    rules = built_in(policy)

    def by(actor: str) -> str:
        return weakest(lambda role: may_approve(rules, gate, role=role, actor=actor, requester="bob").approved)

    assert (by("ada"), by("BOB")) == (somebody_else, the_requester)


@pytest.mark.parametrize("role", [Role.none, Role.read, Role.triage])
@pytest.mark.parametrize("policy", list(BuiltIn))
@pytest.mark.parametrize("gate", ["plan", "change"])
def test_nobody_below_write_ever_approves(policy, gate, role):
    assert not may_approve(built_in(policy), gate, role=role, actor="ada", requester="bob").approved


def test_a_refusal_names_the_role_that_is_missing_and_the_remedy():
    refusal = may_approve(built_in(BuiltIn.team), "plan", role=Role.triage, actor="ada", requester="bob")
    assert refusal.why == "Approving the plan needs the role `write` or above, and @ada has the role `triage`."
    assert refusal.remedy == "Ask somebody with the role `write`, or an admin of this repository to give you that role."


def test_a_requester_is_told_that_somebody_else_has_to_approve():
    refusal = may_approve(built_in(BuiltIn.team), "change", role=Role.admin, actor="bob", requester="Bob")
    assert refusal.why == (
        "@bob asked for this run, and under the policy `team` nobody approves the change of their own request."
    )
    assert refusal.remedy == "Ask somebody else with the role `write` or above."


def test_a_stranger_is_told_that_starting_needs_a_role():
    refusal = may_start(built_in(BuiltIn.solo), role=Role.none, actor="eve", workflow="implement")
    assert refusal.why == "Starting `implement` needs the role `triage` or above, and @eve has no role here."


def test_a_verb_that_is_not_in_the_table_is_nobodys():
    refusal = may_command(built_in(BuiltIn.solo), "deploy", role=Role.admin, actor="ada", requester="ada")
    assert refusal.why == "`/deploy` is not a command."


@pytest.mark.parametrize("policy", list(BuiltIn))
def test_a_first_policy_file_is_asked_for_by_a_maintainer_however_weak_the_requesters_are(policy):
    def asking(workflow: str) -> str:
        return weakest(lambda role: may_start(built_in(policy), role=role, actor="ada", workflow=workflow).approved)

    assert (asking("onboard"), asking("implement")) == ("maintain", "triage")
    owners = built_in(policy).model_copy(update={"requesters": Role.admin})
    assert not may_start(owners, role=Role.maintain, actor="ada", workflow="onboard").approved
