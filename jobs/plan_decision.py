"""Whether the plan may be carried out: asked at its gate, and again before anything that came of it is pushed.

Between the two lies the whole work, and whatever a run waits for on the way. Until then the policy may have become one
that does not let this plan pass by itself, and whoever approved it may have taken that back, or lost the role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.digests import short
from core.errors import ChangeRefused
from core.names import Digest
from core.runs import Approval, SignalKind
from core.workflow import Step
from handlers import replies
from jobs import approvals, boxes, exposed, handed
from jobs.approvals import Content
from jobs.considering import consider, stranger_text, with_approvals
from jobs.decided import decided
from jobs.heard import Judge
from jobs.outcomes import End, Park
from jobs.own_branch import branch_name
from jobs.people import wait_for, whom_to_ask
from jobs.planned import digest_of_plan, the_plan
from jobs.shown import as_posted
from jobs.work import Work
from policies.deciding import decide
from policies.evaluate import plan_gate
from policies.needs import rules_decide
from policies.result import Result
from policies.rules import Action
from policies.schema import Effective


@dataclass(frozen=True, slots=True)
class Opened:
    """The plan with this digest may be carried out: by these people, or by policy alone where they are none."""

    digest: Digest
    approved_by: tuple[str, ...]
    why: str


async def plan_decision(
    work: Work,
    policy: Effective,
    *,
    gate: str,
    asks: str,
    also: Mapping[SignalKind, Judge] = approvals.NO_OTHERS,
) -> Opened | End | Park:
    """Opened, an End where somebody rejected, or what it waits for. Raises ChangeRefused.

    Approvals count for the `gate`; `asks` is the step that wants to know, and listens for what is in `also` besides.
    Another step than the gate shows the plan anew: what was said there before tells nobody that somebody is asked.
    """
    asked = await _content(work, policy, gate)
    result = await _result(work, policy, asked, await approvals.standing(work, policy.policy, asked))
    person = await whom_to_ask(work, policy.policy, "plan", asked.considered) if result.pending else None
    shown = await _post(work, policy, asked, result, person, "" if asks == gate else f"{asks}:")
    asked = replace(asked, shown_in=await work.comment_of(shown))
    if end := await approvals.apply(work, policy.policy, asked, also):
        await boxes.put_back(work, shown, waits=False)
        return end
    standing = await approvals.standing(work, policy.policy, asked)
    result = await _result(work, policy, asked, standing)
    await decided(work, result)
    if result.refused:
        raise ChangeRefused(result.why)
    if result.approved:
        await boxes.put_back(work, shown, waits=False)
        return Opened(asked.digest, tuple(approval.actor for approval in standing), result.why)
    return await wait_for(work, asks, asked, result, person, shown)


async def still_open(step: Step, work: Work, policy: Effective) -> End | Park | None:
    """None where the plan may be carried out under this policy too, or no gate was about it; else see `plan_decision`.

    A gate that opened by itself asks GitHub for nothing here; of one that people opened, each approval is looked up.
    """
    gate = _opened_gate(work)
    if gate is None:
        return None
    asked = await _content(work, policy, gate)
    if (await _result(work, policy, asked, await approvals.standing(work, policy.policy, asked))).approved:
        return None
    decision = await plan_decision(work, policy, gate=gate, asks=step.id)
    return None if isinstance(decision, Opened) else decision


def _opened_gate(work: Work) -> str | None:
    """The id of the newest gate that let the plan pass; None where there was none, or only ones that were skipped."""
    for step in reversed(list(work.workflow.every_step)):
        output = work.outputs.get(step.id)
        if step.gate is not None and step.gate.binds == "plan" and isinstance(output, dict) and "digest" in output:
            return step.id
    return None


async def _content(work: Work, policy: Effective, gate: str) -> Content:
    considered = None
    if rules_decide(policy.policy):
        considered = await consider(work, policy.policy, Action.plan, paths=the_plan(work).files)
    return Content(gate, "plan", digest_of_plan(work, policy), considered=considered)


async def _result(work: Work, policy: Effective, asked: Content, standing: Sequence[Approval]) -> Result:
    plan = the_plan(work)
    simple = plan_gate(
        policy.policy,
        plan=plan,
        estimate_usd=plan.estimate_usd,
        requester=work.run.requester,
        stranger_text=stranger_text(work),
        approvals=standing,
        owner=(await work.repository()).owner,
    )
    if asked.considered is None:
        return simple
    known = await with_approvals(work, policy.policy, asked.considered, {"plan": standing})
    return decide(policy.policy, known, {"plan": simple})


async def _post(work: Work, policy: Effective, asked: Content, result: Result, person: str | None, again: str) -> str:
    """Have the plan comment there as it was posted; the name of its effect. `again` begins the name of a later one."""

    async def body() -> str:
        seen = await exposed.look(work, await work.bench(), policy.policy, branch_name(work), None)
        ci = replies.ci_exposure(seen.exposure.result, seen.hold, seen.quiet)
        limit = policy.policy.limits.run_cost_usd
        text = replies.plan(the_plan(work), asked.digest, limit, result, handed.research(work), ci)
        if person is not None:
            lapsed = await approvals.lapsed(work, asked)
            text += "\n\n" + replies.waiting(person, "plan", asked.digest, result.why, lapsed=lapsed)
            text += "\n\n" + replies.boxes(asked.digest)
        return text

    return await as_posted(work, f"plan:{again}{short(asked.digest)}", body, replies.plan_tampered(asked.digest))
