"""Mistakes that no single value of a policy shows: names that mean nothing, and questions asked before their answer."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.documents import Path
from core.names import Role
from policies.conditions import NEEDS
from policies.rules import BUILT_IN_RULES, MAX_DEPTH, OF_ROLES, Action, Group, If, Rule, depth, named_in

if TYPE_CHECKING:
    from policies.schema import Policy

_NEEDED_BY = {"plan": Action.plan, "change": Action.merge}
"""The one action that may need a built-in rule."""

_BOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}\[bot\]")
"""The login of an App's account, as it stands beside what the App writes."""

Mistake = tuple[Path, str]


def crossed(policy: "Policy", outer: "Policy | None", us: str | None) -> list[Mistake]:
    """Every such mistake, by the path of its value. A file may use what the operator's file, `outer`, names; `us` is
    our App's own login, where that is known."""
    theirs = outer.people if outer else {}
    groups = {**theirs, **policy.people}
    rules = {rule.name: rule for rule in ((*outer.rules, *policy.rules) if outer else policy.rules)}
    return [
        *_bots(policy, us),
        *_groups(policy, theirs),
        *_rules(policy, {rule.name for rule in outer.rules} if outer else set(), groups),
        *_actions(policy, rules, groups),
        *_denials(policy, groups),
    ]


def _bots(policy: "Policy", us: str | None) -> Iterator[Mistake]:
    seen: set[str] = set()
    for login, role in policy.bots.items():
        if not _BOT.fullmatch(login):
            yield ("bots", login), f"`{login}` is not the login of a bot, which ends in `[bot]`"
        elif us is not None and login.casefold() == us.casefold():
            yield ("bots", login), f"`{login}` is this App itself, which never listens to what it did"
        elif login.casefold() in seen:
            yield ("bots", login), f"`{login}` stands here already, since GitHub's logins ignore case"
        elif role is Role.none:
            yield ("bots", login), f"`{login}` needs a role, `read` at least: to have it ignored, leave it out"
        seen.add(login.casefold())


def _groups(policy: "Policy", theirs: dict[str, Group]) -> Iterator[Mistake]:
    for name in policy.people:
        if name in OF_ROLES:
            yield ("people", name), f"`{name}` is a role: it means whoever has it already"
        if name in theirs:
            yield ("people", name), f"`{name}` is a group of the operator's, which no repository changes"


def _rules(policy: "Policy", theirs: set[str], groups: dict[str, Group]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, rule in enumerate(policy.rules):
        if rule.name in theirs:
            yield ("rules", index, "name"), f"`{rule.name}` is a rule of the operator's, which no repository changes"
        elif rule.name in seen:
            yield ("rules", index, "name"), f"there is a rule `{rule.name}` already"
        seen.add(rule.name)
        at: Path = ("rules", index)
        yield from _unknown_groups((*at, "require", "from"), rule.require.from_, groups)
        yield from _condition((*at, "if"), rule.if_, groups)


def _denials(policy: "Policy", groups: dict[str, Group]) -> Iterator[Mistake]:
    for index, deny in enumerate(policy.deny):
        yield from _condition(("deny", index, "if"), deny.if_, groups)
        last = max(deny.actions, key=list(Action).index)
        for key in deny.if_.said():
            if _too_early(key, last):
                message = f"`{key}` can be told from `{NEEDS[key]}` on, so this denies nothing"
                yield ("deny", index, "if", key), message


def _condition(at: Path, condition: If, groups: dict[str, Group]) -> Iterator[Mistake]:
    for key in ("requester", "author"):
        yield from _unknown_groups((*at, key), getattr(condition, key) or (), groups)


def _unknown_groups(at: Path, names: tuple[str, ...], groups: dict[str, Group]) -> Iterator[Mistake]:
    for index, name in enumerate(names):
        if name not in OF_ROLES and name not in groups:
            yield (*at, index), f"there is no group `{name}` under `people`, and it is no role"


def _actions(policy: "Policy", rules: dict[str, Rule], groups: dict[str, Group]) -> Iterator[Mistake]:
    planned = set(named_in(policy.actions.plan))
    for action in Action:
        needed = policy.actions.of(action)
        at: Path = ("actions", action.value)
        if depth(needed) > MAX_DEPTH:
            yield at, f"`any_of` and `all_of` are nested more than {MAX_DEPTH} deep"
            continue
        for name in dict.fromkeys(named_in(needed)):
            if name in BUILT_IN_RULES:
                if _NEEDED_BY[name] is not action:
                    yield at, f"`{name}` belongs to `actions.{_NEEDED_BY[name]}`"
            elif name not in rules:
                yield at, f"there is no rule `{name}`"
            else:
                for why in _cannot(rules[name], action, groups):
                    yield at, f"the rule `{name}` {why}"
                if _of_the_plan(rules[name], action) and name not in planned:
                    yield at, f"the rule `{name}` counts approvals of the plan: name it in `actions.plan` too"


def _cannot(rule: Rule, action: Action, groups: dict[str, Group]) -> Iterator[str]:
    """Why this rule has no answer at this action."""
    for key in rule.if_.said():
        if _too_early(key, action):
            yield f"asks for `{key}`, which is told from `{NEEDS[key]}` on"
    require = rule.require
    if action is Action.start:
        if require.approvals:
            yield "asks for approvals, and nobody can approve a start"
        asked = [groups[name] for name in rule.if_.requester or () if name in groups]
        if any(group.teams or group.code_owners for group in asked):
            yield "asks for a team or for code owners, who are looked up once the run has begun"
    if action is not Action.merge:
        if require.binds == "change":
            yield "binds to the change, which there is only at `merge`"
        if require.checks:
            yield "asks for checks, which there are only at `merge`"


def _of_the_plan(rule: Rule, action: Action) -> bool:
    """Whether the rule looks back at approvals that only the gate of the plan asks for."""
    binds = rule.require.binds or ("plan" if action is Action.ship else None)
    return rule.require.approvals > 0 and binds == "plan" and action in {Action.ship, Action.merge}


def _too_early(key: str, action: Action) -> bool:
    return key in NEEDS and list(Action).index(action) < list(Action).index(NEEDS[key])
