"""Feedback at a gate: somebody wants the plan or the change to be different, and the run goes back for it.

Whoever may say `/revise` is asked of GitHub when it is heard, and their words are read there: edited ones do not count.
What counts is kept in the transaction that applies the signal, so no death between the two loses it. A run that went
back asks again under a new gate: what was approved before it counts for nothing.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import steps
from core.digests import digest
from core.effects import AnswerThread
from core.feedback import Feedback, Remark
from core.github import ReviewComment
from core.names import Sha
from core.runs import NewSignal, SignalKind
from core.workflow import Step
from core.workflow.rounds import MOST_ROUNDS, SENT_BACK, base_of, round_of, wishes_for
from handlers import replies
from jobs.heard import Counts, Judge, reply, words_of
from jobs.outcomes import Done
from jobs.work import Work
from policies.evaluate import may_command
from policies.schema import Policy

LONGEST_REMARK = 20_000
"""Characters of what one person says that an agent is told."""

WORDLESS = "(asks for changes, and says no more)"


def judges(step: Step, work: Work) -> Mapping[SignalKind, Judge]:
    """What this gate listens for beside approvals: nothing where it says no step to go back to."""
    if step.gate is None or step.gate.revise is None:
        return {}

    async def revise(signal: NewSignal) -> Counts | str:
        return await _judged(step, work, signal)

    return {SignalKind.revise: revise}


async def going_back(step: Step, work: Work, head: Sha | None = None) -> Done | None:
    """The outcome of a gate that sends the run back, where somebody said so; None else.

    `head` is what people looked at. All that stands unanswered in review threads is taken along.
    """
    if step.gate is None or step.gate.revise is None:
        return None
    said = [Remark.model_validate(memo.output) for memo in await work.memos(_key(step, ""))]
    if not said:
        return None
    threads, passed_over = await _unanswered(work, (await work.policy()).policy) if head is not None else ((), ())
    remarks = (*(remark for remark in said if remark.text), *threads)
    if not remarks:  # their review's words stood in threads that are gone by now
        remarks = tuple(remark.model_copy(update={"text": WORDLESS}) for remark in said)
    who = ", ".join(dict.fromkeys(f"@{remark.author}" for remark in said))
    feedback = Feedback(remarks=remarks, passed_over=passed_over)
    output = {SENT_BACK: round_of(step.id) + 1, "head": head, "feedback": feedback.model_dump(mode="json")}
    return Done(output, f"{who} wants it to be different: back to `{step.gate.revise}`")


def sent_back_at(step: Step, work: Work) -> Sha | None:
    """The head that people looked at when they sent the run back to this step; None in its first round."""
    output = wishes_for(step.id, work.workflow.steps, work.outputs)
    return Sha(output["head"]) if output is not None and output["head"] is not None else None


async def answer(step: Step, work: Work, number: int, head: Sha, summary: str) -> None:
    """Say in each thread that was taken up what became of it. Cosmetic: nobody waits for it."""
    wishes = feedback_for(step, work)
    for remark in wishes.remarks if wishes is not None else ():
        if remark.thread is not None:
            said = AnswerThread(number=number, thread=remark.thread, body=replies.wish_taken_up(head, summary))
            await work.do(f"answer:{remark.thread}:{round_of(step.id)}", said)


def feedback_for(step: Step, work: Work) -> Feedback | None:
    """What people said that this step is done once more for."""
    output = wishes_for(step.id, work.workflow.steps, work.outputs)
    said = output.get("feedback") if output is not None else None
    return Feedback.model_validate(said) if said is not None else None


async def _judged(step: Step, work: Work, signal: NewSignal) -> Counts | str:
    if (said := await words_of(work, signal)) is None:
        return "refused: what asked for it is gone or was edited"
    policy, role = (await work.policy()).policy, await work.github.role(signal.actor)
    allowed = may_command(policy, "revise", role=role, actor=signal.actor, requester=work.run.requester)
    if not allowed.approved:
        await reply(work, signal, replies.refused(allowed))
        return f"refused: {allowed.why}"
    if round_of(step.id) >= MOST_ROUNDS:
        await reply(work, signal, replies.revised_too_often(MOST_ROUNDS))
        return f"refused: the run is in round {MOST_ROUNDS} of `{base_of(step.id)}`"
    remark = Remark(author=signal.actor, text=said.body.strip()[:LONGEST_REMARK])

    async def write(db: AsyncConnection) -> None:
        key, at, output = _key(step, signal.key), work.services.clock.now(), remark.model_dump(mode="json")
        await steps.finish(db, work.run.id, work.epoch, key, digest("said", key), output=output, cost=None, now=at)

    return Counts("taken up", write)


async def _unanswered(work: Work, policy: Policy) -> tuple[tuple[Remark, ...], tuple[str, ...]]:
    """What stands in review threads behind our last answer there, by people who may choose what is changed; and who
    else spoke there."""
    if work.run.pull_number is None:
        return (), ()
    threads: dict[int, list[ReviewComment]] = {}
    for comment in await work.github.review_comments(work.run.pull_number):
        if comment.app_authored:
            threads[comment.reply_to or comment.id] = []
        else:
            threads.setdefault(comment.reply_to or comment.id, []).append(comment)
    remarks, may = list[Remark](), dict[str, bool]()
    for thread, said in threads.items():
        for comment in said:
            login = comment.author.login
            if login not in may:
                may[login] = not comment.author.is_bot and await _may(work, policy, login)
            if may[login]:
                text = comment.body.strip()[:LONGEST_REMARK]
                where = {"path": comment.path, "line": comment.line, "thread": thread}
                remarks.append(Remark(author=login, text=text, **where))
    return tuple(remarks), tuple(sorted(login for login, allowed in may.items() if not allowed))


async def _may(work: Work, policy: Policy, login: str) -> bool:
    role = await work.github.role(login)
    return may_command(policy, "revise", role=role, actor=login, requester=work.run.requester).approved


def _key(step: Step, signal: str) -> str:
    return f"{step.id}/said:{signal}"
