"""Wishes: what a handler wants becomes rows, in the transaction in which its delivery is routed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import effects, events, holds, runs, shut, signals
from adapters.store.runs import Inserted
from core.digests import digest
from core.effects import PostComment
from core.facts import Facts
from core.intents import Ignore, Intent, Shut, Signal, StartRun
from core.names import Repo, RunId, SubjectKind
from core.runs import NewEffect, NewRun, NewSignal
from handlers import replies
from jobs import lines, unbound
from jobs.services import Services


async def written(
    services: Services, db: AsyncConnection, repo: Repo, facts: Facts | None, intent: Intent, woken: set[RunId]
) -> str:
    now = services.clock.now()
    match intent:
        case Ignore(why):
            return f"ignored: {why}"
        case StartRun():
            assert facts is not None  # noqa: S101  # only a handler that was given facts plans anything
            return await _start(services, db, repo, facts, intent, woken)
        case Signal():
            new = NewSignal(
                key=intent.key,
                run_id=intent.run_id,
                kind=intent.kind,
                actor=intent.actor,
                digest=intent.digest,
                text=intent.text,
                comment_id=intent.comment_id,
                review_id=intent.review_id,
                edit_id=intent.edit_id,
                vouches_for=intent.vouches_for,
                at=now,
            )
            if not await signals.insert(db, new):
                return f"signal {intent.kind} known already"
            woken.add(intent.run_id)
            await events.append(
                db,
                intent.run_id,
                name=f"signal.{intent.kind}",
                actor=intent.actor,
                facts={"text": intent.text, "digest": intent.digest},
                at=now,
            )
            return f"signal {intent.kind} to run {intent.run_id}"
        case Shut(why):
            return await _shut(db, repo, why, now)
        case _:
            return await unbound.write(db, repo, intent, woken, now)


async def _shut(db: AsyncConnection, repo: Repo, why: str | None, now: datetime) -> str:
    if why is None:
        await shut.reopen(db, shut.What.repository, repo.id)
        return "the repository is open"
    await shut.close(db, shut.What.repository, repo.id, why, now)
    return f"the repository is shut: {why}"


async def _start(
    services: Services, db: AsyncConnection, repo: Repo, facts: Facts, intent: StartRun, woken: set[RunId]
) -> str:
    """Insert the run with everything that is pinned for its life."""
    assert facts.policy is not None  # noqa: S101  # whoever starts a run asked for the policy
    assert facts.workflows is not None  # noqa: S101
    entry = facts.workflows.get(intent.workflow)
    assert entry is not None  # noqa: S101  # a handler starts what it was told of
    now = services.clock.now()
    base_ref, base_sha = intent.base or (facts.repository.default_branch, facts.policy.sha)
    run = NewRun(
        id=services.ids.run(),
        workflow=intent.workflow,
        workflow_text=entry.text,
        workflow_digest=digest("workflow", entry.text),
        repo=repo,
        subject=intent.subject,
        base_ref=base_ref,
        base_sha=base_sha,
        base_pinned=intent.base is not None,
        trigger_key=intent.key,
        requester=intent.requester,
        source=intent.source,
        source_comment_id=intent.source_comment_id,
        snapshot=intent.snapshot,
        inputs=intent.inputs,
        retry_of=intent.retry_of,
        created_at=now,
    )
    inserted = await runs.insert(db, run)
    if inserted is Inserted.duplicate:
        return f"no new run: {inserted.value}"
    if inserted is Inserted.busy:
        assert entry.workflow is not None  # noqa: S101  # a broken file starts nothing
        gives_way = intent.retry_of if intent.supersedes else None
        joined = await lines.join(db, run, entry.workflow.concurrency, woken, gives_way=gives_way)
        if isinstance(joined, str):
            return joined
        run = joined
    await events.append(
        db,
        run.id,
        name="run.queued",
        actor=run.requester,
        facts={
            "workflow": run.workflow,
            "workflow_digest": run.workflow_digest,
            "source": run.source,
            "base": f"{run.base_ref}@{run.base_sha}",
            "retry_of": run.retry_of,
            "inputs": dict(run.inputs),
            **({"origins": list(facts.workflows.origins)} if facts.workflows.origins else {}),
            "behind": run.behind_id,
        },
        at=now,
    )
    if run.behind_id is not None:
        return f"run {run.id} waits in line behind run {run.behind_id}"
    woken.add(run.id)
    return f"started run {run.id}"


async def tell_of_a_hold(db: AsyncConnection, woken: set[RunId], now: datetime) -> None:
    """Say, once for each run and hold, that somebody holds the work that was asked for."""
    for run_id in sorted(woken):
        if (hold := await holds.of_run(db, run_id)) is None:
            continue
        run = await runs.require(db, run_id)
        if run.parent_id is not None or run.subject.kind is SubjectKind.repository:
            continue  # nobody reads there
        act = PostComment(number=run.pull_number or run.subject.number, body=replies.held(run, hold))
        key = f"held:{hold.since:%Y%m%d%H%M%S%f}:{run.id}"
        await effects.insert(db, NewEffect(key=key, run_id=None, repo=run.repo, act=act, at=now))
