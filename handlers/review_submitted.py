"""Somebody reviews a pull request of ours: an approval counts for exactly the head it was given for.

Commands in the review's text are carried out like those of a comment, except that only the review's own verdict
approves: it names the head that was looked at.
"""

from dataclasses import dataclass
from datetime import datetime

from core.errors import PolicyInvalid
from core.facts import FactQuery, Facts
from core.github import Review, ReviewState
from core.intents import Ignore, Intent, Say
from handlers import replies
from handlers.asked import Order, carry_out
from handlers.asked.order import answer_key
from handlers.authors import ignored
from handlers.commands import Command, Refusal, parse
from handlers.comment_created import all_or_none, also_asked
from handlers.events import ReviewSubmitted
from handlers.rules import broken, policy_of
from handlers.verbs import VERBS
from policies.schema import Policy

EVENT = ReviewSubmitted


def needs(event: ReviewSubmitted) -> FactQuery:
    query = FactQuery(number=event.number, review=(event.number, event.review_id), pull=event.number, policy=True)
    return also_asked(query, event.body)


def plan(event: ReviewSubmitted, facts: Facts) -> list[Intent]:
    review, pull = facts.review, facts.pull
    if review is None or pull is None or review.submitted_at is None:
        return [Ignore("the review is gone, or not handed in")]
    if not pull.app_authored:
        return [Ignore("a pull request that is not ours")]
    if why := ignored(review.author, facts.app):
        return [why]
    try:
        policy = policy_of(facts)
    except PolicyInvalid as error:
        return broken(error, event.repo, event.number, facts)
    word = _Word(event, facts, policy, review, review.submitted_at)
    commands = parse(review.body, slug=facts.app.slug, namespaced=policy.commands == "namespaced")
    if isinstance(commands, Refusal):
        return [word.answered(replies.not_understood(commands.why))]
    if commands and review.body != event.body:
        return [word.answered(replies.edits_never_run(changed=False))]
    verbs = {command.verb for command in commands if VERBS[command.verb].decides}
    if review.state is not ReviewState.approved:
        if "approve" in verbs:
            return [word.answered(replies.approve_in_review())]
        wishes = [None] if review.state is ReviewState.changes_requested and not commands else []
        return all_or_none([carry_out(word.order(said)) for said in (*commands, *wishes)]) or [
            Ignore("a review without an approval, a wish or a command")
        ]
    if verbs - {"approve"}:
        return [word.answered(replies.not_understood("an approving review cannot say otherwise in its text."))]
    if review.head_sha != pull.head_sha:
        if facts.active is None:
            return [Ignore("a review of an older head, and no run is active here")]
        return [word.answered(replies.older_head(pull.head_sha))]
    said = [command for command in commands if command.verb != "approve"]
    return all_or_none([carry_out(word.order(one)) for one in (*said, None)])


@dataclass(frozen=True, slots=True)
class _Word:
    """What somebody says by a review of a pull request of ours, as GitHub has it."""

    event: ReviewSubmitted
    facts: Facts
    policy: Policy
    review: Review
    at: datetime

    def order(self, command: Command | None) -> Order:
        """The order of a command in the review's text, or, without one, of the review itself, which approves or wants
        the change to be different.
        """
        review = self.review
        own = "approve" if review.state is ReviewState.approved else "revise"
        return Order(
            verb=command.verb if command is not None else own,
            args=command.args if command is not None else "" if own == "approve" else review.body or "see its comments",
            actor=review.author.login,
            at=self.at,
            key=f"review:{review.node_id}:" + (f"{command.index}:{command.verb}" if command is not None else f"{own}d"),
            repo=self.event.repo,
            number=self.event.number,
            facts=self.facts,
            policy=self.policy,
            title="",
            body="",
            source=f"review {review.id}",
            on_pull=True,
            review_id=review.id,
            reacts=False,
            quiet=command is None,
        )

    def answered(self, body: str) -> Say:
        """One answer per review; to whoever may not start work here one per thread, as in comments."""
        own, by = f"review:{self.event.node_id}:answer", self.review.author.login
        return Say(self.event.number, body, answer_key(own, self.event, by, self.facts.role, self.policy))
