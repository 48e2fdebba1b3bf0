"""A gate: wait for the people that policy asks for, bound to the digest of exactly this content.

The policy is read anew at every look, the approvals are checked with GitHub anew, and what is approved is compared
with what is there: the bot's plan comment may have been edited, the branch pushed to, the base changed.
"""

from collections.abc import Mapping
from datetime import timedelta

from core.digests import short
from core.errors import BranchMoved, ChangeRefused
from core.runs import NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Gate, Step
from core.workflow.rounds import wishes_for
from handlers import replies
from jobs import approvals, boxes, checks, feedback, narrowing, status
from jobs.approvals import Content
from jobs.approved_change import change_result
from jobs.considering import consider
from jobs.decided import decided
from jobs.heard import Judge
from jobs.outcomes import Done, End, Outcome, Park
from jobs.people import wait_for, whom_to_ask
from jobs.plan_decision import plan_decision
from jobs.pushers import pushers_of_change
from jobs.steps import pushed, rebased, red_ci
from jobs.steps.release import as_it_lies, release
from jobs.steps.ship import Shipped, judge
from jobs.steps.unmoved import MovedUnder, base_stands, closed, unmoved
from jobs.work import Work
from policies.considered import Considered
from policies.deciding import waits_for_people
from policies.needs import rules_decide
from policies.result import Result
from policies.rules import Action
from policies.schema import Effective

LOOK_AGAIN = timedelta(minutes=5)
"""How often checks are looked at that a rule asks for, although nothing was heard of them."""


async def perform(step: Step, gate: Gate, work: Work) -> Outcome:
    if gate.binds == "plan":
        return await _plan(step, work)
    try:
        return await _change(step, gate, work)
    except BranchMoved:
        return await pushed.asks(step, work, await as_it_lies(work, Shipped.of(work, "change to approve")))
    except MovedUnder as moved:
        return await rebased.onto(step, work, await as_it_lies(work, Shipped.of(work, "change to approve")), moved)


async def _change(step: Step, gate: Gate, work: Work) -> Outcome:
    if gate.revise is not None and (goes_on := await red_ci.folded(work)) is not None:
        return goes_on
    policy, reports = await work.policy(), red_ci.Reports()
    shipped = await as_it_lies(work, Shipped.of(work, "change to approve"))
    also = {**feedback.judges(step, work), **reports.judges, **pushed.judges(step, work, shipped)}
    decided = await change_decision(work, shipped, policy, step.id, asks=step.id, also=also)
    if isinstance(decided, End):
        return decided
    shipped = await as_it_lies(work, shipped)  # a rule that asks for checks may have released it
    for going_back in (feedback.going_back, narrowing.going_back):
        if (back := await going_back(step, work, shipped.head)) is not None:
            return back
    if isinstance(decided, Park):
        return await red_ci.while_waiting(step, work, shipped, reports, decided) if gate.revise is not None else decided
    digest = shipped.digest(work, policy.digest)
    shipped = await release(step.id, work, shipped, policy, decided, digest)
    if gate.revise is not None and (ci := await red_ci.before_opening(step, work, shipped, reports)) is not None:
        return ci
    return Done({"digest": digest}, decided.why)


async def _plan(step: Step, work: Work) -> Outcome:
    policy = await work.policy()
    decision = await plan_decision(work, policy, gate=step.id, asks=step.id, also=feedback.judges(step, work))
    if isinstance(decision, End):
        return decision
    if (back := await feedback.going_back(step, work)) is not None:
        return back
    if isinstance(decision, Park):
        return decision
    return Done({"digest": decision.digest, "approved_by": [*decision.approved_by]}, decision.why)


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
    pushers = await pushers_of_change(work)
    considered = await _considered(work, policy, shipped, pushers)
    asked = Content(
        gate=gate,
        binds="change",
        digest=shipped.digest(work, policy.digest),
        head_sha=shipped.head,
        held=shipped.held,
        pushers=pushers,
        considered=considered,
    )

    async def look_again(signal: NewSignal) -> str:
        if signal.text == "policy":
            content = await judge(work, await work.bench(), policy.policy, shipped.tree, shipped.paths, shipped.ci)
            await checks.put_policy(work, shipped.head, content)
        return await checks.again(work, signal.text, signal.key)

    listens = {**also, SignalKind.look_again: look_again}
    if asks == gate:
        step = next(one for one in work.workflow.every_step if one.id == gate)
        listens |= narrowing.judges(step, work, policy.policy, asked, [path.path for path in shipped.paths])
    rejected = await approvals.apply(work, policy.policy, asked, listens)
    pull = await work.github.pull(shipped.number)
    shown = f"wait:{asks}:{short(asked.digest)}"
    if end := closed(pull) or rejected:
        await boxes.put_back(work, shown, waits=False)
        if end is rejected:
            await checks.put_approval(work, shipped.head, None, None, end.why)
        return end
    unmoved(work, shipped, pull)
    await base_stands(work, shipped)
    standing = await approvals.standing(work, policy.policy, asked)
    result = await change_result(work, policy, asked, standing)
    await decided(work, result)
    if result.refused:
        raise ChangeRefused(result.why)
    await checks.put_approval(work, shipped.head, result, asked.digest)
    if result.approved:
        await boxes.put_back(work, shown, waits=False)
        await _looked_at(work, shipped, policy, result)
        return result
    if not waits_for_people(result) and (standing or shipped.head != shipped.held):
        await release(asks, work, shipped, policy, result, asked.digest)  # or the checks would never come
        return await _wait_for_checks(work, asks, result)
    person = await whom_to_ask(work, policy.policy, "change", considered, pushers)
    lapsed = await approvals.lapsed(work, asked)
    since = (wishes_for(gate, work.workflow.steps, work.outputs) or {}).get("since", "")
    body = replies.waiting(person, "change", asked.digest, result.why, shipped.waits, lapsed, since)
    await work.say(shown, f"{body}\n\n{replies.boxes(asked.digest)}", number=shipped.number)
    return await wait_for(work, asks, asked, result, person, shown)


async def _considered(work: Work, policy: Effective, shipped: Shipped, pushers: tuple[str, ...]) -> Considered | None:
    """What the rules look at; None where the simple keys alone decide, which look at nothing more."""
    if not rules_decide(policy.policy):
        return None
    paths = [path.path for path in shipped.paths]
    return await consider(
        work, policy.policy, Action.merge, paths=paths, pushers=pushers, tree=shipped.tree, head=shipped.head
    )


async def _looked_at(work: Work, shipped: Shipped, policy: Effective, approved: Result) -> None:
    """What waited in the content for somebody to look at it is settled: they approved exactly this."""
    if shipped.waits:
        content = await judge(work, await work.bench(), policy.policy, shipped.tree, shipped.paths, shipped.ci)
        await checks.put_policy(work, shipped.head, content, looked_at=approved.why)


async def _wait_for_checks(work: Work, asks: str, result: Result) -> Park:
    """Wait for what no person can give: a report wakes the run, and so does the clock, since one may be lost."""
    waiting = Waiting(what=WaitingFor.checks, why=result.why, not_before=work.services.clock.now() + LOOK_AGAIN)
    await status.show(work, current=asks, waiting=waiting)
    return Park(waiting)
