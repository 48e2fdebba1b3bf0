"""What if: a decision from facts that somebody wrote down, without a run and without GitHub."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.documents import load as load_document
from core.documents import mistakes
from core.errors import DocumentInvalid
from core.names import Digest, RunId
from core.outputs import Plan
from core.runs import Approval
from policies.considered import Binds, Considered
from policies.deciding import decide
from policies.gates import change_gate, plan_gate
from policies.people import may_start
from policies.result import Result, Status, all_of
from policies.rules import Action
from policies.schema import Policy


def simulate(policy: Policy, considered: Considered) -> Result:
    """What the policy says of these facts: the same evaluation as a run's, the simple keys included."""
    owner = considered.repository.partition("/")[0]
    match considered.action:
        case Action.start:
            role = considered.person(considered.requester).role
            if role is None:
                why = f"The role of @{considered.requester} is not known: say it under `people`."
                return Result("start", Status.error, why)
            may = may_start(policy, role=role, actor=considered.requester, workflow=considered.workflow)
            return all_of("start", [may, decide(policy, considered, {})])
        case Action.plan:
            simple = {"plan": _plan(policy, considered, owner)}
        case Action.ship:
            simple = {}
        case Action.merge:
            given = _approvals(considered, "change")
            requester = considered.requester
            authors = considered.pushers
            simple = {"change": change_gate(policy, requester=requester, approvals=given, owner=owner, authors=authors)}
    return decide(policy, considered, simple)


def facts(text: str, name: str, over: Mapping[str, Any]) -> Considered:
    """Facts as a YAML or JSON file has them, with `over` laid over it. Raises DocumentInvalid with every mistake."""
    document = load_document(text, name)
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict):
        raise DocumentInvalid(name, [document.mistake((), "the file must be a mapping of facts to values")])
    try:
        return Considered.model_validate({**value, **over})
    except ValidationError as error:
        raise DocumentInvalid(name, mistakes(document, error, known=tuple(Considered.model_fields))) from error


def _plan(policy: Policy, considered: Considered, owner: str) -> Result:
    if not considered.paths:
        return Result("plan", Status.error, "What the plan touches is not known: say it under `paths`.")
    plan = Plan(summary="A plan", steps=("As written",), files=considered.paths, questions=considered.questions or ())
    return plan_gate(
        policy,
        plan=plan,
        estimate_usd=considered.cost_usd,
        requester=considered.requester,
        stranger_text=considered.stranger_text is not False,
        approvals=_approvals(considered, "plan"),
        owner=owner,
    )


def _approvals(considered: Considered, binds: Binds) -> tuple[Approval, ...]:
    return tuple(
        Approval(
            run_id=RunId("simulated"),
            gate=binds,
            digest=Digest("0" * 64),
            actor=yes.by,
            role=yes.role,
            at=yes.at,
            voided_why=yes.void,
        )
        for yes in considered.approvals.get(binds, ())
    )
