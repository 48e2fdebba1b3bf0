"""Somebody reviews a pull request of ours: an approval counts for exactly the head it was given for.

Commands in the review's text are carried out like those of a comment; an approving review that also says `/approve`
says it once.
"""

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.github import Pull, Review, ReviewState
from core.intents import Ignore, Intent, Say
from handlers import replies
from handlers.asked import Answer, Order, carry_out
from handlers.authors import ignored
from handlers.commands import Command, Refusal, parse
from handlers.comment_created import all_or_none
from handlers.events import ReviewSubmitted
from handlers.rules import broken, policy_of
from policies.schema import Policy

EVENT = ReviewSubmitted


def needs(event: ReviewSubmitted) -> FactQuery:
    return FactQuery(number=event.number, review=(event.number, event.review_id), pull=event.number, policy=True)


def plan(event: ReviewSubmitted, facts: Facts) -> list[Intent]:
    review, pull = facts.review, facts.pull
    if review is None or pull is None:
        return [Ignore("the review is gone")]
    if not pull.app_authored:
        return [Ignore("a pull request that is not ours")]
    if why := ignored(review.author, facts.app):
        return [why]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    commands = parse(review.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [_answer(event, replies.not_understood(commands.why))]
    if review.body != event.body and commands:
        return [_answer(event, replies.edits_never_run(changed=False))]
    return _carried_out(event, facts, policy, review, pull, commands)


def _carried_out(
    event: ReviewSubmitted, facts: Facts, policy: Policy, review: Review, pull: Pull, commands: tuple[Command, ...]
) -> list[Intent]:
    approves = review.state is ReviewState.approved
    verbs = {command.verb for command in commands}
    if approves and verbs & {"reject", "cancel", "retry", "implement"}:
        return [_answer(event, replies.not_understood("an approving review that also says otherwise is neither."))]
    said = [command for command in commands if not (approves and command.verb == "approve")]
    answers = [
        carry_out(_order(event, facts, policy, review, command.verb, command.args, f"{command.index}:{command.verb}"))
        for command in said
    ]
    if approves or "approve" in verbs:
        if review.head_sha != pull.head_sha:
            if facts.active is None:
                return [Ignore("a review of an older head, and no run is at work here")]
            return [_answer(event, replies.older_head(pull.head_sha))]
    if approves:
        digest = next((command.args for command in commands if command.verb == "approve"), "")
        order = _order(event, facts, policy, review, "approve", digest, "approved")
        answers.append(carry_out(order))
    return all_or_none(answers) or [Ignore("a review without an approval or command")]


def _order(
    event: ReviewSubmitted, facts: Facts, policy: Policy, review: Review, verb: str, args: str, key: str
) -> Order:
    return Order(
        verb=verb,
        args=args,
        actor=review.author.login,
        at=review.submitted_at or pull_time,
        key=f"review:{review.node_id}:{key}",
        repo=event.repo,
        number=event.number,
        facts=facts,
        policy=policy,
        title="",
        body="",
        source=f"review {review.id}",
        on_pull=True,
        review_id=review.id,
        reacts=False,
        quiet=key == "approved",
    )


def _answer(event: ReviewSubmitted, body: str) -> Say:
    return Say(event.number, body, f"review:{event.node_id}:answer")
