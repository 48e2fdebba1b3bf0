"""Records: a run as the store holds it, gathered into one value."""

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.artifacts import ArtifactStore
from adapters.store import approvals, artifacts, costs, effects, events, runs, signals, steps
from core.names import Digest, RunId
from core.records import Record, Stored
from core.runs import Step


async def record_of(db: AsyncConnection, kept: ArtifactStore, run_id: RunId) -> Record:
    """The record of the run, as of the moment that `db` sees.

    Raises ArtifactMissing where a large output is not in the artifact store any more.
    """
    return Record(
        run=await runs.require(db, run_id),
        steps=await _whole(await steps.all_(db, run_id), kept),
        signals=tuple(await signals.of_run(db, run_id)),
        effects=tuple(await effects.of_run(db, run_id)),
        approvals=tuple(await approvals.of_run(db, run_id)),
        costs=tuple(await costs.calls(db, run_id)),
        journal=tuple(await events.of_run(db, run_id)),
        artifacts=tuple(
            Stored(name=found.name, digest=found.digest, size=found.size)
            for found in await artifacts.of_run(db, run_id)
        ),
    )


async def _whole(memos: Sequence[Step], kept: ArtifactStore) -> tuple[Step, ...]:
    """The steps with their large outputs in place. Only memos within a step are ever stored apart (`jobs.memo`)."""
    whole = []
    for memo in memos:
        if "/" in memo.key and isinstance(memo.output, dict) and set(memo.output) == {"artifact"}:
            output = json.loads(await kept.get(Digest(memo.output["artifact"])))
            whole.append(memo.model_copy(update={"output": output}))
        else:
            whole.append(memo)
    return tuple(whole)
