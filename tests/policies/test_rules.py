"""Rules: when one applies, what it asks for, and what several of them say together."""

import pytest
from policy_worlds import NOW, SIMPLE, considered, policy, verdict, yes

from core.errors import PolicyInvalid
from policies.approving import approver
from policies.conditions import JUDGES, KNOWN_FROM, NEEDS, Answer, holds
from policies.considered import Considered, Person
from policies.needs import needs
from policies.result import Result, Status
from policies.rules import Action, If
from policies.schema import load

DOCS = """
rules:
  - name: only documentation
    if: {only_paths: ["docs/**", "*.md"]}
actions:
  merge:
    - any_of: [only documentation, change]
"""


def test_a_rule_that_applies_and_asks_for_nobody_is_enough_where_any_of_several_is():
    found = verdict(DOCS, paths=("docs/a.md", "README.md"))
    assert found.approved
    assert "`only documentation` applies and asks for nobody" in found.why


def test_what_people_pushed_to_the_branch_takes_what_change_says_however_little_rules_ask_for():
    whole = Result("change", Status.approved, "Approved by @ola.")
    few = {"pushers": ("ada",), "paths": ("docs/a.md",)}
    for text in (DOCS, "rules: [{name: x}]\nactions: {merge: [x]}"):
        assert verdict(text, paths=("docs/a.md",)).approved
        assert verdict(text, **few).status is Status.pending
        assert verdict(text, simple=whole, **few).approved
        approve = approver(policy(text), "change", yes("ola"), considered(**few))
        assert approve.approved
        assert not approver(policy(text), "change", yes("ada"), considered(**few)).approved


def test_where_it_does_not_apply_the_other_one_is_waited_for():
    found = verdict(DOCS, paths=("docs/a.md", "src/a.py"))
    assert (found.status, found.why) == (Status.pending, "0 of 1 approvals given.")
    skipped = next(each for each in walk(found) if each.name == "only documentation")
    assert (skipped.status, skipped.why) == (Status.skipped, "It does not apply: it touches `src/a.py`.")


def test_where_no_rule_applies_nothing_is_allowed():
    found = verdict("rules: [{name: x, if: {label: [other]}}]\nactions: {merge: [x]}")
    assert found.status is Status.error
    assert found.why == "No rule applies here, so nothing is allowed."


def test_parts_of_a_combination_that_do_not_apply_are_as_if_they_were_not_there():
    text = """
rules: [{name: x, if: {label: [other]}}, {name: y, if: {label: [bug]}}]
actions: {merge: [{all_of: [y, {any_of: [x, {all_of: [x]}]}]}]}
"""
    assert verdict(text).approved


@pytest.mark.parametrize(
    ("condition", "facts", "answer"),
    [
        ("any_path: ['src/**']", {}, "yes"),
        ("any_path: ['docs/**']", {}, "no"),
        ("only_paths: ['src/**']", {}, "yes"),
        ("only_paths: ['src/**']", {"paths": ()}, "no"),
        ("no_path: ['src/**']", {}, "no"),
        ("no_path: ['docs/**']", {}, "yes"),
        ("files_over: 1", {}, "no"),
        ("files_over: 1", {"paths": ("a", "b")}, "yes"),
        ("files_at_most: 1", {"paths": ("a", "b")}, "no"),
        ("lines_over: 11", {}, "yes"),
        ("lines_over: 12", {}, "no"),
        ("lines_at_most: 12", {}, "yes"),
        ("lines_at_most: 11", {}, "no"),
        ("added_over: 9", {}, "yes"),
        ("added_at_most: 9", {}, "no"),
        ("deleted_over: 2", {}, "no"),
        ("deleted_at_most: 2", {}, "yes"),
        ("binary: true", {}, "no"),
        ("binary: true", {"binary": ("a.png",)}, "yes"),
        ("binary: false", {"binary": ("a.png",)}, "no"),
        ("cost_over_usd: 0.3", {}, "yes"),
        ("cost_over_usd: 0.4", {}, "no"),
        ("cost_over_usd: 9", {"cost_usd": None}, "yes"),
        ("cost_at_most_usd: 9", {"cost_usd": None}, "no"),
        ("cost_at_most_usd: 9", {}, "yes"),
        ("open_questions: true", {"questions": ("Which?",)}, "yes"),
        ("open_questions: false", {"questions": ("Which?",)}, "no"),
        ("stranger_text: true", {}, "no"),
        ("stranger_text: false", {}, "yes"),
        ("label: ['bu*']", {}, "yes"),
        ("label: [bu]", {}, "no"),
        ("no_label: [bug]", {}, "no"),
        ("title: ['mend*']", {}, "yes"),
        ("title: ['mend']", {}, "no"),
        ("base: [main]", {}, "yes"),
        ("base: ['release/*']", {}, "no"),
        ("repository: ['acme/*']", {}, "yes"),
        ("repository: ['other/*']", {}, "no"),
        ("workflow: [implement]", {}, "yes"),
        ("workflow: [triage]", {}, "no"),
        ("requester: [write]", {}, "yes"),
        ("requester: [maintain]", {}, "no"),
        ("author: [write]", {}, "no"),
        ("author: [read]", {}, "yes"),
        ("code_owned: true", {}, "no"),
        ("code_owned: true", {"owners": {"src/a.py": ("@ada",)}}, "yes"),
        ("code_owned: false", {"owners": {"src/a.py": ("@ada",)}}, "no"),
        ("{any_path: ['src/**'], label: [other]}", {}, "no"),
        ("{}", {}, "yes"),
    ],
)
def test_every_condition_says_when_it_holds(condition, facts, answer):
    text = condition if condition.startswith("{") else f"{{{condition}}}"
    rule = policy(f"rules: [{{name: x, if: {text}}}]").rules[0]
    assert holds(rule.if_, considered(**facts), {}).answer == answer


