"""Gates: what a plan or a change waits for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.names import Digest, Role, RunId
from core.outputs import Plan
from core.runs import Approval
from policies.considered import Considered, Yes
from policies.deciding import counts
from policies.evaluate import change_gate, plan_gate
from policies.result import Status
from policies.rules import Action, Require
from policies.schema import BuiltIn, Policy, built_in

AT = datetime(2026, 1, 1, tzinfo=UTC)


def approval(actor: str, role: str = "write", *, void: str | None = None) -> Approval:
    return Approval(
        run_id=RunId("r"), gate="g", digest=Digest("d" * 64), actor=actor, role=role, at=AT, voided_why=void
    )


def a_plan(**more) -> Plan:
    return Plan(**({"summary": "Do it", "steps": ("one",), "files": ("src/a.py",)} | more))


def plan_result(policy: BuiltIn | Policy, *approvals: Approval, plan=None, cost=0.2, strangers=False):
    return plan_gate(
        built_in(policy) if isinstance(policy, BuiltIn) else policy,
        plan=plan or a_plan(),
        estimate_usd=cost,
        requester="bob",
        stranger_text=strangers,
        approvals=approvals,
        owner="olga",
    )


def change_result(policy: BuiltIn, *approvals: Approval):
    return change_gate(built_in(policy), requester="bob", approvals=approvals, owner="olga")


def test_a_small_plan_opens_by_itself_and_says_why():
    solo = plan_result(BuiltIn.solo)
    assert solo.approved
    assert solo.why == "It opens by itself, because it touches 1 file, no risky path, may cost $0.20 (policy `solo`)."
    assert plan_result(BuiltIn.team).why == (
        "It opens by itself, because it touches 1 file, no risky path (policy `team`)."
    )


SIX = tuple(f"src/{n}.py" for n in range(6))


@pytest.mark.parametrize(
    ("what", "waiting_under", "why"),
    [
        ({"plan": a_plan(files=SIX)}, "solo team", "The plan touches 6 files; over 5 it waits."),
        ({"plan": a_plan(files=("Dockerfile",))}, "solo team", "It touches `Dockerfile`."),
        ({"cost": 1.01}, "solo", "It may cost $1.01; over $1.00 it waits."),
        ({"cost": None}, "solo", "What it will cost is not known."),
        ({"plan": a_plan(questions=("Which one?",))}, "solo", "The plan leaves questions open."),
        ({"strangers": True}, "solo", "It rests on text by people without write access."),
    ],
)
def test_a_plan_waits_for_what_its_policy_fears(what, waiting_under, why):
    for policy in (BuiltIn.solo, BuiltIn.team):
        result = plan_result(policy, **what)
        if policy.value in waiting_under.split():
            assert result.pending
            assert result.why.startswith(why)
        else:
            assert result.approved


@pytest.mark.parametrize("policy", [BuiltIn.open_source, BuiltIn.strict])
def test_under_some_policies_every_plan_waits(policy):
    result = plan_result(policy)
    assert result.pending
    assert result.why.startswith(f"Under the policy `{policy}` every plan waits for a person.")


def test_five_files_and_a_dollar_are_not_over_the_limit():
    assert plan_result(BuiltIn.solo, plan=a_plan(files=SIX[:5]), cost=1.0).approved


def test_a_waiting_plan_says_how_many_approvals_it_has_and_whose_it_needs():
    assert plan_result(BuiltIn.solo, cost=3).why == (
        "It may cost $3.00; over $1.00 it waits. "
        "0 of 1 approvals given: it needs one person with the role `admin` or above, such as @olga."
    )


def test_an_approved_plan_says_by_whom():
    result = plan_result(BuiltIn.open_source, approval("ada", "maintain"))
    assert result.approved
    assert result.why == "Approved by @ada."


def test_a_change_needs_a_reviewer_who_is_not_the_requester():
    result = change_result(BuiltIn.team, approval("Bob", "admin"))
    assert result.pending
    assert result.why == (
        "0 of 1 approvals given: it needs one person with the role `write` or above, not the requester."
    )
    assert change_result(BuiltIn.team, approval("bob", "admin"), approval("ada")).approved


def test_strict_needs_two_different_people():
    assert change_result(BuiltIn.strict, approval("ada"), approval("ADA")).pending
    result = change_result(BuiltIn.strict, approval("ada"), approval("carl"))
    assert result.approved
    assert result.why == "Approved by @ada, @carl."


@pytest.mark.parametrize("role", ["none", "read", "triage", "owner", ""])
def test_an_approval_recorded_with_a_weak_or_unknown_role_does_not_count(role):
    assert change_result(BuiltIn.team, approval("ada", role)).pending


def test_a_void_approval_does_not_count_and_its_reason_is_shown():
    result = change_result(BuiltIn.team, approval("ada", void="the comment was edited."))
    assert result.pending
    (given,) = result.children[0].children
    assert (given.status, given.why) == (Status.skipped, "@ada's approval is void: the comment was edited.")


approvals = st.lists(
    st.builds(
        approval,
        st.sampled_from(["ada", "Ada", "bob", "carl", "dora"]),
        st.sampled_from([role.value for role in Role]),
        void=st.sampled_from([None, "it was edited"]),
    ),
    max_size=6,
)


@given(st.sampled_from(list(BuiltIn)), approvals, approvals)
def test_an_added_approval_never_un_approves(policy, given_, more):
    if change_result(policy, *given_).approved:
        assert change_result(policy, *given_, *more).approved
    if plan_result(policy, *given_, cost=9).approved:
        assert plan_result(policy, *given_, *more, cost=9).approved


@given(st.sampled_from(list(BuiltIn)), approvals, st.randoms(use_true_random=False))
def test_the_order_of_approvals_does_not_matter(policy, given_, random):
    shuffled = list(given_)
    random.shuffle(shuffled)
    assert change_result(policy, *given_).status is change_result(policy, *shuffled).status


@given(st.sampled_from(list(BuiltIn)), approvals)
def test_people_below_write_alone_never_open_a_gate(policy, given_):
    weak = [one for one in given_ if one.role in {"none", "read", "triage"}]
    assert not change_result(policy, *weak).approved


# Who pushed it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", list(BuiltIn))
def test_whoever_pushed_some_of_a_change_counts_for_it_as_little_as_whoever_asked_for_it(policy: BuiltIn):
    def decided(by: str, authors: tuple[str, ...]) -> bool:
        said = [approval(one, "admin") for one in (by, "carl")[: built_in(policy).change.approvals]]
        return change_gate(built_in(policy), requester="bob", approvals=said, owner="olga", authors=authors).approved

    assert decided("ada", ())
    assert decided("ada", ("dora",))
    assert decided("ada", ("dora", "ADA")) == decided("bob", ()) == built_in(policy).change.requester_may_approve


def test_rules_that_keep_anybody_out_keep_out_who_pushed_and_only_of_the_change():
    yes = Yes(by="Ada", role=Role.write, at=AT)
    known = Considered(
        action=Action.merge, now=AT, repository="a/b", workflow="w", requester="bob", pushers=("ada",), author="cy"
    )
    judged = {
        (binds, keeps): counts(
            Require.model_validate({"approvals": 1, "not": keeps, "binds": binds}), yes, known, {}
        ).status
        for binds in ("change", "plan")
        for keeps in (("requester",), ("author",), ())
    }
    assert judged == {
        ("change", ("requester",)): Status.skipped,
        ("change", ("author",)): Status.skipped,
        ("change", ()): Status.approved,
        ("plan", ("requester",)): Status.approved,
        ("plan", ("author",)): Status.approved,
        ("plan", ()): Status.approved,
    }
