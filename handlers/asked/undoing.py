"""Undo: take back the bot's last label, comment or merge here, as far as it is still there.

A merge is taken back as it was made, by a pull request that people look at: the workflow `revert` opens it.
"""

from core.effects import AddLabels, EditComment, EnqueuePull, MergePull, PostComment, RemoveLabel
from core.intents import Act
from core.markers import carries, marked
from core.runs import Effect
from core.states import RunState
from handlers import replies
from handlers.asked.order import Answer, Order, accepted, mistaken, refused, said
from handlers.asked.starting import start
from policies.evaluate import may_command

REVERT = "revert"


def undo(order: Order) -> Answer:
    """Take back the newest of what runs did here and that nobody has taken back yet. Not while one is at work."""
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=None)
    if not verdict.approved:
        return refused(order, verdict)
    if order.run is not None:
        return mistaken(order, replies.undo_when_over(order.run))
    for effect in order.facts.done:
        if (answer := _taken_back(order, effect)) is not None:
            return answer
    return mistaken(order, replies.nothing_to_undo())


def _taken_back(order: Order, effect: Effect) -> Answer | None:
    """The answer that takes this effect back; None where nothing of it is left."""
    key, issue, receipt = f"undo:{effect.key}", order.facts.issue, effect.receipt or {}
    match effect.act:
        case AddLabels(number=number, labels=labels):
            left = [label for label in labels if issue is not None and number == issue.number and label in issue.labels]
            if not left:
                return None
            acts = [Act(RemoveLabel(number=number, label=label), f"{key}:{label}") for label in left]
            return Answer((*accepted(order, *acts).intents, *said(order, replies.labels_undone(left)).intents))
        case PostComment(number=number):
            comment = next((one for one in order.facts.thread if one.id == receipt.get("comment_id")), None)
            gone = marked(replies.comment_undone(order.actor), key)
            if (
                number != order.number
                or comment is None
                or comment.app_id != order.facts.app.id
                or carries(comment.body, key)
            ):
                return None
            act = Act(EditComment(comment_id=comment.id, body=gone), key)
            return Answer((*accepted(order, act).intents, *said(order, replies.undid_comment(comment.url)).intents))
        case EnqueuePull(number=number) if not _came_out_merged(order, number):
            return None
        case MergePull(number=number) | EnqueuePull(number=number):
            entry = order.facts.workflows.get(REVERT) if order.facts.workflows is not None else None
            if entry is None:
                return mistaken(order, replies.not_listening(REVERT))
            started = start(order, entry)
            if started.refused:
                return started
            return Answer((*started.intents, *said(order, replies.undoing_merge(number)).intents))
    return None


def _came_out_merged(order: Order, number: int) -> bool:
    """Whether the merge queue merged it: the run that put it there ends well then, and only then."""
    return any(run.pull_number == number and run.state is RunState.succeeded for run in order.facts.runs)