def test_there_is_a_judge_for_every_condition():
    assert set(JUDGES) == set(If.model_fields)
    assert set(NEEDS) < set(JUDGES)


FACT_OF = {
    **dict.fromkeys(("any_path", "only_paths", "no_path", "files_over", "files_at_most"), "paths"),
    **dict.fromkeys(("lines_over", "lines_at_most", "added_over", "added_at_most"), "added"),
    **dict.fromkeys(("deleted_over", "deleted_at_most"), "deleted"),
    **dict.fromkeys(("label", "no_label"), "labels"),
    "code_owned": "owners",
    "binary": "binary",
    "open_questions": "questions",
    "stranger_text": "stranger_text",
    "author": "author",
}


@pytest.mark.parametrize("key", sorted(FACT_OF))
@pytest.mark.parametrize("action", [Action.ship, Action.merge])
def test_what_is_not_known_when_it_should_be_is_neither_a_yes_nor_a_no(key, action):
    for said in (1, True, ("write",)):
        try:
            condition = If(**{key: said})
        except ValueError:
            continue
        unknown = considered(action, **{FACT_OF[key]: None})
        assert holds(condition, unknown, {}).answer is Answer.failed


def test_a_fact_whose_time_has_not_come_is_told_later_and_no_failure():
    early = Considered(action=Action.start, now=NOW, repository="a/b", workflow="w", requester="rosa")
    assert holds(If(any_path=("x",)), early, {}).answer is Answer.later
    planned = considered(Action.plan, added=None, deleted=None, binary=None)
    assert holds(If(lines_over=3), planned, {}).answer is Answer.later
    assert holds(If(binary=True), planned, {}).answer is Answer.later
    assert set(KNOWN_FROM.values()) == {Action.plan, Action.ship}


# Who ------------------------------------------------------------------------------------------------------------

TWO = """
people: {release: {users: [Ada], teams: [acme/release], role: admin}}
rules: [{name: two, require: {approvals: 2, from: release}}]
actions: {merge: [two]}
"""
IN_TEAM = {"bo": Person(teams={"acme/release": True}), "ada": Person(teams={"acme/release": False})}


def test_a_group_is_whoever_is_named_or_in_a_team_or_has_the_role():
    assert verdict(TWO, yes("ada"), yes("bo"), people=IN_TEAM).approved
    assert verdict(TWO, yes("cleo", "admin"), yes("ADA"), people=IN_TEAM | {"cleo": IN_TEAM["ada"]}).approved
    found = verdict(TWO, yes("ada"), yes("cleo", "maintain"), people=IN_TEAM | {"cleo": IN_TEAM["ada"]})
    assert found.pending
    assert found.why == (
        "1 of 2 approvals of the change given: it needs two people among `release`, not the requester."
    )
    assert found.remedy == "Comment `/approve` on the change."


def test_one_person_is_one_approval_however_often_it_is_said():
    assert verdict(TWO, yes("ada"), yes("Ada", hours_ago=2), people=IN_TEAM).pending


def test_the_requester_does_not_count_unless_the_rule_says_so():
    text = "rules: [{name: x, require: {approvals: 1%s}}]\nactions: {merge: [x]}"
    assert verdict(text % "", yes("Rosa", "admin")).pending
    assert verdict(text % ", not: []", yes("Rosa", "admin")).approved
    assert verdict(text % ", not: [requester, author]", yes("ola", "admin")).pending
    assert verdict(text % ", not: [author]", yes("ola", "admin"), author=None).pending


