"""Merge: only what policy and people approved, content for content, checked again at the last moment.

Where the branch asks for a merge queue, the pull request is put there, and the run waits for what comes of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.store import effects
from core.effects import EnqueuePull, MergePull
from core.errors import BranchMoved, MergeRefused
from core.github import BranchRules, MergeMethod, Pull
from core.names import Sha
from core.runs import Waiting
from core.states import Trigger, WaitingFor
from core.workflow import Gate, Merge, Step
from core.workflow.rounds import of_round
from handlers import replies
from jobs import handed, status
from jobs.heard import hear
from jobs.outcomes import Done, End, Outcome, Park
from jobs.steps import merge_waits, pushed, rebased, red_ci, wait_checks
from jobs.steps.brought import is_what_was_approved
from jobs.steps.gate import change_decision
from jobs.steps.release import as_it_lies, release
from jobs.steps.ship import Shipped, judge
from jobs.steps.unmoved import MovedUnder, closed, unmoved
from jobs.work import Work
from policies.branch_rules import merge_under, unsigned_hint
from policies.evaluate import may_merge

QUEUE = "enqueue"
"""The name of the effect that puts it into a merge queue."""
LOOK_AGAIN = timedelta(minutes=5)
"""How often the queue is looked at although nothing was heard of it."""


async def perform(step: Step, merge: Merge, work: Work) -> Outcome:
    try:
        return await _performed(step, merge, work)
    except BranchMoved:
        return await pushed.asks(step, work, await as_it_lies(work, Shipped.of(work, "pull request to merge")))
    except MovedUnder as moved:
        return await rebased.onto(step, work, await as_it_lies(work, Shipped.of(work, "pull request to merge")), moved)


async def _performed(step: Step, merge: Merge, work: Work) -> Outcome:
    policy = await work.policy()
    shipped = await as_it_lies(work, Shipped.of(work, "pull request to merge"))
    found = await work.github.pull(shipped.number)
    if found.merged_by_us and found.head_sha == shipped.head:
        # An earlier attempt merged it; its receipt is looked up below.
        return await _merge(step, work, merge, shipped)
    heard = await wait_checks.reports(work)
    if await _enqueued(step, work):
        return await _from_the_queue(step, work, shipped, found)
    also = pushed.judges(step, work, shipped)
    decided = await change_decision(work, shipped, policy, _gate_of(work).id, asks=step.id, also=also)
    if isinstance(decided, End | Park):
        return decided
    shipped = await release(step.id, work, shipped, policy, decided, shipped.digest(work, policy.digest))
    if shipped.awaits_ci:
        began = await _waited_since(work, shipped)
        ci = await wait_checks.settled_on(step, red_ci.AWAITED, work, shipped, heard, began)
        if isinstance(ci, Park):
            return ci
    if shipped.held is not None or shipped.awaits_ci:
        found = await work.github.pull(shipped.number)
        if end := closed(found):
            return end
        unmoved(work, shipped, found)
    bench = await work.bench()
    verdict = may_merge(
        policy.policy,
        change=decided,
        content=await judge(work, bench, policy.policy, shipped.tree, shipped.paths, shipped.ci),
        tests_green=_tested(work, shipped),
        head_is_approved=found.head_sha == shipped.head,
    )
    if not verdict.approved:
        raise MergeRefused(verdict.why)
    if found.draft:
        return await merge_waits.no_draft(step, work, shipped)
    rules = await _rules_met(step, merge, work, shipped, heard)
    if isinstance(rules, Park):
        return rules
    if rules.merge_queue:
        await work.do(of_round(QUEUE, step.id), EnqueuePull(number=shipped.number, sha=shipped.head))
        return await _from_the_queue(step, work, shipped, await work.github.pull(shipped.number))
    return await _merge(step, work, merge, shipped)


async def _rules_met(
    step: Step, merge: Merge, work: Work, shipped: Shipped, heard: Sequence[datetime]
) -> BranchRules | Park:
    """The rules of the base, which this merge keeps to, or the wait for what they ask. Raises MergeRefused."""
    rules = await work.github.rules(work.run.base_ref)
    under = merge_under(rules, MergeMethod(merge.method), work.run.base_ref, signed=shipped.signed)
    if not under.approved:
        raise MergeRefused(" ".join(part for part in (under.why, under.remedy) if part))
    return await merge_waits.required_checks(step, work, shipped, rules, heard) or rules


async def _enqueued(step: Step, work: Work) -> bool:
    """Whether this run put its pull request into the queue before, as it is in this round."""
    async with work.services.store.read() as db:
        effect = await effects.get(db, work.key(of_round(QUEUE, step.id)))
    return effect is not None and effect.receipt is not None


async def _from_the_queue(step: Step, work: Work, shipped: Shipped, pull: Pull) -> Outcome:
    """What came of it in the queue; until something did, the run looks now and then.

    Raises MergeRefused where it was taken out, BranchMoved where somebody pushed: that takes it out too.
    """
    if end := await hear(work, None, pushed.judges(step, work, shipped), about="merge"):
        return end
    if pull.merged and pull.head_sha == shipped.head and pull.merge_sha is not None:
        return await _merged(work, shipped, pull.merge_sha, None)
    if end := closed(pull):
        return end
    unmoved(work, shipped, pull)
    if not await work.github.queued(pull.node_id):
        pull = await work.github.pull(shipped.number)
        if not pull.merged:
            raise MergeRefused(
                f"The merge queue of `{work.run.base_ref}` took #{shipped.number} out: its checks failed there, or "
                "somebody removed it."
            )
        return await _from_the_queue(step, work, shipped, pull)
    why = (
        f"#{shipped.number} is in the merge queue of `{work.run.base_ref}`, which merges it when its checks are green."
    )
    waiting = Waiting(what=WaitingFor.checks, why=why, not_before=work.services.clock.now() + LOOK_AGAIN)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _waited_since(work: Work, shipped: Shipped) -> datetime | None:
    """When the gate began to wait for CI, where it did: what was waited for there is not waited for once more."""
    gate = _gate_of(work)
    waited = gate.gate is not None and gate.gate.revise is not None
    return await red_ci.began_to_wait(gate, work, shipped) if waited else None


def _tested(work: Work, shipped: Shipped) -> bool:
    """Whether exactly what was shipped was green."""
    tests = handed.checked(work)
    return tests is not None and tests["tree"] == shipped.tree


async def _merge(step: Step, work: Work, merge: Merge, shipped: Shipped) -> Outcome:
    title = f"{shipped.message.splitlines()[0]} (#{shipped.number})"
    message = shipped.message.split("\n", 1)[1].strip() if "\n" in shipped.message else ""
    act = MergePull(
        number=shipped.number, sha=shipped.head, method=MergeMethod(merge.method), title=title, message=message
    )
    try:
        receipt = await work.do(of_round("merge", step.id), act)
    except MergeRefused as error:
        if hint := unsigned_hint(str(error), signed=shipped.signed):
            raise MergeRefused(f"{error} {hint}") from error
        raise
    if not receipt["ours"]:
        return End(Trigger.finish, f"#{shipped.number} was merged by a person", code="merged-by-person")
    return await _merged(work, shipped, Sha(receipt["sha"]), act.method)


async def _merged(work: Work, shipped: Shipped, sha: Sha, method: MergeMethod | None) -> Outcome:
    """It is merged, by us or for us; what was merged is compared with what was approved."""
    await is_what_was_approved(work, shipped, sha, method)
    await work.say("merged", replies.merged(shipped.number, sha, work.run.base_ref))
    return Done({"sha": sha}, f"merged as {sha[:12]}")


def _gate_of(work: Work) -> Step:
    """The gate whose approvals the merge rests on: the last one before it that binds to the change."""
    every = work.workflow.every_step
    gates = [step for step in every if isinstance(step.action, Gate) and step.action.binds == "change"]
    if not gates:
        raise MergeRefused("The workflow has no gate that binds to the change, so nothing may be merged.")
    return gates[-1]
