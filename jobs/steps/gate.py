"""A gate: wait for the people that policy asks for, bound to the digest of exactly this content.

The policy is read anew at every look, the approvals are checked with GitHub anew, and what is approved is compared
with what is there: the bot's plan comment may have been edited, the branch pushed to, the base changed.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from core.digests import short
from core.errors import BaseMoved, BranchMoved, ChangeRefused, NotShownYet
from core.github import Pull
from core.runs import Approval, NewSignal, SignalKind, Waiting
from core.states import Trigger, WaitingFor
from core.workflow import Gate, Step
from handlers import replies
from jobs import approvals, checks, feedback, status
from jobs.approvals import Content
from jobs.considering import consider, with_approvals
from jobs.decided import decided
from jobs.heard import Judge
from jobs.outcomes import Done, End, Outcome, Park
from jobs.people import wait_for, whom_to_ask
from jobs.plan_decision import plan_decision
from jobs.planned import approved_plan
from jobs.steps.release import as_it_lies, release
from jobs.steps.ship import Shipped, judge
from jobs.work import Work
from policies.considered import Considered
from policies.deciding import decide, waits_for_people
from policies.evaluate import change_gate
from policies.needs import rules_decide
from policies.result import Result
from policies.rules import Action
from policies.schema import Effective

LOOK_AGAIN = timedelta(minutes=5)
"""How often checks are looked at that a rule asks for, although nothing was heard of them."""


async def perform(step: Step, gate: Gate, work: Work) -> Outcome:
    if gate.binds == "plan":
        return await _plan(step, work)
    policy = await work.policy()
    shipped = await as_it_lies(work, Shipped.of(work, "change to approve"))
    decided = await change_decision(work, shipped, policy, step.id, asks=step.id, also=feedback.judges(step, work))
    if not isinstance(decided, End) and (back := await feedback.going_back(step, work, shipped.head)) is not None:
        return back
    match decided:
        case End() | Park():
            return decided
        case Result() as result:
            digest = shipped.digest(work, policy.digest)
            await release(step.id, work, shipped, policy, result, digest)
            return Done({"digest": digest}, result.why)


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
    considered = await _considered(work, policy, shipped)
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
    await _base_stands(work, shipped)
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
    lapsed = await approvals.lapsed(work, asked)
    body = replies.waiting(person, "change", asked.digest, result.why, shipped.waits, lapsed)
    shown = f"wait:{asks}:{short(asked.digest)}"
    await work.say(shown, body, number=shipped.number)
    return await wait_for(work, asks, asked, result, person, shown)


async def _considered(work: Work, policy: Effective, shipped: Shipped) -> Considered | None:
    """What the rules look at; None where the simple keys alone decide, which look at nothing more."""
    if not rules_decide(policy.policy):
        return None
    paths = [path.path for path in shipped.paths]
    return await consider(work, policy.policy, Action.merge, paths=paths, tree=shipped.tree, head=shipped.head)


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


def closed(pull: Pull) -> End | None:
    """The end where a person merged or closed the pull request."""
    if pull.merged:
        return End(Trigger.finish, f"#{pull.number} was merged by a person", code="merged-by-person")
    if not pull.open:
        return End(Trigger.cancel, f"#{pull.number} was closed", code="closed")
    return None


def unmoved(work: Work, shipped: Shipped, pull: Pull) -> None:
    """Raises BranchMoved where somebody pushed to it, BaseMoved where it would now go into another branch.

    Looked at after the signals were applied: a push that one of them told of is seen here.
    """
    if pull.base_ref != work.run.base_ref:
        raise BaseMoved(
            f"Somebody pointed #{shipped.number} at `{pull.base_ref}`; it was made for `{work.run.base_ref}`."
        )
    if pull.head_sha == shipped.held != shipped.head:
        raise NotShownYet(f"GitHub does not show yet that `{shipped.branch}` is at {shipped.head[:12]}.")
    if pull.head_sha != shipped.head:
        raise BranchMoved(f"Somebody pushed to `{shipped.branch}`; what is there is not what was tested.")


async def _base_stands(work: Work, shipped: Shipped) -> None:
    """Raises BaseMoved where the base changed under the paths of the change; a move elsewhere changes nothing."""
    head = await work.github.head_of(work.run.base_ref)
    if head is None or head == work.run.base_sha:
        return
    bench = await work.bench()
    await bench.fetch(head)
    moved = {path.path for path in await bench.workspace.changed_paths(work.run.base_sha, head)}
    touched = sorted(moved & {path.path for path in shipped.paths})
    if touched:
        raise BaseMoved(f"`{work.run.base_ref}` changed the same paths since: {', '.join(touched[:5])}.")