def test_an_approval_counts_as_long_as_the_rule_says():
    text = "rules: [{name: x, require: {approvals: 1, expires_hours: 72}}]\nactions: {merge: [x]}"
    assert verdict(text, yes("ada", hours_ago=72)).approved
    found = verdict(text, yes("ada", hours_ago=72.1))
    assert found.pending
    assert "@ada's approval is older than 72 hours." in {each.why for each in walk(found)}


def test_an_empty_group_and_an_empty_list_are_nobody():
    for whom in ("nobody", "[]"):
        text = f"people: {{nobody: {{}}}}\nrules: [{{name: x, require: {{approvals: 1, from: {whom}}}}}]"
        found = verdict(f"{text}\nactions: {{merge: [x]}}", yes("ada", "admin"))
        assert found.pending


def test_a_team_that_could_not_be_looked_up_is_an_error_unless_enough_others_said_yes():
    failing = {"people": {"ada": IN_TEAM["ada"]}, "failed": {"team:acme/release": "the App may not read members"}}
    found = verdict(TWO, yes("bo"), **failing)
    assert found.status is Status.error
    assert found.why == ("Whether @bo is in `acme/release` could not be looked up: the App may not read members.")
    assert verdict(TWO, yes("bo"), yes("ada"), yes("cleo", "admin"), **failing).approved


def test_approvals_of_the_plan_and_of_the_change_are_told_apart():
    text = """
rules:
  - {name: plan seen, require: {approvals: 1, binds: plan}}
  - {name: change seen, require: {approvals: 1}}
actions: {plan: [plan, plan seen], merge: [plan seen, change seen]}
"""
    both = {"plan": (yes("ada"),), "change": (yes("bo"),)}
    assert verdict(text, approvals=both).approved
    assert verdict(text, approvals={"change": (yes("ada"), yes("bo"))}).pending
    assert verdict(text, approvals={"plan": (yes("ada"), yes("bo"))}).pending


OWNED = """
people: {owners: {code_owners: true}}
rules: [{name: owners, require: {approvals: 1, from: owners}}]
actions: {merge: [owners]}
"""
TWO_OWNERS = {
    "paths": ("a.py", "b.py", "c.py"),
    "owners": {"a.py": ("@ada", "@bo"), "b.py": ("@acme/docs",), "c.py": ()},
    "people": {"ada": Person(teams={"acme/docs": False}), "cleo": Person(teams={"acme/docs": True})},
}


def test_every_path_that_has_owners_needs_one_of_them():
    found = verdict(OWNED, yes("ada"), **TWO_OWNERS)
    assert found.pending
    assert found.why.endswith("No owner of `b.py` has approved.")
    assert verdict(OWNED, yes("ada"), yes("cleo"), **TWO_OWNERS).approved


def test_an_owner_without_write_access_is_none():
    assert verdict(OWNED, yes("ada", "triage"), yes("cleo"), **TWO_OWNERS).pending


def test_where_the_owners_cannot_be_read_nothing_is_approved():
    found = verdict(OWNED, yes("ada", "admin"), owners=None, failed={"owners": "line 3 has a backslash"})
    assert found.status is Status.error
    assert "line 3 has a backslash" in found.why


def test_checks_that_a_rule_names_must_be_there_and_green():
    text = "rules: [{name: x, require: {checks: [tests, 'ci/*']}}]\nactions: {merge: [x]}"
    assert verdict(text, checks={"tests": "green", "ci/linux": "green"}).approved
    assert verdict(text, checks={"tests": "green"}).why == "The check `ci/*` was not reported yet."
    assert verdict(text, checks={"tests": "green", "ci/a": "green", "ci/b": "red"}).pending
    assert verdict(text, checks=None).status is Status.error


# Denials --------------------------------------------------------------------------------------------------------


def test_a_denial_wins_over_every_approval():
    text = DOCS + "deny: [{name: frozen, if: {label: [freeze]}}]"
    assert verdict(text, paths=("README.md",)).approved
    found = verdict(text, paths=("README.md",), labels=("freeze",))
    assert found.status is Status.denied
    assert found.why == "The policy denies this (`frozen`): it has the label `freeze`."


def test_a_denial_that_cannot_be_judged_is_a_refusal_and_one_whose_time_comes_later_is_none_yet():
    text = "deny: [{name: frozen, if: {label: [freeze]}}, {name: keys, if: {any_path: ['*.pem']}}]"
    assert verdict(text, labels=None, failed={"labels": "no"}).status is Status.error
    started = verdict(text, action=Action.start, paths=None)
    assert started.approved
    assert "Asked again later: what it touches is not known yet." in {each.why for each in walk(started)}


