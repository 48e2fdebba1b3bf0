"""Start work: a workflow's command, its label, `/retry`."""

from datetime import datetime

from core.digests import digest
from core.facts import Facts
from core.github import Comment, Pull
from core.heads import Behind
from core.intents import Ignore, StartRun
from core.names import Digest, Subject, SubjectKind, is_bot
from core.runs import Run, Snapshot, ThreadComment
from core.states import TERMINAL
from core.workflow.catalogue import Entry
from handlers import replies
from handlers.asked.giving import Wrong, fitting, given
from handlers.asked.order import Answer, Order, accepted, mistaken, needing_ok, refused
from handlers.listening import by_command
from handlers.starts import may_begin, strange_head, tripped
from policies.evaluate import may_command, may_start

SNAPSHOT_COMMENTS = 100
"""The newest comments that a run sees."""


def start_by_command(order: Order) -> Answer:
    """Start the workflow that listens to the command, with what the words after it give it."""
    entry = by_command(order.facts.workflows, order.verb)
    if order.on_pull and not _about_pulls(entry):
        return mistaken(order, replies.only_on_issues(order.verb))
    if entry is None:
        return mistaken(order, replies.not_listening(order.verb))
    return start(order, entry)


def retry(order: Order) -> Answer:
    """Start the last run that ended here anew, with what it was given and the thread as it is now.

    One that is at work, and that nobody can let go on as it is, ends by that.
    """
    run = order.run
    if run is not None and run.waiting is not None and run.waiting.stuck and run.subject.number == order.number:
        may_end = may_command(order.policy, "cancel", role=order.role, actor=order.actor, requester=run.requester)
        if is_bot(order.actor) and not may_end.approved:
            return refused(order, may_end)
        entry = order.facts.workflows.get(run.workflow) if order.facts.workflows is not None else None
        return _begin(order, run.workflow, entry, retry_of=run)
    ended = (run for run in order.facts.runs if run.state in TERMINAL and run.subject.number == order.number)
    last = next(ended, None)
    if last is None and order.on_pull:
        return mistaken(order, replies.only_on_issues(order.verb))
    if last is None:
        return mistaken(order, replies.nothing_to_retry())
    entry = order.facts.workflows.get(last.workflow) if order.facts.workflows is not None else None
    return _begin(order, last.workflow, entry, retry_of=last)


def start(order: Order, entry: Entry) -> Answer:
    """Start this workflow, unless a run is at work here already, the person may not, or its file has mistakes."""
    return _begin(order, entry.name, entry, retry_of=None)


def _begin(order: Order, workflow: str, entry: Entry | None, *, retry_of: Run | None) -> Answer:
    if any(run.trigger_key == order.key for run in order.facts.runs):
        # GitHub tells of one labelling twice where an issue is opened with it, and anybody may send a payload again.
        return Answer((Ignore("this order has started its run already"),))
    now = order.vouched_at or order.at
    verdict = may_begin(
        order.policy,
        order.facts,
        person=order.actor,
        role=order.role,
        workflow=workflow,
        title=order.title,
        at=now,
    )
    if verdict is not None and not verdict.approved:
        mine = may_start(order.policy, role=order.role, actor=order.actor, workflow=workflow)
        asks = order.policy.strangers.start == "needs-ok" and not mine.approved and order.comment_id is not None
        no = needing_ok(order, verdict, replies.needs_ok(verdict)) if asks else refused(order, verdict)
        alarm = tripped(order.policy, order.facts, verdict, about=order.number, at=now)
        return Answer((*no.intents, *alarm), refused=True)
    issue, listens = order.facts.issue, entry.workflow.on if entry is not None and entry.workflow is not None else None
    if issue is None or not (issue.open or (listens is not None and listens.closed)):
        return mistaken(order, replies.closed_subject(order.verb, order.on_pull))
    if entry is None:
        return mistaken(order, replies.not_listening(order.verb))
    if entry.workflow is None:
        return mistaken(order, replies.workflow_broken(entry))
    if not order.on_pull and entry.workflow.on.subject == "pull_request":
        return mistaken(order, replies.only_on_pulls(order.verb))
    supersedes = retry_of is not None and retry_of.state not in TERMINAL
    if order.run is not None and entry.workflow.concurrency == "refuse" and not supersedes:
        return mistaken(order, replies.already_running(order.run))
    inputs = fitting(entry.workflow, retry_of.inputs) if retry_of is not None else given(entry.workflow, order.args)
    if isinstance(inputs, Wrong):
        return mistaken(order, replies.wrong_inputs(entry, inputs.mistakes))
    who = strange_head(order.policy, order.facts) if order.on_pull and order.vouched_at is None else None
    if who is not None:
        return mistaken(order, _needs_word(order, who, entry, retry_of))
    return accepted(
        order,
        StartRun(
            workflow=workflow,
            subject=Subject(kind=_kind(order), number=order.number),
            key=order.key,
            requester=order.actor,
            source=order.source,
            snapshot=snapshot(order),
            inputs=inputs,
            source_comment_id=order.comment_id,
            retry_of=retry_of.id if retry_of is not None else None,
            supersedes=supersedes,
            base=(pull.base_ref, pull.base_sha) if (pull := _open_pull(order)) is not None else None,
        ),
    )


