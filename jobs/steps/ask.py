"""Ask: a question in the thread, and the answer of somebody who may start work.

The answer is read again from GitHub before it counts, with its author and the author's role. Where its author may not
answer, the word of whoever vouches for it is read again as well, and it is that person's role that counts. Taking it is
one transaction: what is kept then stands, whatever becomes of the comment, and every later answer is told so.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import events, steps
from core.digests import digest
from core.expressions import as_text, expand
from core.names import Digest, Value
from core.runs import NewSignal, SignalKind, Waiting
from core.states import WaitingFor
from core.workflow import Ask, Step
from handlers import replies
from jobs import handed, status
from jobs.heard import Counts, comment_of, hear, reply, untouched, wait_until_shown
from jobs.outcomes import Done, Outcome, Park
from jobs.work import Work
from policies.evaluate import may_command
from policies.schema import Policy


class Answered(Value):
    """What the step hands over."""

    answer: str
    by: str
    """Who said it, also where somebody else vouched for it."""
    comment: int
    """Its id."""


async def perform(step: Step, ask: Ask, work: Work) -> Outcome:
    """Done with the first answer that counts. Until then the run waits for the requester, who is asked once."""
    policy = (await work.policy()).policy
    asked_in = await _post(step, ask, work)

    async def judge(signal: NewSignal) -> Counts | str:
        return await _judge(step, work, policy, asked_in, signal)

    if end := await hear(work, policy, {SignalKind.answer: judge}, about="run"):
        return end
    if (taken := await _taken(step, work)) is not None:
        return Done(taken.model_dump(mode="json"), f"@{taken.by} answered")
    person = work.run.requester
    why = f"`{step.id}` waits for an answer of @{person}."
    waiting = Waiting(what=WaitingFor.answer, why=why, person=person, asked_in=asked_in)
    await status.show(work, current=step.id, waiting=waiting)
    return Park(waiting)


async def _post(step: Step, ask: Ask, work: Work) -> int:
    """The id of the comment that asks. The question stays as it was first put, whatever its values are by now."""
    text = as_text(expand(ask.question, await handed.values(work)))
    name = f"ask:{step.id}"
    receipt = await work.say(name, replies.question(work.run.requester, work.run.workflow, text))
    return int(receipt["comment_id"])


async def _judge(step: Step, work: Work, policy: Policy, asked_in: int, signal: NewSignal) -> Counts | str:
    """What the answer counts for, or why it does not, which the person was told."""
    if (taken := await _taken(step, work)) is not None:
        await reply(work, signal, replies.answered_by(taken.by))
        return f"refused: @{taken.by} answered before"
    looked_at = work.services.clock.now()
    comment = await comment_of(work, signal)
    if comment is None:
        wait_until_shown(signal, looked_at)
        await reply(work, signal, replies.answer_changed(signal.actor))
        return "refused: the comment is gone or was edited"
    said = comment if signal.vouches_for is None else await untouched(work, signal.vouches_for)
    if said is None:
        await reply(work, signal, replies.vouched_answer_changed())
        return "refused: what was vouched for is gone or was edited"
    if said.id < asked_in:
        await reply(work, signal, replies.answered_before_asked())
        return "refused: written before the question"
    role = await work.github.role(signal.actor)
    verb = "answer" if signal.vouches_for is None else "ok-to-run"
    allowed = may_command(policy, verb, role=role, actor=signal.actor, requester=work.run.requester)
    if not allowed.approved:
        await reply(work, signal, replies.refused(allowed))
        return f"refused: {allowed.why}"
    answered = Answered(answer=work.services.redactor.text(signal.text), by=said.author.login, comment=said.id)

    vouching = comment.id if said is not comment else None

    async def take(db: AsyncConnection) -> None:
        now, output = work.services.clock.now(), answered.model_dump(mode="json")
        key, asked = _memo(step)
        await steps.finish(db, work.run.id, work.epoch, key, asked, output=output, cost=None, now=now)
        facts = {"step": step.id, "role": role, "rule": allowed.why, "comment_that_vouches": vouching, **output}
        await events.append(db, work.run.id, name="answer.taken", actor=signal.actor, facts=facts, at=now)

    return Counts("taken", take)


async def _taken(step: Step, work: Work) -> Answered | None:
    """The answer that was taken, also by an earlier lease holder."""
    memo = await work.memo(*_memo(step))
    return Answered.model_validate(memo.output) if memo is not None else None


def _memo(step: Step) -> tuple[str, Digest]:
    return f"{step.id}/answer", digest("ask", step.id)
