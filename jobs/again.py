"""Failed items of a list once more, after their run went on without them, or is over: a new run does them.

It is the same pinned workflow, for the same requester, at the same base. What stands before the list is not done again:
the new run has it from the old one. It goes through the failed items alone, each at its old place in the list, and then
does what comes after the list with them. A later list leaves out what the old run went through in it: what was done
stays done, and what failed there has a dead letter of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import carried, events, parts, runs, steps
from adapters.store.runs import Inserted
from core.digests import digest
from core.names import RunId
from core.runs import NewRun, Part, Run
from core.runs import Step as Memo
from core.states import TERMINAL
from core.workflow import parse
from jobs import lines
from jobs.kept import KEPT
from jobs.steps.foreach import BESIDES, ONLY
from jobs.work import UNDONE

CARRIED = "run.carried"
"""The entry of the journal that tells which steps a run has from another one."""


async def begin_again(db: AsyncConnection, run_id: RunId, origin: Run, failed: Sequence[Part], at: datetime) -> str:
    """Queue `run_id` for these items of one list of `origin`: empty, or in words why that cannot be.

    In line where another run has the subject. Everything is written in the caller's transaction, in which the items are
    marked as retried: no item is done again twice.
    """
    workflow, step = parse(origin.workflow_text, f"{origin.workflow}.yml"), failed[0].step
    number = next(place for place, one in enumerate(workflow.steps) if one.id == step)
    before = list(workflow.model_copy(update={"steps": workflow.steps[:number]}).every_step)
    memos = {memo.key: memo for memo in await steps.but_of_items(db, origin.id) if memo.state == "done"}
    if any(one.ship is not None and _stands(memos.get(one.id)) for one in before):
        return f"Run {origin.id} had shipped before that list, and its pull request is not taken over."
    new = NewRun(
        **{name: getattr(origin, name) for name in NewRun.model_fields if name not in _ITS_OWN},
        id=run_id,
        trigger_key=f"run:{origin.id}:again:{step}:{failed[0].index}:{failed[0].attempt}",
        source=f"dead letters of run {origin.id}",
        retry_of=origin.id,
        base_pinned=True,  # what was done before the list was done there
        created_at=at,
    )
    inserted = await runs.insert(db, new)
    if inserted is Inserted.busy:
        joined = await lines.join(db, new, "queue", set())
        if isinstance(joined, str):
            return f"There is {joined}."
        new = joined
    places = sorted(part.index for part in failed)
    known = {one.id for one in before}
    carry = [memo for key, memo in memos.items() if key == f"{step}/items" or _is_of(key, known)]
    told: dict[str, Any] = {f"{step}/{ONLY}": places}
    for later in workflow.steps[number + 1 :]:
        if later.foreach is not None:
            gone_through = [one for one in await parts.of_step(db, origin.id, later.id) if one.state in TERMINAL]
            told[f"{later.id}/{BESIDES}"] = sorted({digest("item", one.part.item) for one in gone_through})
    await carried.carry(db, run_id, carry, told, at)
    await carried.carry_artifacts(db, origin.id, run_id, KEPT)
    queued = {"workflow": new.workflow, "source": new.source, "retry_of": origin.id, "behind": new.behind_id}
    await events.append(db, run_id, name="run.queued", actor=new.requester, facts=queued, at=at)
    facts = {"from": origin.id, "steps": [one.id for one in before if one.id in memos], "list": step, "items": places}
    await events.append(db, run_id, name=CARRIED, actor="operator", facts=facts, at=at)
    return ""


_ITS_OWN = frozenset(
    {"id", "trigger_key", "source", "retry_of", "base_pinned", "parent_id", "part", "behind_id", "created_at"}
)
"""What the new run does not have from the old one."""


def _is_of(key: str, known: set[str]) -> bool:
    """Whether it is what one of these steps came to, or a failed attempt at one: what expressions may name."""
    step, _, below = key.partition("/")
    return step in known and (not below or below.startswith("failed:"))


def _stands(memo: Memo | None) -> bool:
    return memo is not None and not (isinstance(memo.output, dict) and memo.output.keys() & UNDONE)
