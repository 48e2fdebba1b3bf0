"""Parts of a run: child runs, each begun by the parent's lease holder, with its own clone, on any worker.

Deterministic keys make a part once, however often its parent's worker dies. What a part's end means to its parent, and
a parent's end to its parts, is written in the transaction of that end.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import Store, events, line, parts, runs, signals, steps
from adapters.store.runs import Inserted
from core.digests import digest
from core.names import Plain, RunId
from core.runs import NewRun, NewSignal, Part, Run, SignalKind
from core.states import TERMINAL
from core.workflow import Workflow
from jobs.bells import ring
from jobs.services import Services


def new_part(
    run_id: RunId,
    parent: Run,
    part: Part,
    at: datetime,
    *,
    workflow: str | None = None,
    text: str | None = None,
    inputs: dict[str, Plain] | None = None,
) -> NewRun:
    """The run that does this part of the parent's work, at its base and for its requester.

    Without `text` it does steps of the parent's own workflow; a part that is `whole` brings another workflow.
    """
    again = f":{part.attempt}" if part.attempt else ""
    return NewRun(
        id=run_id,
        workflow=workflow or parent.workflow,
        workflow_text=text if text is not None else parent.workflow_text,
        workflow_digest=digest("workflow", text) if text is not None else parent.workflow_digest,
        repo=parent.repo,
        subject=parent.subject,
        base_ref=parent.base_ref,
        base_sha=parent.base_sha,
        base_pinned=True,
        trigger_key=f"run:{parent.id}:part:{part.step}:{part.index}{again}",
        requester=parent.requester,
        source=f"part of run {parent.id}",
        snapshot=parent.snapshot,
        inputs=parent.inputs if inputs is None else inputs,
        parent_id=parent.id,
        part=part,
        created_at=at,
    )


def alike(run: Run) -> int:
    """How many runs of the whole that people asked for may be at the place of this one, itself included."""
    return run.part.alike if run.part is not None else 1


async def begin(db: AsyncConnection, new: Sequence[NewRun]) -> list[RunId]:
    """Queue these parts, in the transaction of whoever holds their parent; the ids of those that were not there before.

    Ring for them once it is committed (`ring_for`); a bell that is lost is rung again by the clock.
    """
    begun = []
    for run in new:
        if await runs.insert(db, run) is not Inserted.started or run.part is None or run.parent_id is None:
            continue
        facts = {"workflow": run.workflow, "source": run.source, **run.part.model_dump(mode="json")}
        await events.append(db, run.id, name="run.queued", actor=run.requester, facts=facts, at=run.created_at)
        told = {"step": run.part.step, "index": run.part.index, "attempt": run.part.attempt, "run": run.id}
        await events.append(db, run.parent_id, name="part.begun", actor="pullwright", facts=told, at=run.created_at)
        begun.append(run.id)
    return begun


async def ring_for(services: Services, run_ids: Sequence[RunId]) -> None:
    for run_id in run_ids:
        await ring(services, run_id)


async def beside(store: Store, run: Run) -> list[RunId]:
    """The runs that the end of this one is told to: its parent, its parts that are not over, and those in line."""
    async with store.read() as db:
        below = await parts.unfinished(db, run.id)
        waiting = [one.id for one in await line.behind(db, run.id)]
    return [*([run.parent_id] if run.parent_id is not None else []), *below, *waiting]


async def tell_of_the_end(db: AsyncConnection, run: Run, at: datetime) -> list[RunId]:
    """Signal the end of the run to its parent, and call off its parts, in the transaction of that end.

    The ids of those to ring for. The rows of `beside` are to be held before.
    """
    told = []
    if run.parent_id is not None:
        ended = NewSignal(
            key=f"part:{run.id}", run_id=run.parent_id, kind=SignalKind.part_ended, actor="pullwright", at=at
        )
        parent = await runs.require(db, run.parent_id)
        if parent.state not in TERMINAL and await signals.insert(db, ended):
            told.append(run.parent_id)
    for part_id in await parts.unfinished(db, run.id):
        off = NewSignal(
            key=f"run:{run.id}:ended:{part_id}",
            run_id=part_id,
            kind=SignalKind.cancel,
            actor="pullwright",
            text=f"run {run.id}, which it is a part of, has ended",
            at=at,
        )
        if await signals.insert(db, off):
            told.append(part_id)
    return told


async def beginning(store: Store, run: Run, workflow: Workflow) -> tuple[Workflow, dict[str, Any]]:
    """The workflow of the run as it does it, and what was handed over before it began, by step id.

    A part does the steps within its parent's step, after those that its parent did, which may be a part itself.
    """
    if run.part is None or run.part.whole or run.parent_id is None:
        return workflow, {}
    async with store.read() as db:
        memos = await steps.but_of_items(db, run.parent_id)
        parent = await runs.require(db, run.parent_id)
    theirs, before = await beginning(store, parent, workflow)
    mine = theirs.part(run.part.step)
    known = {step.id for step in mine.every_step}
    done = {memo.key: memo.output for memo in memos if memo.state == "done" and memo.key in known}
    return mine, {**before, **done}
