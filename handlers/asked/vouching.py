"""Vouch: somebody who may start work lets run, or count, what a stranger asked for or said, exactly as it reads now.

Nothing is kept: the digest is made anew of what GitHub shows, so an edit of the title, of the text, of a comment that
the run would see, another head, or another base, is another content, and needs another word. `/ok-to-run` alone says
the digest back. A pull request's head, named by its commit, stands for the newest that was asked for there, and where
that has begun, for what its events would have started; the answer says what it stood for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.digests import digest, matches, names_commit, typed
from core.facts import Facts
from core.github import Comment, Pull
from core.intents import Intent, React, Signal, StartRun
from core.names import Digest
from core.runs import Run, SignalKind
from core.states import WaitingFor
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused, said
from handlers.asked.starting import content_of, start
from handlers.asked.withheld import Start, covering, withheld
from handlers.authors import ignored_comment
from handlers.commands import Command, Refusal, parse
from handlers.listening import by_command, verbs
from policies.evaluate import may_command

WHOLE = 40
"""Digits of a whole commit: those name it, whoever made others that begin alike."""
SEEN = timedelta(seconds=30)
"""What was asked for less than this before a commit was named was hardly seen by the person who named it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A workflow's command that somebody gave in a comment."""

    order: Order
    comment: Comment
    covers: Digest


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody said to the question that a run asks."""

    run: Run
    text: str
    comment: Comment
    covers: Digest


@dataclass(frozen=True, slots=True)
class Withheld:
    """What events would have started on a pull request."""

    starts: Sequence[Start]
    pull: Pull
    covers: Digest


Vouchable = Asked | Answered | Withheld


def ok_to_run(order: Order) -> Answer:
    """Start, or take as an answer, what the digest or the commit stands for, in the name of whoever vouches for it."""
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=None)
    if not verdict.approved:
        return refused(order, verdict)
    found = list(_vouchable(order))
    if not found:
        return mistaken(order, replies.nothing_to_vouch_for())
    how = _how(found, order.facts)
    if not order.args:
        return mistaken(order, "\n\n".join(how))
    meant = next((one for one in found if matches(order.args, one.covers)), None)
    pull = _named(order)
    if pull is not None and not _said_as_digest(order):
        if meant is not None:
            return mistaken(order, replies.names_two_things(pull))
        return _by_commit(order, pull, found, how)
    if meant is None:
        return mistaken(order, replies.vouched_for_another(how))
    return _let(order, meant)


def _vouchable(order: Order) -> Iterator[Vouchable]:
    """What somebody's word could let run: what people said in comments, newest first, then what events withheld."""
    facts, known = order.facts, verbs(order.facts.workflows)
    if facts.issue is None:
        return
    for comment in sorted(facts.thread, key=lambda one: one.id, reverse=True):
        if comment.id == order.comment_id or ignored_comment(comment, facts.app) is not None:
            continue
        namespaced = order.policy.commands == "namespaced"
        words = parse(comment.body, slug=facts.app.slug, namespaced=namespaced, verbs=known)
        for command in () if isinstance(words, Refusal) else words:
            if by_command(facts.workflows, command.verb) is not None:
                asked = _as_said(order, comment, command)
                yield Asked(asked, comment, content_of(asked))
            elif command.verb == "answer" and (answered := _answered(order, comment, command)) is not None:
                yield answered
    starts = withheld(order)
    if starts and facts.pull is not None:
        yield Withheld(starts, facts.pull, covering(starts))


def _as_said(order: Order, comment: Comment, command: Command) -> Order:
    """The order as its author gave it, of the text as GitHub shows it now."""
    issue = order.facts.issue
    assert issue is not None  # noqa: S101  # without one nothing was found
    return replace(
        order,
        verb=command.verb,
        args=command.args,
        actor=comment.author.login,
        at=comment.created_at,
        comment_id=comment.id,
        title=issue.title,
        body=issue.body,
    )


def _answered(order: Order, comment: Comment, command: Command) -> Answered | None:
    """What the comment says to a question that stands; None where there is none, or it is empty, older or edited."""
    run = order.run
    waiting = run.waiting if run is not None else None
    if run is None or waiting is None or waiting.what is not WaitingFor.answer or waiting.asked_in is None:
        return None
    if not command.args or comment.id < waiting.asked_in or comment.updated_at != comment.created_at:
        return None
    covers = digest(
        "ok-to-run", order.repo.id, order.number, "answer", command.args, run.id, waiting.asked_in, comment.id
    )
    return Answered(run, command.args, comment, covers)


def _how(found: Sequence[Vouchable], facts: Facts) -> list[str]:
    """The newest that was said, and what events withheld, each with its digest."""
    newest = [one for one in found if not isinstance(one, Withheld)][:1]
    events = [one for one in found if isinstance(one, Withheld) and not _begun(one, facts)]
    shown = [*newest, *events] or found[:1]
    return [_how_of(one, facts.pull) for one in shown]


