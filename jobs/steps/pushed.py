"""Somebody pushed to the run's branch: the run stops there, asks them whose it is now, and writes over nothing.

`/continue` makes what they pushed the content of the change. It is looked at as if it were the run's own, tested,
reviewed and asked for anew; whoever pushed it is an author of it from then on.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import effects, steps
from core.authorship import Authorship, head_told
from core.digests import digest, short
from core.errors import NotShownYet, TreeRefused
from core.github import Review
from core.names import Digest, Sha
from core.runs import NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Step
from core.workflow.rounds import BACK_TO, MOST_ROUNDS, SENT_BACK, looks_at_content, next_round
from core.workspaces import Author
from handlers import replies
from jobs import checks, status
from jobs.adopted import ADOPTED
from jobs.authors import authors_of, pushes_told
from jobs.heard import Counts, Judge, hear, reply, words_of
from jobs.outcomes import Done, End, Park
from jobs.pushers import PUSHERS, who_pushed
from jobs.steps.ship import Shipped, judge
from jobs.steps.unmoved import closed
from jobs.work import BASE, Work
from policies.evaluate import may_command

UNTOLD = "GitHub has not said yet who pushed it, and that person counts as an author."
LATER = "Say `/continue` again in some minutes."


async def asks(step: Step, work: Work, shipped: Shipped) -> Done | End | Park:
    """The wait for somebody to say what becomes of the branch; it goes on where the branch is back as it was, and goes
    back with what was pushed where somebody wants that.

    One comment for each commit that is pushed. Nothing that was approved covers it, and its check says so.
    """
    if end := await hear(work, None, judges(step, work, shipped), about="change"):
        return end
    pull = await work.github.pull(shipped.number)
    if end := closed(pull):
        return end
    if pull.head_sha in {shipped.head, shipped.final}:
        raise NotShownYet(f"`{shipped.branch}` is at {pull.head_sha[:12]}, and GitHub said that it is not.")
    if (back := await _going_on(step, work, pull.head_sha)) is not None:
        return back
    person, requester = await _who(work, pull.head_sha), work.run.requester
    why = f"{f'@{person}' if person else 'Somebody'} pushed to `{shipped.branch}`; what is there was not approved."
    await checks.put_approval(work, pull.head_sha, None, None, why)
    body = replies.pushed_over(person, requester, shipped.branch, pull.head_sha)
    await work.say(_question(step, pull.head_sha), body, number=shipped.number)
    waiting = Waiting(what=WaitingFor.approval, why=why, person=person or requester, binds="change", stuck=True)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


def judges(step: Step, work: Work, shipped: Shipped) -> Mapping[SignalKind, Judge]:
    """What a step listens for whose branch may be pushed to: that somebody wants to go on with what lies there."""

    async def go_on(signal: NewSignal) -> Counts | str:
        head = (await work.github.pull(shipped.number)).head_sha
        if head in {shipped.head, shipped.held, shipped.final}:
            return "seen"
        refused = await _refused(step, work, shipped, head, signal)
        if isinstance(refused, str):
            return refused
        found = {"by": signal.actor, **refused}

        async def write(db: AsyncConnection) -> None:
            key, at = f"{_wanted(step, head)}{signal.key}", work.services.clock.now()
            await steps.finish(db, work.run.id, work.epoch, key, digest("adopt", key), output=found, cost=None, now=at)

        return Counts("taken up", write)

    return {SignalKind.go_on: go_on}


async def _refused(
    step: Step, work: Work, shipped: Shipped, head: Sha, signal: NewSignal
) -> str | Mapping[str, object]:
    """What would be gone on with; or why not, which the person was told where they can do something about it."""
    shown = await _shown(step, work, head)
    if (said := await words_of(work, signal)) is None:
        return "refused: what asked for it is gone or was edited"
    policy, role = (await work.policy()).policy, await work.role(signal.actor)
    allowed = may_command(policy, "continue", role=role, actor=signal.actor, requester=work.run.requester)
    if not allowed.approved:
        await reply(work, signal, replies.refused(allowed))
        return f"refused: {allowed.why}"
    of = said.head_sha if isinstance(said, Review) else None
    # Ids of comments only grow: an earlier one was said of something else.
    seen = of == head if isinstance(said, Review) else shown is not None and said.id > shown
    if not seen:
        await reply(work, signal, replies.pushed_since(of, head))
        return "refused: said before this head was shown"
    authors = await authors_of(work, [head])
    if not authors.told or authors.nobodys:
        # Else they could approve what is theirs.
        whose = replies.nobodys(head, authors.nobodys) if authors.told else replies.not_adopted(head, UNTOLD, LATER)
        await reply(work, signal, whose)
        return "refused: nobody knows who pushed it"
    back_to = looks_at_content(step, work.workflow.steps)
    if back_to is None or next_round(step, back_to, work.workflow.steps) > MOST_ROUNDS:
        await reply(work, signal, replies.revised_too_often(MOST_ROUNDS))
        return f"refused: the run is in round {MOST_ROUNDS}"
    looked = await _looked_at(work, shipped, head)
    if isinstance(looked, str):
        await reply(work, signal, replies.not_adopted(head, looked))
        return f"refused: {looked}"
    return {"head": head, **looked, "authors": authors.model_dump(mode="json")}


async def _looked_at(work: Work, shipped: Shipped, head: Sha) -> str | Mapping[str, Sha]:
    """Its tree, and where it left the base branch; or why policy, or anybody's safety, does not let it be shipped."""
    bench = await work.bench()
    tip = await work.github.head_of(work.run.base_ref)
    if tip is None:
        return f"The branch `{work.run.base_ref}` is gone."
    for commit in (tip, head):
        await bench.fetch(commit)
    base = await bench.workspace.merge_base(tip, head)
    if base is None:
        return f"It has no history in common with `{work.run.base_ref}`."
    tree = await bench.workspace.tree_of(head)
    paths = await bench.workspace.changed_paths(base, tree)
    if not paths:
        return f"It brings nothing that `{work.run.base_ref}` does not hold."
    try:  # what a commit of our own must not hold, nobody's may
        nobody = Author("pullwright", "pullwright")
        await bench.workspace.commit(tree, (base,), "stand-in", nobody, work.run.created_at)
    except TreeRefused as error:
        return str(error)
    based = replace(work, run=work.run.model_copy(update={"base_sha": base}), _bench=None)
    policy = (await work.policy()).policy
    allowed = await judge(based, await based.bench(), policy, tree, paths, shipped.ci)
    return allowed.why if allowed.refused else {"tree": tree, "base": base}


