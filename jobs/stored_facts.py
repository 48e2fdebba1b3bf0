"""What the store tells a handler: the runs of a subject, and what is asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import Store, boards, costs, decisions, deliveries, effects, holds, runs, steps
from core.decisions import Decision, PassedBy
from core.facts import FactQuery, Spent
from core.holds import Hold
from core.names import Repo
from core.runs import Effect, EffectState, Run, Step
from core.states import TERMINAL
from policies.pace import HOUR

RECENT = 20
"""Runs of a subject that a handler may look at: as many as a policy may allow in an hour."""

PASSED_BY = 3
"""Events without a consequence that are told of."""

_UNDOABLE = frozenset({"label", "comment", "merge", "enqueue"})


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """Those of the `Facts` that the store knows, under their names there."""

    runs: Sequence[Run]
    steps: Mapping[str, Sequence[Step]]
    hold: Hold | None
    board: int | None
    decisions: Sequence[Decision]
    passed_by: Sequence[PassedBy]
    spent: Spent | None
    usual_usd: Mapping[str, Decimal]
    done: Sequence[Effect]


async def stored_facts(store: Store, repo: Repo, query: FactQuery, told_at: datetime) -> StoredFacts:
    """What the query asks for, all of it as of one moment."""
    async with store.read() as db:
        found = await _runs(db, repo, query, told_at)
        subjects = {query.number or 0, *(run.subject.number for run in found)}
        numbers = sorted(subjects | {run.pull_number or 0 for run in found})
        return StoredFacts(
            runs=found,
            steps={} if query.whole else await _steps(db, found),
            hold=await holds.on(db, repo, *sorted(subjects)),
            board=await boards.number_of(db, repo.id) if query.board else None,
            decisions=await decisions.of(db, repo.id, numbers) if query.decisions else (),
            passed_by=await deliveries.passed_by(db, repo.id, numbers, PASSED_BY) if query.decisions else (),
            spent=await _spent(db, repo, found) if query.spending else None,
            usual_usd=await costs.usual(db, repo.id) if query.usual else {},
            done=await _done(db, found) if query.done else (),
        )


async def _runs(db: AsyncConnection, repo: Repo, query: FactQuery, told_at: datetime) -> list[Run]:
    """The run that is asked for by its id, where this repository has it, else those of the subject, newest first:
    all that are not over, however many are in line, and the newest that are.
    """
    named = await runs.get(db, query.run) if query.run is not None else None
    if named is not None and named.repo.id == repo.id:
        return [named]
    if query.whole:
        found = await runs.about_the_whole(db, repo.id, told_at - HOUR, RECENT)
    else:
        found = await runs.of_subject(db, repo.id, query.number) if query.number is not None else []
    over = [run.id for run in found if run.state in TERMINAL][:RECENT]
    return [run for run in found if run.state not in TERMINAL or run.id in over]


async def _steps(db: AsyncConnection, found: Sequence[Run]) -> Mapping[str, Sequence[Step]]:
    """The steps of the newest run that is not in line behind another one."""
    newest = next((run for run in found if run.behind_id is None), None)
    return {newest.id: await steps.all_(db, newest.id)} if newest is not None else {}


async def _spent(db: AsyncConnection, repo: Repo, found: Sequence[Run]) -> Spent | None:
    """What the run at work here cost, or the newest; None where there never was one."""
    if not found:
        return None
    ours = next((run for run in found if run.state not in TERMINAL and run.behind_id is None), found[0])
    run, here = await costs.of_run(db, ours.id), await costs.of_issue(db, repo.id, ours.subject.number)
    return Spent(
        run_usd=run.cost_usd or Decimal(0), here_usd=here.cost_usd or Decimal(0), unpriced=here.unpriced_calls > 0
    )


async def _done(db: AsyncConnection, found: Sequence[Run]) -> Sequence[Effect]:
    """The effects of these runs that can be taken back, newest first."""
    of_all = [effect for run in reversed(found) for effect in await effects.of_run(db, run.id)]
    return [one for one in reversed(of_all) if one.state is EffectState.done and one.act.kind in _UNDOABLE]
