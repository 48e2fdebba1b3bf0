"""Who may do what: every rule that looks at a person's role. The role is looked up live by whoever asks.

A verb that is not in `VERBS` is nobody's.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from core.names import Role, is_bot
from policies.result import Fact, Result, Status
from policies.schema import People, Policy

GateName = Literal["plan", "change"]

_ANYBODY = Role.none
VERBS: Mapping[str, Role | None] = MappingProxyType(
    {
        "implement": None,
        "retry": None,
        "answer": None,
        "approve": None,
        "revise": None,
        "ok-to-run": None,
        "undo": Role.write,
        "dry-run": _ANYBODY,
        "continue": None,
        "reject": Role.write,
        "cancel": Role.write,
        "hold": Role.write,
        "unhold": Role.write,
        "take": Role.write,
        "budget": Role.write,
        "pin-status": Role.maintain,
        "why": _ANYBODY,
        "status": _ANYBODY,
        "help": _ANYBODY,
    }
)
"""The weakest role that may say a verb. None: another key of the policy says it (`requesters`, the gate's `from`)."""

FOR_MAINTAINERS: Mapping[str, Role] = MappingProxyType({"onboard": Role.maintain})
"""The weakest role that may start a workflow of this name: what it offers decides what the bot goes by here."""

OF_THEIR_OWN = frozenset({"cancel", "reject", "hold", "unhold"})
"""Verbs that the requester of a run may always say about it: nobody is kept from stopping what they started."""


OF_BOTS = frozenset({"implement", "retry"})
"""Verbs that start work: beside these and what is free, a bot that the policy lists may only stop what it started."""


def role_of_bot(policy: Policy, login: str) -> Role:
    """The role of an App's account: what the policy says under `bots`, and else none. GitHub gives it none to ask for.

    The App that asks is never meant, whatever is written: its own events are ignored before anybody looks here.
    """
    listed = {name.casefold(): role for name, role in policy.bots.items()}
    return listed.get(login.casefold(), Role.none)


def may_start(policy: Policy, *, role: Role, actor: str, workflow: str) -> Result:
    """Whether this person may start a workflow. Some ask for a stronger role than `requesters`."""
    needed = max(policy.requesters, FOR_MAINTAINERS.get(workflow, _ANYBODY), key=list(Role).index)
    return _at_least(f"start `{workflow}`", needed, role, actor, f"Starting `{workflow}`")


def may_command(policy: Policy, verb: str, *, role: Role, actor: str, requester: str | None) -> Result:
    """Whether this person may say this verb here. `requester` is who asked for the run it is about, if there is one.

    For `approve` this is the weakest condition that any gate has; the gate itself asks again with `may_approve`.
    """
    name = f"say `/{verb}`"
    if verb not in VERBS:
        return Result(name, Status.denied, f"`/{verb}` is not a command.", remedy="`/help` lists the commands.")
    if verb in OF_THEIR_OWN and requester is not None and _same(actor, requester):
        return Result(name, Status.approved, f"@{actor} asked for this run.", (Fact("requester", (requester,)),))
    needed = VERBS[verb]
    if is_bot(actor) and verb not in OF_BOTS and needed is not _ANYBODY:
        return _for_people(name, f"`/{verb}`", actor)
    if verb in {"implement", "retry", "answer", "revise", "continue", "ok-to-run"}:
        needed = policy.requesters
    if needed is None:
        needed = min((policy.plan.from_, policy.change.from_), key=list(Role).index)
    return _at_least(name, needed, role, actor, f"`/{verb}`")


def may_hold_all(verb: str, *, role: Role, actor: str) -> Result:
    """Whether this person may stop, or let go on, all work in the repository."""
    if is_bot(actor):
        return _for_people(f"say `/{verb} repository`", f"`/{verb} repository`", actor)
    return _at_least(f"say `/{verb} repository`", Role.admin, role, actor, f"`/{verb} repository`")


def may_raise(policy: Policy, *, by: Decimal, extra: Decimal) -> Result:
    """Whether a run that was allowed `extra` dollars before may cost so many more. Who asks is judged elsewhere."""
    limits = policy.limits
    allowed = Decimal(str(limits.raised_cost_usd))
    now = Decimal(str(limits.run_cost_usd)) + extra
    facts = (Fact("limit now", (f"${now:.2f}",)), Fact("asked for", (f"${by:.2f}",)))
    name = "raise the budget"
    if now + by <= allowed:
        return Result(name, Status.approved, f"A run may be raised to ${allowed:.2f}.", facts)
    left = max(allowed - now, Decimal(0))
    return Result(
        name,
        Status.denied,
        f"Under the policy `{policy.policy}` a run may cost at most ${allowed:.2f}, and this one may cost ${now:.2f}.",
        facts,
        remedy=f"Say `/budget +{left:.2f}`." if left else "Only `limits.raised_cost_usd` in the policy raises that.",
    )


def may_approve(
    policy: Policy, gate: GateName, *, role: Role, actor: str, requester: str, authors: Collection[str] = ()
) -> Result:
    """Whether this person's approval counts at this gate. `authors` pushed or wrote some of what it is about, and count
    no more than whoever asked for it. A bot's never does, whatever its role.
    """
    people = people_of(policy, gate)
    name = f"approve the {gate}"
    if is_bot(actor):
        return _for_people(name, f"Approving the {gate}", actor)
    facts = (Fact("role", (role.value,)), Fact("requester", (requester,)))
    if _same(actor, requester) and not people.requester_may_approve:
        return Result(
            name,
            Status.denied,
            f"@{actor} asked for this run, and under the policy `{policy.policy}` "
            f"nobody approves the {gate} of their own request.",
            facts,
            remedy=f"Ask somebody else with the role `{people.from_}` or above.",
        )
    if any(_same(actor, author) for author in authors) and not people.requester_may_approve:
        return Result(
            name,
            Status.denied,
            f"@{actor} is an author of some of this {gate}, and under the policy `{policy.policy}` "
            f"nobody approves a {gate} of their own.",
            facts,
            remedy=f"Ask somebody else with the role `{people.from_}` or above.",
        )
    return _at_least(name, people.from_, role, actor, f"Approving the {gate}")


def counted_in_words(count: int) -> str:
    return {1: "one person", 2: "two people"}.get(count, f"{count} people")


def people_of(policy: Policy, gate: GateName) -> People:
    return policy.plan if gate == "plan" else policy.change


def _at_least(name: str, needed: Role, role: Role, actor: str, what: str) -> Result:
    facts = (Fact("role", (role.value,)), Fact("needed", (needed.value,)))
    if role.at_least(needed):
        why = f"@{actor} has the role `{role}`." if needed is not _ANYBODY else "Everybody may."
        return Result(name, Status.approved, why, facts)
    has = "no role here" if role is Role.none else f"the role `{role}`"
    return Result(
        name,
        Status.denied,
        f"{what} needs the role `{needed}` or above, and @{actor} has {has}.",
        facts,
        remedy=f"Ask somebody with the role `{needed}`, or an admin of this repository to give you that role.",
    )


def _for_people(name: str, what: str, actor: str) -> Result:
    return Result(
        name,
        Status.denied,
        f"{what} is for people, and @{actor} is a bot.",
        remedy="Bots that the policy lists may start work and stop what they started.",
    )


def _same(one: str, other: str) -> bool:
    """Whether two logins name one account: GitHub's logins ignore case."""
    return one.casefold() == other.casefold()
