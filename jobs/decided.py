"""Keep what was decided about a run, for whoever asks why: `/why` and `pullwright policy explain`."""

from adapters.store import decisions
from core.decisions import About, Decision
from jobs.work import Work
from policies.render import as_json
from policies.result import Result


async def decided(work: Work, result: Result) -> None:
    """The last decision about the run's subject is this one. A later look writes the next over it: nothing reads it
    for control, so that a crash in between loses one telling and no more.
    """
    if work.thread is None:
        return
    now = work.services.clock.now()
    told = Decision(number=work.thread, about=About.run, at=now, tree=as_json(result))
    async with work.lease.write() as db:
        await decisions.keep(db, work.run.repo.id, told)
