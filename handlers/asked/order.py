"""An order: who asks for what, where, and what is known. And the answers to it that every verb needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from core.facts import Facts
from core.intents import Decided, Intent, React, Say
from core.names import Repo, Role, is_bot
from core.runs import Run
from handlers import replies
from handlers.neutralise import code, line
from policies.render import as_json
from policies.result import Result, Status, all_of
from policies.schema import Policy


class Thread(Protocol):
    """Where somebody spoke: what happened there, or what they ask for."""

    @property
    def repo(self) -> Repo: ...
    @property
    def number(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Order:
    """One verb by one person. The person is whom GitHub names as the author, never whom a payload names."""

    verb: str
    args: str
    actor: str
    at: datetime
    key: str
    """Semantic: the same order, delivered twice, has the same key."""
    repo: Repo
    number: int
    facts: Facts
    policy: Policy
    title: str
    """The subject's title and body at the time of the order."""
    body: str
    source: str
    """How it was said, for the journal."""
    on_pull: bool = False
    comment_id: int | None = None
    review_id: int | None = None
    vouched_at: datetime | None = None
    """When somebody vouched for exactly what it would have run; None where nobody did."""
    reacts: bool = True
    """Whether a reaction can answer it."""
    quiet: bool = False
    """Whether nothing need be said where nothing waits: people review pull requests anyway."""

    @property
    def role(self) -> Role:
        """The role GitHub named; where it was not asked for, none at all."""
        return self.facts.role if self.facts.role is not None else Role.none

    @property
    def run(self) -> Run | None:
        return self.facts.active


@dataclass(frozen=True, slots=True)
class Answer:
    intents: Sequence[Intent]
    refused: bool = False


def said(order: Order, body: str) -> Answer:
    """An answer that is no refusal, said once for this order; to a stranger or bot once per verb and thread."""
    key = f"{order.key}:answer"
    if told_once(order.actor, order.facts.role, order.policy):
        key = f"told:{order.repo.id}:{order.number}:{order.actor.casefold()}:{order.verb}"
    return Answer((Say(order.number, body, key),))


def mistaken(order: Order, body: str) -> Answer:
    """The order cannot be carried out as things are: why, and what to say instead. A stranger or bot is told as of a
    refusal: once per thread, however often they ask."""
    noted = Decided(order.number, as_json(Result(_asked(order), Status.denied, line(body))))
    key = answer_key(f"{order.key}:answer", order, order.actor, order.facts.role, order.policy)
    said_so = Say(order.number, body, key)
    return Answer((*_reaction(order, "confused"), said_so, noted), refused=True)


def refused(order: Order, result: Result) -> Answer:
    """The person may not. One reply per person and thread; a reaction every time."""
    key = refusal_key(order.repo, order.number, order.actor)
    noted = Decided(order.number, as_json(all_of(_asked(order), (result,))))
    said_so = Say(order.number, replies.refused(result), key)
    return Answer((*_reaction(order, "confused"), said_so, noted), refused=True)


def needing_ok(order: Order, result: Result, body: str) -> Answer:
    """A stranger may not, and somebody who may can let it count. Said as a refusal is: once per person and thread."""
    told = Say(order.number, body, refusal_key(order.repo, order.number, order.actor))
    noted = Decided(order.number, as_json(all_of(_asked(order), (result,))))
    return Answer((*_reaction(order, "confused"), told, noted), refused=True)


def accepted(order: Order, *intents: Intent) -> Answer:
    """The order is stored and allowed."""
    return Answer((*intents, *_reaction(order, "eyes")))


def told_once(actor: str, role: Role | None, policy: Policy) -> bool:
    """Whether one answer of a kind is all that there is in a thread.

    For whoever may not start work here: anybody can be that, as often as they like. And for bots: they may answer back.
    """
    return is_bot(actor) or role is None or not role.at_least(policy.requesters)


def answer_key(own: str, thread: Thread, actor: str, role: Role | None, policy: Policy) -> str:
    """The key of an answer that says no: its `own`, or for whoever is told once that of any refusal in the thread."""
    return refusal_key(thread.repo, thread.number, actor) if told_once(actor, role, policy) else own


def refusal_key(repo: Repo, number: int, actor: str) -> str:
    return f"refused:{repo.id}:{number}:{actor.casefold()}"


def _asked(order: Order) -> str:
    """Who asked for what, for `/why`."""
    return f"{code(f'/{order.verb}')} by @{order.actor}"


def _reaction(order: Order, content: Literal["eyes", "confused"]) -> tuple[Intent, ...]:
    """GitHub has no reactions on reviews, and none on buttons."""
    return (React(order.number, order.comment_id, content),) if order.reacts else ()
