"""Decisions by rules: what an action needs, evaluated from what is known, as a tree.

Denials come first and win over everything. A rule whose conditions do not hold is skipped; what is not known is an
error, never a yes. The order of rules, people and approvals changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from core.names import is_bot
from policies.conditions import Answer, Holds, holds, membership, owns
from policies.considered import Binds, Considered, Yes
from policies.globs import naming
from policies.people import counted_in_words
from policies.result import Fact, Result, Status, all_of, any_of
from policies.rules import BUILT_IN_RULES, Action, Combination, Deny, Group, Needed, Require, Rule, named_in
from policies.schema import Policy
from policies.words import code, named

Simple = Mapping[str, Result]
"""What the keys `plan` and `change` of the policy came to, by name, where an action needs them."""

CHANGE = "change"
"""The built-in rule: that people approved exactly this change."""
CHECKS = "checks"
GREEN = "green"
"""What a check that a rule names must be."""


def decide(policy: Policy, considered: Considered, simple: Simple) -> Result:
    """Whether the policy has nothing against the action. `simple` holds what the built-in rules said that it needs.

    What rules let through of the bot's own, they do not of people who pushed to its branch: a merge of that takes what
    `change` says besides.
    """
    needed = policy.actions.of(considered.action)
    if considered.action is Action.merge and considered.pushers and CHANGE not in needed:
        needed = (*needed, CHANGE)
    denials = [deny for deny in policy.deny if considered.action in deny.actions]
    if not denials and len(needed) == 1 and isinstance(needed[0], str) and needed[0] in BUILT_IN_RULES:
        return _named(needed[0], policy, considered, simple)
    parts = [_denied(deny, considered, policy.people) for deny in denials]
    parts.append(_needed(policy, needed, considered, simple))
    return all_of(considered.action.value, parts)


def rules_of(policy: Policy, action: Action) -> tuple[Rule, ...]:
    """The rules that the action needs, in the order of the file."""
    wanted = set(named_in(policy.actions.of(action)))
    return tuple(rule for rule in policy.rules if rule.name in wanted)


def waits_for_people(result: Result) -> bool:
    """Whether somebody could do something about a pending result, by approving it; else only checks are missing."""
    if not result.pending or result.name == CHECKS:
        return False
    waiting = [child for child in result.children if child.pending]
    return not waiting or any(waits_for_people(child) for child in waiting)


def _denied(deny: Deny, considered: Considered, groups: Mapping[str, Group]) -> Result:
    name = f"deny: {deny.name}"
    found = holds(deny.if_, considered, groups)
    match found.answer:
        case Answer.yes:
            why = f"The policy denies this ({code(deny.name)}): {found.why}."
            return Result(name, Status.denied, why, remedy="No approval helps: what it names has to change.")
        case Answer.failed:
            return Result(name, Status.error, f"Whether {code(deny.name)} denies this is not known: {found.why}.")
        case Answer.later:
            return Result(name, Status.skipped, f"Asked again later: {found.why}.")
    return Result(name, Status.skipped, _sentence(found.why))


def _needed(policy: Policy, needed: Sequence[Needed], considered: Considered, simple: Simple) -> Result:
    if not needed:
        return Result("rules", Status.approved, "No rule asks for anything more.")
    parts = [_part(part, policy, considered, simple) for part in needed]
    return parts[0] if len(parts) == 1 and parts[0].status is not Status.skipped else all_of("rules", parts)


def _part(part: Needed, policy: Policy, considered: Considered, simple: Simple) -> Result:
    if isinstance(part, Combination):
        inner = [_part(one, policy, considered, simple) for one in part.parts]
        combine, name = (any_of, "any of") if part.any_of else (all_of, "all of")
        if all(one.status is Status.skipped for one in inner):
            return Result(name, Status.skipped, "None of its rules applies.", children=tuple(inner))
        return combine(name, inner)
    return _named(part, policy, considered, simple)


def _named(name: str, policy: Policy, considered: Considered, simple: Simple) -> Result:
    if name in BUILT_IN_RULES:
        return simple.get(name) or Result(name, Status.error, f"What {code(name)} says was not asked.")
    rules = [rule for rule in policy.rules if rule.name == name]
    if len(rules) != 1:
        return Result(name, Status.error, f"There is not one rule {code(name)}, but {len(rules)}.")
    return _rule(rules[0], considered, policy.people)


def _rule(rule: Rule, considered: Considered, groups: Mapping[str, Group]) -> Result:
    found = holds(rule.if_, considered, groups)
    if found.answer is Answer.no:
        return Result(rule.name, Status.skipped, f"It does not apply: {found.why}.")
    if found.answer is not Answer.yes:
        return Result(rule.name, Status.error, f"Whether {code(rule.name)} applies is not known: {found.why}.")
    because = (Fact("applies because", (found.why,)),) if found.why else ()
    require = rule.require
    parts: list[Result] = []
    if require.approvals:
        parts.append(_approvals(require, considered, groups))
    if require.checks:
        parts.append(_checks(require.checks, considered))
    if not parts:
        why = f"{code(rule.name)} applies and asks for nobody: {found.why or 'always'}."
        return Result(rule.name, Status.approved, why, because)
    whole = all_of(rule.name, parts)
    return Result(rule.name, whole.status, whole.why, because, whole.children, whole.remedy)


# Approvals ------------------------------------------------------------------------------------------------------


def _approvals(require: Require, considered: Considered, groups: Mapping[str, Group]) -> Result:
    """Enough of the right people said yes. One approval too many never makes it less: doubt counts where it decides."""
    binds: Binds = require.binds or ("change" if considered.action is Action.merge else "plan")
    given = sorted(considered.approvals.get(binds, ()), key=lambda yes: (yes.by.casefold(), yes.at, yes.void or ""))
    judged = [_one(yes, require, considered, groups) for yes in given]
    counting = {yes.by.casefold(): yes for yes, one in zip(given, judged, strict=True) if one.approved}
    names = tuple(sorted(yes.by for yes in counting.values()))
    facts = (Fact("approved by", names), Fact("needed", (str(require.approvals),)), Fact("binds to", (binds,)))
    missing = _unowned(require, considered, groups, tuple(counting.values()))
    if len(counting) >= require.approvals and missing is None:
        why = f"Approved by {', '.join(f'@{name}' for name in names)}."
        return Result("approvals", Status.approved, why, facts, tuple(judged))
    if missing is not None and missing.answer is Answer.failed:
        return Result("approvals", Status.error, _sentence(missing.why), facts, tuple(judged))
    if doubts := [one.why for one in judged if one.status is Status.error]:
        return Result("approvals", Status.error, " ".join(doubts), facts, tuple(judged))
    why = f"{len(counting)} of {require.approvals} approvals of the {binds} given: it needs {_whom(require)}."
    if missing is not None:
        why = f"{why} {_sentence(missing.why)}"
    return Result("approvals", Status.pending, why, facts, tuple(judged), remedy=f"Comment `/approve` on the {binds}.")


def counts(require: Require, yes: Yes, considered: Considered, groups: Mapping[str, Group]) -> Result:
    """Whether this approval counts for such a requirement."""
    return _one(yes, require, considered, groups)


def _one(yes: Yes, require: Require, considered: Considered, groups: Mapping[str, Group]) -> Result:
    """Whether one approval counts. One that does not is skipped, not denied: it forbids nothing."""
    name = f"@{yes.by}"
    if yes.void is not None:
        return Result(name, Status.skipped, f"@{yes.by}'s approval is void: {yes.void}")
    if require.expires_hours is not None and considered.now - yes.at > timedelta(hours=require.expires_hours):
        return Result(name, Status.skipped, f"@{yes.by}'s approval is older than {require.expires_hours} hours.")
    if is_bot(yes.by):
        return Result(name, Status.skipped, f"@{yes.by} is a bot, and only people approve.")
    if who := _kept_out(yes.by, require, considered):
        return Result(name, Status.skipped, f"@{yes.by} {who}, and this rule counts somebody else.")
    judged = [membership(group, yes.by, considered, groups, role=yes.role) for group in require.from_]
    for answer, status in ((Answer.yes, Status.approved), (Answer.failed, Status.error), (Answer.later, Status.error)):
        if found := sorted(one.why for one in judged if one.answer is answer):
            return Result(name, status, _sentence(found[0]))
    return Result(name, Status.skipped, f"@{yes.by} is not among {_groups(require)}.")


def _kept_out(login: str, require: Require, considered: Considered) -> str | None:
    same = login.casefold()
    if "requester" in require.not_ and same == considered.requester.casefold():
        return "asked for this run"
    if "author" in require.not_:
        if considered.author is None:
            return "may have written what it is about"
        if same == considered.author.casefold():
            return "wrote what it is about"
    binds: Binds = require.binds or ("change" if considered.action is Action.merge else "plan")
    if require.not_ and binds == "change" and same in {pusher.casefold() for pusher in considered.pushers}:
        return "is an author of some of it"
    return None


def _unowned(
    require: Require, considered: Considered, groups: Mapping[str, Group], counting: tuple[Yes, ...]
) -> Holds | None:
    """What is still without an approval of one of its code owners, where only code owners count; None: nothing is.

    As at GitHub one owner of each path is enough, and what nobody owns needs nobody.
    """
    only = [name for name in require.from_ if name in groups]
    if not require.from_ or len(only) != len(require.from_) or not all(_just_owners(groups[name]) for name in only):
        return None
    if considered.owners is None:
        return Holds(Answer.failed, f"who owns what it touches is not known: {considered.failed.get('owners', '')}")
    left = [
        path
        for path, owners in considered.owners.items()
        if owners
        and not any(owns(owner, yes.by, considered).answer is Answer.yes for owner in owners for yes in counting)
    ]
    return Holds(Answer.no, f"no owner of {named(sorted(left))} has approved") if left else None


def _just_owners(group: Group) -> bool:
    return group.code_owners and group.role is None and not group.users and not group.teams


def _whom(require: Require) -> str:
    if not require.from_:
        return "somebody, and `from` names nobody"
    whom = f"{counted_in_words(require.approvals)} among {_groups(require)}"
    out = [f"the {who}" for who in sorted(set(require.not_))]
    return f"{whom}, not {' or '.join(out)}" if out else whom


def _groups(require: Require) -> str:
    return named(sorted(set(require.from_))) or "nobody"


# Checks ---------------------------------------------------------------------------------------------------------


def _checks(wanted: Sequence[str], considered: Considered) -> Result:

    if considered.checks is None:
        why = considered.failed.get("checks", "they were not looked up")
        return Result(CHECKS, Status.error, f"What the checks came to is not known: {why}.")
    parts: list[Result] = []
    for glob in wanted:
        found = naming(considered.checks, [glob])
        if not found:
            parts.append(Result(glob, Status.pending, f"The check {code(glob)} was not reported yet."))
        parts += [_check(name, considered.checks[name]) for name in found]
    return all_of(CHECKS, parts, why="The checks that it names are green.")


def _check(name: str, came_to: str) -> Result:
    """A red check waits as an unfinished one does: it may be run again."""
    if came_to == GREEN:
        return Result(name, Status.approved, f"The check {code(name)} is green.")
    return Result(name, Status.pending, f"The check {code(name)} must be green, and is {code(came_to)}.")


def _sentence(part: str) -> str:
    return f"{part[:1].upper()}{part[1:]}." if part else ""
