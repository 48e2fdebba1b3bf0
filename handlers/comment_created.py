"""Somebody comments: the commands in it are carried out, all or none.

The comment is read again from GitHub. Whoever wrote it is the actor; where its words are not those of the delivery,
somebody edited it, and edits run nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.github import Comment
from core.intents import Ignore, Intent, React, Say
from core.names import Role
from handlers import replies
from handlers.asked import Answer, Order, carry_out
from handlers.asked.order import answer_key
from handlers.authors import unheard_comment
from handlers.commands import MAX_COMMANDS, Command, Refusal, might_command, parse
from handlers.events import CommentCreated
from handlers.listening import verbs
from handlers.rules import broken, policy_of
from policies.schema import Policy

EVENT = CommentCreated

_SHORT = re.compile(r"ok-to-run[ \t]+`?([0-9a-f]{7,39})(?![0-9a-f])", re.IGNORECASE)


def needs(event: CommentCreated) -> FactQuery | Ignore:
    if not might_command(event.body):
        return Ignore("a comment without commands")
    query = FactQuery(
        number=event.number,
        comment_id=event.comment_id,
        pull=event.number if event.on_pull else None,
        vouching=event.on_pull,
        thread=True,
        policy=True,
        workflows=True,
    )
    if event.on_pull and "ok-to-run" in event.body.lower():
        query = replace(query, withheld=True, commits=_first_digits(event.body))
    return also_asked(query, event.body)


def _first_digits(body: str) -> tuple[str, ...]:
    """What may be the first digits of a commit that somebody vouches for, as often as a comment may say so."""
    found = dict.fromkeys(digits.lower() for digits in _SHORT.findall(body))
    return tuple(found)[:MAX_COMMANDS]


def also_asked(query: FactQuery, body: str) -> FactQuery:
    """The query with what only some commands need, by the words of the text that might hold them."""
    words = body.lower()
    return replace(
        query,
        decisions="why" in words,
        spending="budget" in words,
        usual="dry-run" in words,
        done="undo" in words,
    )


def plan(event: CommentCreated, facts: Facts) -> list[Intent]:
    comment = facts.comment
    if comment is None:
        return [Ignore("the comment is gone")]
    if comment.number != event.number:
        return [Ignore("the comment stands elsewhere")]
    if why := unheard_comment(comment, facts):
        return [why]
    known = verbs(facts.workflows)
    if not parse(event.body, slug=facts.app.slug, verbs=known):
        return [Ignore("a comment without commands")]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    commands = parse(event.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced", verbs=known)
    if not commands:
        return [Ignore("a comment without commands of ours")]
    if facts.repository.archived:
        return [Ignore("the repository is archived")]
    if comment.body != event.body:
        return _no(event, comment, facts.role, policy, replies.edits_never_run(changed=False))
    if isinstance(commands, Refusal):
        return _no(event, comment, facts.role, policy, replies.not_understood(commands.why))
    return all_or_none([carry_out(_order(event, facts, policy, comment, command)) for command in commands])


def all_or_none(answers: Sequence[Answer]) -> list[Intent]:
    """Every order's intents; where one is refused, only the refusals."""
    refusals = [answer for answer in answers if answer.refused]
    return [intent for answer in refusals or answers for intent in answer.intents]


def _order(event: CommentCreated, facts: Facts, policy: Policy, comment: Comment, command: Command) -> Order:
    return Order(
        verb=command.verb,
        args=command.args,
        actor=comment.author.login,
        at=comment.created_at,
        key=f"comment:{comment.node_id}:{command.index}:{command.verb}",
        repo=event.repo,
        number=event.number,
        facts=facts,
        policy=policy,
        title=event.title,
        body=event.issue_body,
        source=f"comment {comment.id}",
        on_pull=event.on_pull,
        comment_id=comment.id,
    )


def _no(event: CommentCreated, comment: Comment, role: Role | None, policy: Policy, body: str) -> list[Intent]:
    key = answer_key(f"comment:{event.node_id}:answer", event, comment.author.login, role, policy)
    return [React(event.number, event.comment_id, "confused"), Say(event.number, body, key)]
