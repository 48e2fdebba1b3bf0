"""Sub: another workflow as a step. A run of its own does it, silently, from this run's tree; its tree is ours after it.

Its text stands in ours, so that it is the one that this run began with. A new attempt at the step is a new run.
"""

from dataclasses import replace
from typing import Any

from adapters.store import parts, runs, steps
from adapters.store.parts import PartRun
from core import faults
from core.digests import canonical
from core.errors import SubFailed
from core.expressions import expand
from core.fanout import MOST_BYTES
from core.runs import Part, Waiting
from core.states import TERMINAL, RunState, WaitingFor
from core.workflow import Step, Sub, Workflow, name_of, parse
from jobs import handed, status
from jobs.heard import hear
from jobs.kept import take_in
from jobs.outcomes import Done, Outcome, Park
from jobs.parts import alike, begin, new_part, ring_for
from jobs.steps.composite import given
from jobs.work import Work


async def perform(step: Step, sub: Sub, work: Work) -> Outcome:
    """Done with the sub-workflow's outputs, once its run is. Raises SubFailed where that ended in any other way."""
    workflow = parse(sub.text or "", f"{sub.name}.yml")
    if end := await hear(work, None, {}, about="run"):
        return end
    part = await _begun(step, sub, workflow, work)
    if part.state not in TERMINAL:
        waiting = Waiting(what=WaitingFor.parts, why=f"`{step.id}`: run {part.id} does `{sub.name}`.")
        await status.show(work, current=step.id, waiting=waiting)
        return Park(waiting)
    if part.state is not RunState.succeeded:
        why = (part.ended_why or part.state).rstrip(".")
        raise SubFailed(f"`{sub.name}` failed: {why}.", evidence=f"run {part.id}: {part.ended_code or part.state}")
    return await _came_back(step, workflow, work, part)


async def _begun(step: Step, sub: Sub, workflow: Workflow, work: Work) -> PartRun:
    """The run of this attempt at the step, begun where there is none yet."""
    attempt = len(work.failures.get(step.id, ()))
    inputs = await given(work, step, sub.name, workflow, sub.given)
    new = new_part(
        work.services.ids.run(),
        work.run,
        Part(step=step.id, attempt=attempt, whole=True, tree=work.tree(), alike=alike(work.run)),
        work.services.clock.now(),
        workflow=sub.name,
        text=sub.text,
        inputs=inputs,
    )
    async with work.lease.write() as db:
        known = [one for one in await parts.of_step(db, work.run.id, step.id) if one.part.attempt == attempt]
        begun = [] if known else await begin(db, [new])
        (found,) = known or [
            one for one in await parts.of_step(db, work.run.id, step.id) if one.part.attempt == attempt
        ]
    faults.point("sub.before_bell")
    await ring_for(work.services, begun)
    return found


async def _came_back(step: Step, workflow: Workflow, work: Work, part: PartRun) -> Done:
    """What the run hands over, with its tree in our workspace."""
    async with work.services.store.read() as db:
        run, memos = await runs.require(db, part.id), await steps.all_(db, part.id)
    done = {memo.key: memo.output for memo in memos if memo.state == "done" and "/" not in memo.key}
    seen = replace(work, run=run, workflow=workflow, outputs=done, failures={}, mending=None, scope=None)
    values = await handed.values(seen)
    output: dict[str, Any] = {
        "run": part.id,
        "outputs": {name_of(name): expand(said, values) for name, said in workflow.outputs.items()},
    }
    size = len(canonical(output))
    if size > MOST_BYTES:
        raise SubFailed(f"What `{workflow.name}` hands over has {size:,} bytes as JSON, of {MOST_BYTES:,} allowed.")
    tree = seen.tree()
    if tree != part.part.tree:
        bench = await work.bench()
        if not await bench.workspace.has(tree):
            await take_in(work.services, bench.workspace, part.id)
        await work.keep_workspace(tree)
        output["tree"] = tree
    return Done(output, f"run {part.id} is done")
