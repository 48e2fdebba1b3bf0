"""Failed run: how a run of ours that failed went, from its own record, as text for an agent.

It is that run's words and those of everybody it listened to: without secrets, and to be read as coming from outside.
"""

import json
from typing import Any

from adapters.store import runs
from core.digests import digest
from core.effects import PostComment
from core.names import RunId
from core.records import Record, redacted
from core.runs import Event, Run
from core.states import RunState, Trigger
from core.workflow import Step
from handlers import replies
from jobs import handed
from jobs.memo import remembered
from jobs.outcomes import Done, End, Outcome
from jobs.records import record_of
from jobs.work import Work

ENTRIES = 60
"""Of the journal, the newest."""
ENTRY_CHARACTERS = 240
MEMOS = 8
"""Of what the step that failed asked and was answered, the newest."""
MEMO_CHARACTERS = 1_200
LAST_WORDS_CHARACTERS = 4_000


async def perform(step: Step, work: Work) -> Outcome:
    """Done with the run's id, workflow, code, reason and account; the end of this run where none has failed."""
    wanted = str(handed.given(work).get("run", "")).strip()
    found = await remembered(work, f"{step.id}/found", digest("failed-run", wanted), lambda: _look(work, wanted))
    if not found:
        said = replies.nothing_failed(wanted)
        await work.say("nothing-failed", said)
        return End(Trigger.finish, said, code="nothing-failed")
    return Done(found, f"run {found['run']}: {found['code'] or 'failed'}")


async def _look(work: Work, wanted: str) -> dict[str, Any]:
    async with work.services.store.read() as db:
        run = await _run(work, wanted)
        record = await record_of(db, work.services.artifacts, run.id) if run is not None else None
    if run is None or record is None:
        return {}
    bare = redacted(record, work.services.redactor)
    return {
        "run": run.id,
        "workflow": run.workflow,
        "code": run.ended_code or "",
        "why": bare.run.ended_why or "",
        "account": account(bare),
    }


async def _run(work: Work, wanted: str) -> Run | None:
    """The failed run of this repository with this id; without one, the newest about this subject."""
    async with work.services.store.read() as db:
        if wanted:
            one = await runs.get(db, RunId(wanted))
            found = [one] if one is not None and one.repo.id == work.run.repo.id else []
        else:
            found = await runs.of_subject(db, work.run.repo.id, work.number)
    return next((run for run in found if run.state is RunState.failed), None)


def account(record: Record) -> str:
    """The end of the run's record as text: its journal, what was said last, and what the step that failed did."""
    run = record.run
    failing = next((memo.key for memo in reversed(record.steps) if memo.state != "done" and "/" not in memo.key), None)
    within = [memo for memo in record.steps if failing is not None and memo.key.startswith(f"{failing}/")]
    said = [effect.act.body for effect in record.effects if isinstance(effect.act, PostComment)]
    begun = f"Run {run.id} of the workflow {run.workflow} on {run.subject}, begun at {run.base_ref}@{run.base_sha}"
    parts = [
        f"{begun}, failed with `{run.ended_code}`: {run.ended_why}",
        f"It failed in the step {failing}." if failing is not None else "",
        "Its journal, the newest entries:",
        *(_entry(event) for event in record.journal[-ENTRIES:]),
        "What it said last:" if said else "",
        *(_cut(body, LAST_WORDS_CHARACTERS) for body in said[-1:]),
        f"What was recorded within {failing}, the newest:" if within else "",
        *(f"{memo.key}: {_cut(json.dumps(memo.output), MEMO_CHARACTERS)}" for memo in within[-MEMOS:]),
    ]
    return "\n".join(part for part in parts if part)


def _entry(event: Event) -> str:
    return _cut(
        f"{event.seq} {event.at:%H:%M:%S} {event.name} {json.dumps(event.facts, default=str)}", ENTRY_CHARACTERS
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
