"""Rules of the operator's file and of a repository's together."""

import pytest

from core.errors import PolicyInvalid
from policies.schema import effective

OPERATOR = """
policy: team
people: {crew: {users: [ada]}}
rules: [{name: crew, require: {approvals: 1, from: crew}}]
actions: {merge: [crew]}
deny: [{name: keys, if: {any_path: ["*.pem"]}}]
quiet_hours: [{days: [sun]}]
limits: {open_pull_requests: 5}
"""


def in_force(repository: str):
    return effective(OPERATOR, repository, True).policy


def test_a_repository_adds_to_what_the_operator_asks_and_takes_nothing_away():
    found = in_force(
        "rules: [{name: more, require: {approvals: 2, from: crew}}]\nactions: {merge: [more]}\n"
        "deny: [{name: x, if: {label: [x]}}]\nquiet_hours: [{days: [sat]}]\nlimits: {open_pull_requests: 2}\n"
    )
    assert found.actions.merge == ("crew", "more")
    assert [deny.name for deny in found.deny] == ["keys", "x"]
    assert [one.days for one in found.quiet_hours] == [("sun",), ("sat",)]
    assert found.limits.open_pull_requests == 2


def test_what_a_repository_says_under_change_counts_besides_the_operators_rules():
    assert in_force("change: {approvals: 2}\n").actions.merge == ("crew", "change")
    assert in_force("policy: strict\n").actions.merge == ("crew", "change")
    assert in_force("checks: {}\n").actions.merge == ("crew",)


@pytest.mark.parametrize(
    ("repository", "why"),
    [
        ("people: {crew: {users: [eve]}}", "`crew` is a group of the operator's, which no repository changes"),
        ("rules: [{name: crew}]", "`crew` is a rule of the operator's, which no repository changes"),
        ("people: {write: {users: [eve]}}", "`write` is a role: it means whoever has it already"),
        ("limits: {open_pull_requests: 6}", "`limits.open_pull_requests: 6` is looser than the operator's `5`"),
        ("limits: {open_pull_requests: null}", "is looser than the operator's `5`"),
    ],
)
def test_a_repository_cannot_change_what_the_operators_words_mean(repository, why):
    with pytest.raises(PolicyInvalid) as refused:
        in_force(repository)
    assert why in str(refused.value)


def test_the_approvals_of_runs_that_wait_outlive_keys_that_say_nothing():
    plain = effective(None, "policy: team\n", True)
    assert plain.digest == effective(None, "policy: team\nrules: []\nstrangers: {start: refuse}\n", True).digest
    assert plain.digest != effective(None, "policy: team\nrules: [{name: x}]\n", True).digest