def test_a_denial_may_be_of_some_actions_only():
    text = "deny: [{name: none, if: {base: ['*']}, actions: [merge]}]"
    assert verdict(text).status is Status.denied
    assert verdict(text, action=Action.ship).approved


# Mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("actions: {merge: [x]}", "1:18: there is no rule `x`"),
        ("actions: {merge: []}", "should have at least 1 item"),
        ("rules: [{name: x}, {name: x}]", "1:27: there is a rule `x` already"),
        ("rules: [{name: change}]", "`change` names the key `change` of this file already"),
        ("actions: {merge: [plan]}", "1:18: `plan` belongs to `actions.plan`"),
        ("actions: {start: [change]}", "1:18: `change` belongs to `actions.merge`"),
        ("people: {write: {}}", "1:17: `write` is a role: it means whoever has it already"),
        ("people: {all: {role: none}}", "`none` would be everybody on GitHub"),
        (
            "rules: [{name: x, require: {approvals: 1, from: [write, them]}}]",
            "1:57: there is no group `them` under `people`, and it is no role",
        ),
        ("rules: [{name: x, if: {requester: [them]}}]", "there is no group `them` under `people`"),
        (
            "rules: [{name: x, if: {lines_over: 3}}]\nactions: {plan: [x]}",
            "2:17: the rule `x` asks for `lines_over`, which is told from `ship` on",
        ),
        (
            "rules: [{name: x, require: {approvals: 1}}]\nactions: {start: [x]}",
            "2:18: the rule `x` asks for approvals, and nobody can approve a start",
        ),
        (
            "rules: [{name: x, require: {approvals: 1, binds: change}}]\nactions: {plan: [x]}",
            "2:17: the rule `x` binds to the change, which there is only at `merge`",
        ),
        (
            "rules: [{name: x, require: {checks: [tests]}}]\nactions: {ship: [x]}",
            "2:17: the rule `x` asks for checks, which there are only at `merge`",
        ),
        (
            "rules: [{name: x, require: {approvals: 1, binds: plan}}]\nactions: {merge: [x]}",
            "2:18: the rule `x` counts approvals of the plan: name it in `actions.plan` too",
        ),
        (
            "deny: [{name: x, if: {lines_over: 3}, actions: [start]}]",
            "1:35: `lines_over` can be told from `ship` on, so this denies nothing",
        ),
        ("deny: [{name: x, if: {}}]", "a denial without a condition would stop everything"),
        ("actions: {merge: [{any_of: [change], all_of: [change]}]}", "say either `any_of` or `all_of`"),
        (
            "actions: {merge: [{any_of: [{any_of: [{any_of: [{any_of: [{any_of: [{any_of: [change]}]}]}]}]}]}]}",
            "`any_of` and `all_of` are nested more than 5 deep",
        ),
        ("people: {a: {teams: [release]}}", "people.a.teams.0"),
        ("rules: [{name: x, if: {any_path: []}}]", "any_path"),
        ("quiet_hours: [{zone: Mars/Olympus}]", "time zone"),
        ("quiet_hours: [{}]", "these hours never end: the bot would do nothing at all"),
        ("quiet_hours: [{from: '25:00'}]", "quiet_hours.0.from"),
        ("limits: {open_pull_requests: 0}", "limits.open_pull_requests"),
    ],
)
def test_a_mistake_in_rules_is_told_with_its_place(text, mistake):
    with pytest.raises(PolicyInvalid) as refused:
        load(text, "f.yml")
    wanted = "f.yml:" + mistake if mistake[0].isdigit() else mistake
    assert wanted in str(refused.value)


def test_only_what_the_policy_asks_for_is_looked_up():
    assert needs(policy(""), Action.merge).keys == frozenset()
    asked = needs(policy(TWO), Action.merge)
    assert (asked.labels, asked.owners, asked.checks, asked.lines) == (False, False, False, False)
    assert asked.teams_of_approvers == {"acme/release"}
    assert needs(policy(OWNED), Action.merge).owners
    assert needs(policy("deny: [{name: x, if: {label: [y]}}]"), Action.plan).labels


def test_the_rules_of_the_simple_keys_are_what_an_action_needs_where_it_says_nothing():
    assert verdict("policy: team") is SIMPLE
    assert verdict("policy: team", action=Action.plan) is SIMPLE
    assert verdict("policy: team", action=Action.ship).why == "No rule asks for anything more."


def walk(found: Result) -> list[Result]:
    return [found, *(inner for child in found.children for inner in walk(child))]
