"""Merge: only what policy and people approved, content for content, checked again at the last moment."""

from core.effects import MergePull
from core.errors import MergeRefused
from core.github import MergeMethod
from core.names import Sha
from core.states import Trigger
from core.workflow import Gate, Merge, Step
from handlers import replies
from jobs import checks, handed
from jobs.outcomes import Done, End, Outcome, Park
from jobs.steps.gate import change_decision
from jobs.steps.ship import Shipped, judge
from jobs.work import Work
from policies.evaluate import may_merge


async def perform(step: Step, merge: Merge, work: Work) -> Outcome:
    policy = await work.policy()
    shipped = Shipped.of(work, "pull request to merge")
    found = await work.github.pull(shipped.number)
    if found.merged_by_us and found.head_sha == shipped.head:
        # An earlier attempt merged it; its receipt is looked up below.
        return await _merge(work, merge, shipped)
    decided = await change_decision(work, shipped, policy, _gate_of(work), asks=step.id)
    if isinstance(decided, End | Park):
        return decided
    bench = await work.bench()
    verdict = may_merge(
        policy.policy,
        change=decided,
        content=await judge(work, bench, policy.policy, shipped.tree, shipped.paths),
        tests_green=_tested(work, shipped),
        head_is_approved=found.head_sha == shipped.head,
    )
    if not verdict.approved:
        raise MergeRefused(verdict.why)
    return await _merge(work, merge, shipped)


def _tested(work: Work, shipped: Shipped) -> bool:
    """Whether exactly what was shipped was green."""
    tests = handed.checked(work)
    return tests is not None and tests["tree"] == shipped.tree


async def _merge(work: Work, merge: Merge, shipped: Shipped) -> Outcome:
    title = f"{shipped.message.splitlines()[0]} (#{shipped.number})"
    message = shipped.message.split("\n", 1)[1].strip() if "\n" in shipped.message else ""
    receipt = await work.do(
        "merge",
        MergePull(
            number=shipped.number, sha=shipped.head, method=MergeMethod(merge.method), title=title, message=message
        ),
    )
    if not receipt["ours"]:
        return End(Trigger.finish, f"#{shipped.number} was merged by a person", code="merged-by-person")
    sha = Sha(receipt["sha"])
    await _is_what_was_approved(work, shipped, sha)
    await work.say("merged", replies.merged(shipped.number, sha, work.run.base_ref))
    return Done({"sha": sha}, f"merged as {sha[:12]}")


async def _is_what_was_approved(work: Work, shipped: Shipped, merged: Sha) -> None:
    """Raises MergeRefused, after a red check, where the merge brought other blobs than were approved."""
    bench = await work.bench()
    await bench.fetch(merged)
    different = {path.path for path in await bench.workspace.changed_paths(shipped.head, merged)}
    wrong = sorted(different & {path.path for path in shipped.paths})
    if wrong:
        why = f"The merge {merged[:12]} holds other content than was approved in {', '.join(wrong[:5])}."
        await checks.put_approval(work, shipped.head, None, None, why)
        raise MergeRefused(why)


def _gate_of(work: Work) -> str:
    """The gate whose approvals the merge rests on: the last one before it that binds to the change."""
    every = work.workflow.every_step
    gates = [step.id for step in every if isinstance(step.action, Gate) and step.action.binds == "change"]
    if not gates:
        raise MergeRefused("The workflow has no gate that binds to the change, so nothing may be merged.")
    return gates[-1]
