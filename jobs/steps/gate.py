"""A gate: wait for the people that policy asks for, bound to the digest of exactly this content.

The policy is read anew at every look, the approvals are checked with GitHub anew, and what is approved is compared
with what is there: the bot's plan comment may have been edited, the branch pushed to, the base changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from core.digests import short
from core.errors import BranchMoved, ChangeRefused
from core.runs import Approval, NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Gate, Step
from handlers import replies
from jobs import approvals, checks, exposed, feedback, handed, status
from jobs.approvals import Content
from jobs.considering import consider, stranger_text, with_approvals
from jobs.decided import decided
from jobs.heard import Judge
from jobs.outcomes import Done, End, Outcome, Park
from jobs.people import whom_to_ask
from jobs.planned import approved_plan, digest_of_plan, the_plan
from jobs.shown import as_posted
from jobs.steps import pushed, red_ci
from jobs.steps.release import as_it_lies, release
from jobs.steps.ship import Shipped, branch_name, judge
from jobs.steps.unmoved import base_stands, closed, unmoved
from jobs.work import Work
from policies.considered import Considered
from policies.deciding import decide, waits_for_people
from policies.evaluate import change_gate, plan_gate
from policies.needs import rules_decide
from policies.result import Result
from policies.rules import Action
from policies.schema import Effective

LOOK_AGAIN = timedelta(minutes=5)
"""How often checks are looked at that a rule asks for, although nothing was heard of them."""


async def perform(step: Step, gate: Gate, work: Work) -> Outcome:
    if gate.binds == "plan":
        came = await _plan(step, work)
        return came if isinstance(came, End) else await feedback.going_back(step, work) or came
    try:
        return await _change(step, gate, work)
    except BranchMoved:
        return await pushed.asks(step, work, Shipped.of(work, "change to approve"))


async def _change(step: Step, gate: Gate, work: Work) -> Outcome:
    if gate.revise is not None and (goes_on := await red_ci.folded(work)) is not None:
        return goes_on
    policy, reports = await work.policy(), red_ci.Reports()
    shipped = await as_it_lies(work, Shipped.of(work, "change to approve"))
    also = {**feedback.judges(step, work), **reports.judges}
    decided = await change_decision(work, shipped, policy, step.id, asks=step.id, also=also)
    if isinstance(decided, End):
        return decided
    shipped = await as_it_lies(work, shipped)  # a rule that asks for checks may have released it
    if (back := await feedback.going_back(step, work, shipped.head)) is not None:
        return back
    if isinstance(decided, Park):
        return await red_ci.while_waiting(step, work, shipped, reports, decided) if gate.revise is not None else decided
    digest = shipped.digest(work, policy.digest)
    shipped = await release(step.id, work, shipped, policy, decided, digest)
    if gate.revise is not None and (ci := await red_ci.before_opening(step, work, shipped, reports)) is not None:
        return ci
    return Done({"digest": digest}, decided.why)


# A plan ---------------------------------------------------------------------------------------------------------


async def _plan(step: Step, work: Work) -> Outcome:
    policy = await work.policy()
    digest = digest_of_plan(work, policy)
    considered = await _considered(work, policy, Action.plan)
    asked = Content(step.id, "plan", digest, considered=considered)
    result = await _plan_result(work, policy, asked, await approvals.standing(work, policy.policy, asked))
    person = await whom_to_ask(work, policy.policy, "plan", considered) if result.pending else None
    shown = await _post_plan(work, policy, asked, result, person)
    asked = replace(asked, shown_in=await work.comment_of(shown))
    if end := await approvals.apply(work, policy.policy, asked, feedback.judges(step, work)):
        return end
    standing = await approvals.standing(work, policy.policy, asked)
    result = await _plan_result(work, policy, asked, standing)
    await decided(work, result)
    if result.refused:
        raise ChangeRefused(result.why)
    if result.approved:
        return Done({"digest": asked.digest, "approved_by": [a.actor for a in standing]}, result.why)
    return await _wait(work, step.id, asked, result, person, shown)


async def _wait(work: Work, asks: str, asked: Content, result: Result, person: str | None, shown: str) -> Park:
    """Wait for a person who was asked by the comment with this effect's name."""
    waiting = Waiting(
        what=WaitingFor.approval,
        why=result.why,
        person=person,
        digest=asked.digest,
        asked_in=await work.comment_of(shown),
    )
    await status.show(work, current=asks, waiting=waiting)
    return Park(waiting)