def _how_of(one: Vouchable, pull: Pull | None) -> str:
    match one:
        case Asked(order, _, covers):
            open_pull = pull if order.on_pull and pull is not None and pull.open else None
            return replies.vouch_how(order.verb, order.actor, covers, open_pull)
        case Answered(_, _, comment, covers):
            return replies.vouch_how_for_answer(comment.author.login, covers)
        case Withheld(starts, its, covers):
            return replies.vouch_how_for_events([order.verb for order, _ in starts], covers, its)


def _let(order: Order, meant: Vouchable) -> Answer:
    """What was vouched for begins, or is heard by the run that asks."""
    match meant:
        case Asked(asked, _, covers):
            entry = by_command(order.facts.workflows, asked.verb)
            key = _key(order, covers)
            source = f"ok-to-run in {order.source}"
            vouched = replace(asked, actor=order.actor, key=key, source=source, vouched_at=order.at)
            return start(vouched, entry) if entry is not None else mistaken(order, replies.not_listening(asked.verb))
        case Answered():
            return _take(order, meant)
        case Withheld(starts, _, _):
            return _begin(order, starts)


def _take(order: Order, meant: Answered) -> Answer:
    """Hand the answer to the run. The engine reads both comments again, and asks again who vouches."""
    if order.comment_id is None:
        return mistaken(order, replies.answer_in_comment())
    return accepted(
        order,
        Signal(
            run_id=meant.run.id,
            kind=SignalKind.answer,
            key=f"{_key(order, meant.covers)}:{order.comment_id}",
            actor=order.actor,
            text=meant.text,
            comment_id=order.comment_id,
            vouches_for=meant.comment.id,
        ),
    )


def _begin(order: Order, starts: Sequence[Start]) -> Answer:
    """Every workflow that the events would have started; a mistake is told, unless another one begins."""
    answers = [start(replace(one, vouched_at=order.at), entry) for one, entry in starts]
    good = [answer for answer in answers if not answer.refused]
    intents: list[Intent] = [intent for answer in good or answers for intent in answer.intents]
    reaction = React(order.number, order.comment_id, "eyes" if good else "confused")
    return Answer((*intents, *((reaction,) if order.reacts else ())), refused=not good)


def _named(order: Order) -> Pull | None:
    """The open pull request here whose head begins with what was said."""
    pull = order.facts.pull
    if not order.on_pull or pull is None or not pull.open or not names_commit(order.args, pull.head_sha):
        return None
    return pull


def _said_as_digest(order: Order) -> bool:
    """Whether we named that as a digest here: somebody may have made a commit since that begins like it."""
    digits = typed(order.args)
    ours = (comment.body for comment in order.facts.thread if comment.app_id == order.facts.app.id)
    return any(f"`/ok-to-run {digits}`" in body for body in ours) if len(digits) < WHOLE else False


def _by_commit(order: Order, pull: Pull, found: Sequence[Vouchable], how: Sequence[str]) -> Answer:
    """The newest that was asked for before the word was said, or else what events withheld: what has not begun."""
    digits, issue = typed(order.args), order.facts.issue
    if len(digits) < WHOLE and order.facts.commits.get(digits) != pull.head_sha:
        return mistaken(order, replies.digits_name_no_one_commit(pull))
    asked: list[Asked | Withheld] = []
    asked += [one for one in found if isinstance(one, Asked)][:1]
    asked += [one for one in found if isinstance(one, Withheld)]
    meant = next((one for one in asked if not _begun(one, order.facts)), None)
    if meant is None:
        return mistaken(order, replies.vouched_before(pull))
    if issue is None or (issue.title, issue.body) != (order.title, order.body) or not _stood(meant, order):
        return mistaken(order, replies.commit_is_not_all(how))
    answer = _let(order, meant)
    if answer.refused or not any(isinstance(intent, StartRun) for intent in answer.intents):
        return answer
    told = said(order, replies.vouched(pull, _what(meant), meant.covers))
    return Answer((*answer.intents, *told.intents))


def _stood(meant: Asked | Withheld, order: Order) -> bool:
    """Whether the comment that asks stood there for a while, as it reads now, before the word was said."""
    if isinstance(meant, Withheld):
        return True
    comment = meant.comment
    before = order.comment_id is not None and comment.id < order.comment_id
    return before and comment.updated_at == comment.created_at and comment.created_at + SEEN <= order.at


def _begun(one: Vouchable, facts: Facts) -> bool:
    """Whether a run has begun for it with this head, also without anybody's word."""
    match one:
        case Asked(order, comment, covers):
            head = facts.pull.head_sha if facts.pull is not None else None
            key = _key(order, covers)
            mine = (run for run in facts.runs if run.source_comment_id == comment.id and run.snapshot.head == head)
            return any(run.trigger_key == key for run in facts.runs) or next(mine, None) is not None
        case Withheld(starts, _, _):
            keys = {run.trigger_key for run in facts.runs}
            return all(order.key in keys for order, _ in starts)
        case Answered():
            return False


def _what(meant: Asked | Withheld) -> str:
    if isinstance(meant, Asked):
        return replies.vouched_command(meant.order.verb, meant.order.actor)
    return replies.vouched_events([order.verb for order, _ in meant.starts])


def _key(order: Order, covers: Digest) -> str:
    """Of what a word lets run: the same content is let once, whoever says it however often."""
    return f"ok:{order.repo.id}:{order.number}:{covers}"
