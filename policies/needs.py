"""What must be looked up before an action is decided: nothing that the policy does not ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.deciding import rules_of
from policies.rules import OF_ROLES, Action, Actions, Group, If
from policies.schema import Policy


@dataclass(frozen=True, slots=True)
class Needs:
    """Which facts of `Considered` the rules and denials of an action look at."""

    keys: frozenset[str]
    """Keys of `if`."""
    owners: bool
    checks: bool
    approved_plan: bool
    """Whether approvals of the plan count when the change is decided."""
    people: frozenset[str]
    """`requester`, `author`: of whom groups are asked."""
    teams_of_people: frozenset[str]
    teams_of_approvers: frozenset[str]

    @property
    def lines(self) -> bool:
        """Whether the diff must be counted."""
        return any(key.startswith(("lines_", "added_", "deleted_")) or key == "binary" for key in self.keys)

    @property
    def labels(self) -> bool:
        return bool(self.keys & {"label", "no_label"})


def needs(policy: Policy, action: Action) -> Needs:
    """What the action needs to know, by all that the policy says about it."""
    rules = rules_of(policy, action)
    conditions = [rule.if_ for rule in rules]
    conditions += [deny.if_ for deny in policy.deny if action in deny.actions]
    keys = {key for condition in conditions for key in condition.said()}
    of_people = list(_groups_of(policy, conditions))
    # Of every action: an approval of the plan may count for a rule of the merge.
    counting = [rule for each in Action for rule in rules_of(policy, each) if rule.require.approvals]
    of_approvers = [group for rule in counting for group in _named(policy, rule.require.from_)]
    return Needs(
        keys=frozenset(keys),
        owners="code_owned" in keys or any(group.code_owners for group in (*of_people, *of_approvers)),
        checks=any(rule.require.checks for rule in rules),
        approved_plan=action is not Action.plan
        and any(_binds_to_plan(rule.require.binds, action) and rule.require.approvals for rule in rules),
        people=frozenset(key for key in ("requester", "author") if key in keys),
        teams_of_people=frozenset(team for group in of_people for team in group.teams),
        teams_of_approvers=frozenset(team for group in of_approvers for team in group.teams),
    )


def rules_decide(policy: Policy) -> bool:
    """Whether anything but the simple keys has a say."""
    return bool(policy.deny) or policy.actions != Actions()


def _binds_to_plan(binds: str | None, action: Action) -> bool:
    return binds == "plan" or (binds is None and action is Action.ship)


def _groups_of(policy: Policy, conditions: list[If]) -> Iterator[Group]:
    for condition in conditions:
        yield from _named(policy, (*(condition.requester or ()), *(condition.author or ())))


def _named(policy: Policy, names: tuple[str, ...]) -> list[Group]:
    groups: Mapping[str, Group] = policy.people
    return [groups[name] for name in names if name in groups and name not in OF_ROLES]
