"""Start work: a workflow's command, its label, `/retry`."""

from core.facts import Facts
from core.github import Comment
from core.intents import Ignore, StartRun
from core.names import Subject, SubjectKind
from core.runs import Run, Snapshot, ThreadComment
from core.states import TERMINAL
from core.workflow.catalogue import Entry
from handlers import replies
from handlers.asked.giving import Wrong, fitting, given
from handlers.asked.order import Answer, Order, accepted, mistaken, refused
from handlers.listening import by_command
from policies.evaluate import may_start

SNAPSHOT_COMMENTS = 100
"""The newest comments that a run sees."""


def start_by_command(order: Order) -> Answer:
    """Start the workflow that listens to the command, with what the words after it give it."""
    if order.on_pull:
        return mistaken(order, replies.only_on_issues(order.verb))
    entry = by_command(order.facts.workflows, order.verb)
    if entry is None:
        return mistaken(order, replies.not_listening(order.verb))
    return start(order, entry)


def retry(order: Order) -> Answer:
    """Start the last run that ended here anew, with what it was given and the thread as it is now."""
    if order.on_pull:
        return mistaken(order, replies.only_on_issues(order.verb))
    last = next((run for run in order.facts.runs if run.state in TERMINAL), None)
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
    verdict = may_start(order.policy, role=order.role, actor=order.actor, workflow=workflow)
    if not verdict.approved:
        return refused(order, verdict)
    issue = order.facts.issue
    if issue is None or not issue.open:
        return mistaken(order, replies.closed_issue(order.verb))
    if entry is None:
        return mistaken(order, replies.not_listening(order.verb))
    if entry.workflow is None:
        return mistaken(order, replies.workflow_broken(entry))
    if order.run is not None:
        return mistaken(order, replies.already_running(order.run))
    inputs = fitting(entry.workflow, retry_of.inputs) if retry_of is not None else given(entry.workflow, order.args)
    if isinstance(inputs, Wrong):
        return mistaken(order, replies.wrong_inputs(entry, inputs.mistakes))
    return accepted(
        order,
        StartRun(
            workflow=workflow,
            subject=Subject(kind=SubjectKind.issue, number=order.number),
            key=order.key,
            requester=order.actor,
            source=order.source,
            snapshot=snapshot(order),
            inputs=inputs,
            source_comment_id=order.comment_id,
            retry_of=retry_of.id if retry_of is not None else None,
        ),
    )


def snapshot(order: Order) -> Snapshot:
    """The issue as it stood when the order was given.

    A comment counts where it was written and last edited before that moment: whoever watches for the order cannot
    slip words in after it. The comment that gives the order is part of it.
    """
    issue = order.facts.issue
    if issue is None:
        raise ValueError("a snapshot needs its issue")
    comments = [_as_it_stood(comment) for comment in _thread(order.facts) if _stood(comment, order)]
    return Snapshot(
        title=order.title,
        body=order.body,
        author=issue.author.login,
        author_association=issue.author_association,
        taken_at=order.at,
        comments=tuple(comments[-SNAPSHOT_COMMENTS:]),
    )


def _thread(facts: Facts) -> list[Comment]:
    people = [comment for comment in facts.thread if not comment.author.is_bot and comment.app_id != facts.app.id]
    return sorted(people, key=lambda comment: (comment.created_at, comment.id))


def _stood(comment: Comment, order: Order) -> bool:
    if comment.id == order.comment_id:
        return True
    return comment.created_at < order.at and comment.updated_at < order.at


def _as_it_stood(comment: Comment) -> ThreadComment:
    return ThreadComment(
        id=comment.id,
        author=comment.author.login,
        author_association=comment.author_association,
        body=comment.body,
        created_at=comment.created_at,
    )
