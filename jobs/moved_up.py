"""A run that stood in line begins: what was looked up when it was ordered is looked up again.

It may have stood there for days. So its requester must be allowed to start it now, and it begins at the default branch
as that is now, unless it is about one certain commit. What stays is the workflow's text and the words of the thread.
"""

from adapters.store import events, runs, signals
from core.errors import RequesterRefused
from core.runs import NewSignal
from jobs.policy import head_of_default
from jobs.work import Work
from policies.evaluate import may_start


async def look_again(work: Work, signal: NewSignal) -> None:
    """Let the run begin as of now: role, base and the signal that told of it are written in one transaction.

    Raises RequesterRefused where whoever it is for may not start it any more. Until all is known nothing is written:
    where GitHub does not answer, the next lease holder looks again.
    """
    run = work.run
    facts: dict[str, object] = {}
    if run.requester != (await work.app()).login:  # what starts by itself is in nobody's name but ours
        role = await work.role(run.requester)
        verdict = may_start((await work.policy()).policy, role=role, actor=run.requester, workflow=run.workflow)
        if not verdict.approved:
            why = verdict.why.rstrip(".")
            raise RequesterRefused(f"Run {run.id} stood in line, and may not begin any more: {why}.")
        facts["role"] = role
    if not run.base_pinned:
        repository = await work.github.repository()
        ref, sha = repository.default_branch, await head_of_default(work.github, repository)
        run = run.model_copy(update={"base_ref": ref, "base_sha": sha})
    facts["base"] = f"{run.base_ref}@{run.base_sha}"
    async with work.lease.write() as db:
        await runs.set_base(db, run.id, work.epoch, run.base_ref, run.base_sha)
        await signals.applied(db, run.id, work.epoch, signal.key, "looked again")
        now = work.services.clock.now()
        await events.append(db, run.id, name="run.looked_again", actor="pullwright", facts=facts, at=now)
    work.run = run