async def _going_on(step: Step, work: Work, head: Sha) -> Done | None:
    """The outcome that makes what lies there the change, where somebody wanted exactly that; else None."""
    wanted = await work.memos(_wanted(step, head))
    back_to = looks_at_content(step, work.workflow.steps)
    if not wanted or back_to is None:
        return None
    found = wanted[-1].output
    bench = await work.bench()
    for commit in (Sha(found["base"]), head):
        await bench.fetch(commit)
    await work.keep_workspace(head)
    authors = Authorship.model_validate(found["authors"])
    pushers = tuple(dict.fromkeys([*await who_pushed(work), *authors.pushed]))
    output = {
        SENT_BACK: next_round(step, back_to, work.workflow.steps),
        BACK_TO: back_to,
        "head": head,
        "tree": found["tree"],
        BASE: found["base"],
        ADOPTED: head,
        PUSHERS: list(dict.fromkeys([*pushers, *authors.wrote])),
        "since": replies.adopted(head, found["by"], pushers, authors.wrote, authors.unpushed),
        "feedback": None,
    }
    return Done(output, f"@{found['by']} continues with {head[:12]}: back to `{back_to}`")


async def _shown(step: Step, work: Work, head: Sha) -> int | None:
    """The comment that asked what becomes of this head; None where none did."""
    async with work.services.store.read() as db:
        asked = await effects.get(db, work.key(_question(step, head)))
    return asked.receipt.get("comment_id") if asked is not None and asked.receipt else None


async def _who(work: Work, head: Sha) -> str | None:
    """Who pushed this commit, as GitHub told; None where it has not told yet. Nothing is allowed to them for it."""
    pushes = [one.actor for one in await pushes_told(work) if head.startswith(head_told(one.text))]
    return pushes[-1] if pushes else None


def _question(step: Step, head: Sha) -> str:
    return f"pushed:{step.id}:{short(Digest(head))}"


def _wanted(step: Step, head: Sha) -> str:
    return f"{step.id}/adopt:{head}:"