def _needs_word(order: Order, who: Behind, entry: Entry, retry_of: Run | None) -> str:
    """What to say to have a strange head worked with. `/retry` names nothing that a word could cover."""
    pull = order.facts.pull
    assert pull is not None  # noqa: S101  # whose head else would be strange
    if retry_of is not None:
        return replies.strange_head_again(pull, who, entry.command or entry.name)
    return replies.strange_head(pull, who, order.verb, content_of(order))


def _about_pulls(entry: Entry | None) -> bool:
    return entry is not None and entry.workflow is not None and entry.workflow.on.subject != "issue"


def _kind(order: Order) -> SubjectKind:
    return SubjectKind.pull_request if order.on_pull else SubjectKind.issue


def _open_pull(order: Order) -> Pull | None:
    """The pull request whose head the run works with; about one that is over, it begins at the default branch."""
    pull = order.facts.pull
    return pull if order.on_pull and pull is not None and pull.open else None


def snapshot(order: Order) -> Snapshot:
    """The issue or pull request as it stood when the order was given. The comment that gives it is part of it."""
    found = as_it_stood(order.facts, order.title, order.body, order.at, order.comment_id)
    pull = _open_pull(order)
    if pull is None:
        return found
    return found.model_copy(update={"head": pull.head_sha, "fork": pull.from_fork(order.facts.repository.id)})


def content_of(order: Order) -> Digest:
    """What a word for this order covers: all that its run would be given, with a pull request's head and its base."""
    seen = snapshot(order).model_dump(mode="json", include={"title", "body", "comments", "head"})
    pull = _open_pull(order)
    base = pull.base_ref if pull is not None else None
    return digest("ok-to-run", order.repo.id, order.number, order.verb, order.args, seen, base)


def as_it_stood(facts: Facts, title: str, body: str, at: datetime, comment_id: int | None = None) -> Snapshot:
    """The subject, with this title and body, and its thread at this time.

    A comment counts where it was written and last edited before that moment: whoever watches for the order cannot
    slip words in after it. The one with this id counts in any case.
    """
    issue = facts.issue
    if issue is None:
        raise ValueError("a snapshot needs its issue")
    stood = [comment for comment in _thread(facts) if comment.id == comment_id or _stood(comment, at)]
    return Snapshot(
        title=title,
        body=body,
        author=issue.author.login,
        author_association=issue.author_association,
        taken_at=at,
        comments=tuple(_comment_then(comment) for comment in stood[-SNAPSHOT_COMMENTS:]),
    )


def _thread(facts: Facts) -> list[Comment]:
    people = [comment for comment in facts.thread if not comment.author.is_bot and comment.app_id != facts.app.id]
    return sorted(people, key=lambda comment: (comment.created_at, comment.id))


def _stood(comment: Comment, at: datetime) -> bool:
    return comment.created_at < at and comment.updated_at < at


def _comment_then(comment: Comment) -> ThreadComment:
    return ThreadComment(
        id=comment.id,
        author=comment.author.login,
        author_association=comment.author_association,
        body=comment.body,
        created_at=comment.created_at,
    )
