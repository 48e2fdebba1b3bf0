"""What a run has from the first: the steps that another one did for it, and what that one kept of its tree.

Written in the transaction that queues the run, before anybody can hold it: so it needs no lease, and a worker that
takes the run up finds these steps done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import artifacts, contents
from adapters.store.statements import insert as insert_into
from adapters.store.tables import StepState
from adapters.store.tables import steps as table
from core.digests import digest
from core.names import Digest, RunId
from core.runs import Step


async def carry(
    db: AsyncConnection, run_id: RunId, memos: Sequence[Step], more: Mapping[str, Any], at: datetime
) -> None:
    """Let the run have these memos of another one, which are done, and beside them `more`, by key.

    `more` is recalled for `memo_digest` of its key.
    """
    told = [Step(key=key, input_hash=memo_digest(key), state="done", output=value) for key, value in more.items()]
    rows = [
        {
            "run_id": run_id,
            "key": memo.key,
            "ordinal": number,
            "input_hash": memo.input_hash,
            "state": StepState.done,
            "output": memo.output,
            "started_at": at,
            "ended_at": at,
        }
        for number, memo in enumerate((*memos, *told), start=1)
    ]
    if rows:
        await db.execute(insert_into(db, table), rows)
    for memo in memos:
        await contents.note(db, run_id, contents.named_in(memo.output))


async def carry_artifacts(db: AsyncConnection, origin: RunId, run_id: RunId, beginning: str) -> None:
    """Let `run_id` have the artifacts of `origin` whose names begin so."""
    for one in await artifacts.of_run(db, origin):
        if one.name.startswith(beginning):
            await artifacts.record(db, run_id, one.name, one.digest, one.size, one.media_type, one.at)


def memo_digest(key: str) -> Digest:
    """The input hash of what is told to a run about its list, under this key."""
    return digest("carried", key)
