"""The status comment of a run: what it shows is gathered from the store, and it is edited in place."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import costs, events, steps
from core.effects import KeepComment
from core.errors import BotError, DocumentInvalid, LeaseLost
from core.markers import marked
from core.runs import Run, Step, Waiting
from core.states import RunState, Trigger, target
from core.workflow import parse
from core.workflow.rounds import unrolled
from handlers import replies
from handlers.replies import RunView, StepView
from handlers.replies.progress import StepState
from jobs.effects.comments import fitting
from jobs.work import UNDONE, Work

COMMENT = "status"
"""The name of the effect that wrote the status comment."""

log = structlog.get_logger()


async def show(work: Work, *, current: str, waiting: Waiting | None = None) -> None:
    """Bring the run's status comment up to date; a part of another run has none, and asks for nothing."""
    if work.silent:
        return
    limit = float(await work.limit_usd())
    async with work.services.store.read() as db:
        memos = await steps.but_of_items(db, work.run.id)
        view = await view_of(db, work.run, memos, limit_usd=limit, current=current, waiting=waiting)
    await _keep_comment(work, replies.status_comment(view))


async def _keep_comment(work: Work, body: str) -> None:
    """The run's one status comment, written once and edited in place. Cosmetic: it never fails a run.

    Edits are not effects: the next one makes up for a lost one, and they would fill the outbox.
    """
    if body == work.shown or work.thread is None:
        return
    receipt = await work.do(COMMENT, KeepComment(number=work.thread, body=body))
    written = work.shown is None and not work.resumed
    work.shown = body
    comment_id = receipt.get("comment_id")
    if comment_id is None or written:
        return
    if not work.lease.stands():
        raise LeaseLost  # an older state would stand there for ever, over what another worker has shown since
    try:
        shown = fitting(work.services.redactor.text(body))
        await work.github.edit_comment(comment_id, marked(shown, work.key(COMMENT)))
    except BotError as error:
        log.warning("status.failed", code=error.code, why=str(error))


async def view_of(
    db: AsyncConnection,
    run: Run,
    memos: Sequence[Step],
    *,
    limit_usd: float,
    current: str | None = None,
    waiting: Waiting | None = None,
    ended: Trigger | None = None,
    why: str = "",
) -> RunView:
    """The run as it stands: with `waiting` the current step waits, with `ended` the run is over."""
    totals = await costs.of_run(db, run.id)
    journal = await events.of_run(db, run.id)
    notes = {str(e.facts["step"]): str(e.facts["why"]) for e in journal if e.name == "step.finished"}
    state = target(ended) if ended else RunState.waiting if waiting else RunState.running
    if current is None:
        current = next((memo.key for memo in memos if memo.state == "started"), None)
    return RunView(
        run=run.id,
        workflow=run.workflow,
        state=state,
        steps=_steps(_named_steps(run, memos), {m.key: m for m in memos}, notes, current, state),
        cost_usd=totals.cost_usd or Decimal(0),
        unpriced=totals.unpriced_calls > 0,
        limit_usd=limit_usd,
        why=why or (waiting.why if waiting else ""),
        pull_number=run.pull_number,
    )


def _steps(
    shown: Sequence[tuple[str, str]],
    memos: Mapping[str, Step],
    notes: Mapping[str, str],
    current: str | None,
    state: RunState,
) -> list[StepView]:
    views = []
    for step_id, name in shown:
        memo = memos.get(step_id)
        if memo is not None and memo.state == "done":
            undone = UNDONE & memo.output.keys() if isinstance(memo.output, dict) else set()
            came_to: StepState = "skipped" if "skipped" in undone else "failed" if "failed" in undone else "done"
            views.append(StepView(name, came_to, notes.get(step_id, "")))
        elif step_id != (current or "").partition(".")[0]:
            views.append(StepView(name, "todo"))
        elif state is RunState.running:
            views.append(StepView(name, "doing"))
        elif state is RunState.waiting:
            views.append(StepView(name, "waiting"))
        else:
            views.append(StepView(name, "done" if state is RunState.succeeded else "failed"))
    return views


def _named_steps(run: Run, memos: Sequence[Step]) -> Sequence[tuple[str, str]]:
    """The steps of the workflow, by id and by what people are shown; where this version of ours cannot read its text
    any more, those that were begun.

    A run must be able to end, and to say so, whatever its text has become to us.
    """
    try:
        done = {memo.key: memo.output for memo in memos if memo.state == "done"}
        found = unrolled(parse(run.workflow_text, run.workflow).steps, done)
        return [(step.id, step.name or step.id) for step in found]
    except DocumentInvalid:
        return [(memo.key, memo.key) for memo in memos if "/" not in memo.key]
