"""Vouch: somebody who may start work lets run what a stranger asked for, exactly as it reads now.

Nothing is kept: the digest is made anew of what GitHub shows, so an edit of the title, of the text, of a comment that
the run would see, or another head, is another content, and needs another word. `/ok-to-run` alone says the digest back.
"""

from collections.abc import Iterator
from dataclasses import replace

from core.digests import matches
from core.github import Comment
from core.names import Digest
from handlers import replies
from handlers.asked.order import Answer, Order, mistaken, refused
from handlers.asked.starting import content_of, start
from handlers.authors import ignored_comment
from handlers.commands import Refusal, parse
from handlers.listening import by_command, verbs
from policies.evaluate import may_command


def ok_to_run(order: Order) -> Answer:
    """Start what the digest covers, in the name of whoever vouches for it."""
    verdict = may_command(order.policy, order.verb, role=order.role, actor=order.actor, requester=None)
    if not verdict.approved:
        return refused(order, verdict)
    wishes = list(_wishes(order))
    if not wishes:
        return mistaken(order, replies.nothing_to_vouch_for())
    newest, current = wishes[0]
    if not order.args:
        return mistaken(order, replies.vouch_how(newest.verb, newest.actor, current))
    for wish, covers in wishes:
        if matches(order.args, covers):
            entry = by_command(order.facts.workflows, wish.verb)
            key = f"ok:{order.repo.id}:{order.number}:{covers}"
            source = f"ok-to-run in {order.source}"
            vouched = replace(wish, actor=order.actor, key=key, source=source, vouched=True)
            return start(vouched, entry) if entry is not None else mistaken(order, replies.not_listening(wish.verb))
    return mistaken(order, replies.vouched_for_another(newest.verb, newest.actor, current))


def _wishes(order: Order) -> Iterator[tuple[Order, Digest]]:
    """What people asked for in comments here by a workflow's command, newest first, each with what it covers."""
    facts, known = order.facts, verbs(order.facts.workflows)
    if facts.issue is None:
        return
    for comment in sorted(facts.thread, key=lambda one: one.id, reverse=True):
        if comment.id == order.comment_id or ignored_comment(comment, facts.app) is not None:
            continue
        namespaced = order.policy.commands == "namespaced"
        said = parse(comment.body, slug=facts.app.slug, namespaced=namespaced, verbs=known)
        for command in () if isinstance(said, Refusal) else said:
            if by_command(facts.workflows, command.verb) is not None:
                wish = _as_said(order, comment, command.verb, command.args)
                yield wish, content_of(wish)


def _as_said(order: Order, comment: Comment, verb: str, args: str) -> Order:
    """The order as its author gave it, of the text as GitHub shows it now."""
    issue = order.facts.issue
    assert issue is not None  # noqa: S101  # without one nothing was found
    return replace(
        order,
        verb=verb,
        args=args,
        actor=comment.author.login,
        at=comment.created_at,
        comment_id=comment.id,
        title=issue.title,
        body=issue.body,
    )
