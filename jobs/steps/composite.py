"""Composite: the steps of a composite step, each done and written down like any other step of the run.

Within them expressions see the inputs and the composite's own steps, and nothing of the workflow around it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from core.digests import digest
from core.expressions import expand
from core.names import Plain
from core.workflow import Composite, Step, Workflow, name_of
from core.workflow.inputs import taken
from handlers.replies.words import plural
from jobs import handed
from jobs.memo import remembered
from jobs.outcomes import Done
from jobs.work import Scope, Work


async def perform(
    step: Step, composite: Composite, work: Work, one: Callable[[Work, Step], Awaitable[bool]]
) -> Done | None:
    """Done with its outputs; None where one of its steps waits or ended the run."""
    inputs = await given(work, step, composite.name, composite, step.given)
    around = work.scope, work.mending
    work.scope, work.mending = Scope(f"{step.id}.", inputs), None
    try:
        for within in composite.steps:
            if within.id not in work.outputs and not await one(work, within):
                return None
        values = await handed.values(work)
        outputs = {name_of(name): expand(said, values) for name, said in composite.outputs.items()}
    finally:
        work.scope, work.mending = around
    return Done({"outputs": outputs}, f"{plural(len(composite.steps), 'step')} done")


async def given(
    work: Work, step: Step, whose: str, said: Composite | Workflow, values: Mapping[str, Any]
) -> dict[str, Plain]:
    """What a composite or a sub-workflow is given, as it was when the step began. Raises InputUnfit."""

    async def find() -> dict[str, Plain]:
        known = await handed.values(work)
        return taken(whose, said.inputs, {name: expand(value, known) for name, value in values.items()})

    found: dict[str, Plain] = await remembered(work, f"{step.id}/with", digest("with", step.id), find)
    return found