async def _considered(
    work: Work, policy: Effective, action: Action, shipped: Shipped | None = None
) -> Considered | None:
    """What the rules look at; None where the simple keys alone decide, which look at nothing more."""
    if not rules_decide(policy.policy):
        return None
    if shipped is None:
        return await consider(work, policy.policy, action, paths=the_plan(work).files)
    paths = [path.path for path in shipped.paths]
    return await consider(work, policy.policy, action, paths=paths, tree=shipped.tree, head=shipped.head)


async def _plan_result(work: Work, policy: Effective, asked: Content, standing: Sequence[Approval]) -> Result:
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


async def _post_plan(work: Work, policy: Effective, asked: Content, result: Result, person: str | None) -> str:
    """Have the plan comment there as it was posted; the name of its effect."""

    async def body() -> str:
        seen = await exposed.look(work, await work.bench(), policy.policy, branch_name(work), None)
        ci = replies.ci_exposure(seen.exposure.result, seen.hold)
        limit = policy.policy.limits.run_cost_usd
        text = replies.plan(the_plan(work), asked.digest, limit, result, handed.research(work), ci)
        if person is not None:
            text += "\n\n" + replies.waiting(person, "plan", asked.digest, result.why)
        return text

    return await as_posted(work, f"plan:{short(asked.digest)}", body, replies.plan_tampered(asked.digest))


# A change -------------------------------------------------------------------------------------------------------


async def change_decision(
    work: Work,
    shipped: Shipped,
    policy: Effective,
    gate: str,
    *,
    asks: str,
    also: Mapping[SignalKind, Judge] = approvals.NO_OTHERS,
) -> Result | End | Park:
    """Whether the change is approved now: an approved Result, an End, or what it waits for.

    `asks` is the step that wants to know, and listens for what is in `also` besides. The merge asks again: a role
    revoked or a comment edited after the gate opened closes it, and people are told anew.
    """
    considered = await _considered(work, policy, Action.merge, shipped)
    asked = Content(
        gate, "change", shipped.digest(work, policy.digest), shipped.head, shipped.held, considered=considered
    )

    async def look_again(signal: NewSignal) -> str:
        if signal.text == "policy":
            content = await judge(work, await work.bench(), policy.policy, shipped.tree, shipped.paths, shipped.ci)
            await checks.put_policy(work, shipped.head, content)
        return await checks.again(work, signal.text, signal.key)

    rejected = await approvals.apply(work, policy.policy, asked, {**also, SignalKind.look_again: look_again})
    pull = await work.github.pull(shipped.number)
    if end := closed(pull) or rejected:
        if end is rejected:
            await checks.put_approval(work, shipped.head, None, None, end.why)
        return end
    unmoved(work, shipped, pull)
    await base_stands(work, shipped)
    standing = await approvals.standing(work, policy.policy, asked)
    result = await _change_result(work, policy, asked, standing)
    await decided(work, result)
    if result.refused:
        raise ChangeRefused(result.why)
    await checks.put_approval(work, shipped.head, result, asked.digest)
    if result.approved:
        await _looked_at(work, shipped, policy, result)
        return result
    if not waits_for_people(result) and (standing or shipped.head != shipped.held):
        await release(asks, work, shipped, policy, result, asked.digest)  # or the checks would never come
        return await _wait_for_checks(work, asks, result)
    person = await whom_to_ask(work, policy.policy, "change", considered)
    body = replies.waiting(person, "change", asked.digest, result.why, shipped.waits)
    shown = f"wait:{asks}:{short(asked.digest)}"
    await work.say(shown, body, number=shipped.number)
    return await _wait(work, asks, asked, result, person, shown)


async def _looked_at(work: Work, shipped: Shipped, policy: Effective, approved: Result) -> None:
    """What waited in the content for somebody to look at it is settled: they approved exactly this."""
    if shipped.waits:
        content = await judge(work, await work.bench(), policy.policy, shipped.tree, shipped.paths, shipped.ci)
        await checks.put_policy(work, shipped.head, content, looked_at=approved.why)


async def _change_result(work: Work, policy: Effective, asked: Content, standing: Sequence[Approval]) -> Result:
    owner = (await work.repository()).owner
    simple = change_gate(policy.policy, requester=work.run.requester, approvals=standing, owner=owner)
    if asked.considered is None:
        return simple
    planned = await approved_plan(work, policy, asked.considered)
    known = await with_approvals(work, policy.policy, asked.considered, {"change": standing, "plan": planned})
    return decide(policy.policy, known, {"change": simple})


async def _wait_for_checks(work: Work, asks: str, result: Result) -> Park:
    """Wait for what no person can give: a report wakes the run, and so does the clock, since one may be lost."""
    waiting = Waiting(what=WaitingFor.checks, why=result.why, not_before=work.services.clock.now() + LOOK_AGAIN)
    await status.show(work, current=asks, waiting=waiting)
    return Park(waiting)
