"""What events of a pull request from a fork would have started, were its head no stranger's.

It is found again from what GitHub shows, so that somebody who looked at the head can let it run. Each start has the key
that its event would have given it: whichever comes first, it is started once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core.digests import digest
from core.facts import Facts
from core.github import Issue, Pull
from core.names import Digest
from core.workflow.catalogue import Entry
from core.workflow.triggers import PullRequests, PullType
from handlers.asked.order import Order
from handlers.asked.starting import content_of
from handlers.authors import unheard
from handlers.pull_filters import passes

Start = tuple[Order, Entry]


def withheld(order: Order) -> Sequence[Start]:
    """The workflows that listen to what happened here, each with the order to start it, in the name of whoever orders.

    That the pull request is there stands for its opening and, where a push is known of, for the push, at the head that
    it has now. Of what it hears, each workflow is started by the first; of labels by the one that was put on last.
    """
    facts, pull, issue = order.facts, order.facts.pull, order.facts.issue
    if not order.on_pull or pull is None or issue is None or facts.workflows is None:
        return ()
    if not pull.open or pull.app_authored or not pull.from_fork(facts.repository.id) or unheard(pull.author, facts):
        return ()
    found = []
    for name, on in facts.workflows.listening("pull_request"):
        entry = facts.workflows.get(name)
        first = next(_heard(on.pull_request, issue, pull, facts), None) if on.pull_request is not None else None
        if entry is not None and first is not None:
            what, once, at = first
            key = f"pull:{order.repo.id}:{order.number}:{what}:{once}:{name}"
            found.append((_begun_by(order, issue, name, key, at), entry))
    return found


def covering(starts: Sequence[Start]) -> Digest:
    """What a word for all of them covers."""
    return digest("ok-to-run", "events", [[order.key, content_of(order)] for order, _ in starts])


def _begun_by(order: Order, issue: Issue, name: str, key: str, at: datetime) -> Order:
    return replace(
        order,
        verb=name,
        args="",
        at=at,
        key=key,
        comment_id=None,
        title=issue.title,
        body=issue.body,
        source=f"ok-to-run in {order.source}",
        reacts=False,
    )


def _heard(on: PullRequests, issue: Issue, pull: Pull, facts: Facts) -> Iterator[tuple[PullType, object, datetime]]:
    """What happened that passes the filters: its type, what its key ends with, and when it was."""
    pushed = any(one.part == "pushed" for one in facts.behind_head)
    there: list[tuple[PullType, datetime]] = [("opened", issue.created_at)]
    if pushed:
        there.append(("synchronize", issue.created_at))
    there += [(kind, turn.created_at) for kind, turn in facts.turns.items() if not unheard(turn.actor, facts)]
    for what, at in there:
        if not (what == "ready_for_review" and pull.draft) and passes(on, what, issue.labels, pull, facts.changed):
            yield what, pull.head_sha, at
    for label in sorted(facts.labellings, key=lambda one: one.id, reverse=True):
        if not unheard(label.actor, facts) and passes(on, "labeled", (label.label,), pull, facts.changed):
            yield "labeled", label.id, label.created_at
