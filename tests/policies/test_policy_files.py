"""`.github/pullwright.yml`: what a file means, and how its mistakes are shown."""

import pytest

from core.errors import PolicyInvalid
from core.names import Role
from policies.schema import BuiltIn, Wait, built_in, effective, load, of_owners
from policies.tightening import STRICTNESS

FILE = ".github/pullwright.yml"


def mistakes(text: str, **more) -> list[str]:
    with pytest.raises(PolicyInvalid) as raised:
        load(text, FILE, **more)
    return str(raised.value).splitlines()[1:]


@pytest.mark.parametrize(
    ("name", "wait", "files", "cost", "approvals", "role", "requester", "merge"),
    [
        (BuiltIn.solo, Wait.when_risky, 5, 1, 1, Role.admin, True, "person"),
        (BuiltIn.team, Wait.when_risky, 5, None, 1, Role.write, False, "person"),
        (BuiltIn.open_source, Wait.always, 5, 1, 1, Role.maintain, False, "person"),
        (BuiltIn.strict, Wait.always, 5, 1, 2, Role.write, False, "bot"),
    ],
)
def test_the_built_in_policies_say_what_the_documentation_says(
    name, wait, files, cost, approvals, role, requester, merge
):
    policy = built_in(name)
    assert policy.policy is name
    assert (policy.plan.wait, policy.plan.files_over, policy.plan.cost_over_usd) == (wait, files, cost)
    change = policy.change
    assert (change.approvals, change.from_, change.requester_may_approve) == (approvals, role, requester)
    assert policy.merge == merge


def test_without_a_file_a_persons_repository_is_solo_and_an_organisations_is_team():
    assert effective(None, None, owner_is_organisation=False).policy == built_in(BuiltIn.solo)
    found = effective(None, None, owner_is_organisation=True)
    assert found.policy == built_in(BuiltIn.team)
    assert found.source == "no file: built-in policy `team`"


def test_an_empty_file_changes_nothing():
    assert load("", FILE) == built_in(BuiltIn.team)
    assert load("# nothing yet\n", FILE, start_from=BuiltIn.solo) == built_in(BuiltIn.solo)


def test_a_file_starts_from_the_policy_that_it_names_and_says_what_is_different():
    policy = load("policy: strict\nplan: {files_over: 2}\nmerge: person\n", FILE)
    assert policy.plan.files_over == 2
    assert policy.plan.wait is Wait.always
    assert (policy.change.approvals, policy.merge) == (2, "person")


def test_checks_and_setup_are_read():
    policy = load(
        """
checks:
  tests: {run: "pytest -q", tests: ["tests/**"], select: 'pytest -q "$@"'}
setup: ["python3 -m venv /deps/venv"]
""",
        FILE,
    )
    assert policy.checks["tests"].run == "pytest -q"
    assert policy.checks["tests"].select == 'pytest -q "$@"'
    assert policy.setup == ("python3 -m venv /deps/venv",)


def test_every_mistake_is_shown_at_once_with_line_and_column():
    text = """version: 2
policy: teem
plan: {wait: sometimes, files_over: -1}
change:
  from: triage
limitz: {}
"""
    assert mistakes(text) == [
        ".github/pullwright.yml:1:10: `version`: input should be 1",
        ".github/pullwright.yml:2:9: `policy`: input should be 'solo', 'team', 'open-source' or 'strict'",
        ".github/pullwright.yml:3:14: `plan.wait`: input should be 'never', 'when-risky' or 'always'",
        ".github/pullwright.yml:3:37: `plan.files_over`: input should be greater than or equal to 0",
        ".github/pullwright.yml:5:9: `change.from`: approvals come from `write`, `maintain` or `admin`",
        ".github/pullwright.yml:6:9: unknown key `limitz`; did you mean `limits`?",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("- a\n- b\n", ":1:1: the file must be a mapping of keys to values"),
        ("plan: {wait: always\n", ":2:1: expected ',' or '}', but got '<stream end>'"),
        ("merge: bot\nmerge: person\n", ":2:1: the key `merge` stands here twice"),
        ("a: &x 1\nb: *x\n", ":1:4: aliases (`*name`) are not allowed"),
        ("plan: team\n", ":1:7: `plan`: input should be a valid dictionary or instance of PlanGate"),
        ("requesters: none\n", ":1:13: `requesters`: a requester needs at least the role `read`"),
        ("change: {approvals: 0}\n", ":1:21: `change.approvals`: input should be greater than or equal to 1"),
        ("change: {from_: write}\n", ":1:17: unknown key `from_`; did you mean `from`?"),
        ("protected: ['!a']\n", ":1:13: `protected.0`: the glob `!a` begins with `!`: a list of paths only adds"),
        (
            "protected: ['a*b*c*d*e*f']\n",
            ":1:13: `protected.0`: the glob `a*b*c*d*e*f` has more than 4 wildcards in one part",
        ),
        ("plan: {risky: ['#a']}\n", ":1:16: `plan.risky.0`: the glob `#a` begins with `#`: a list of paths only adds"),
        ("checks: {tests: {run: ''}}\n", ":1:23: `checks.tests.run`: string should have at least 1 character"),
        ("policy: [team]\n", ":1:9: `policy`: input should be 'solo', 'team', 'open-source' or 'strict'"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(text, mistake):
    found = mistakes(text)
    assert any(line == FILE + mistake for line in found), found


def test_a_repository_may_tighten_the_operators_policy():
    found = effective("policy: team\n", "change: {approvals: 2}\nmerge: person\nlimits: {files: 3}\n", True)
    assert found.policy.change.approvals == 2
    assert found.policy.limits.files == 3


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ("merge: bot", "1:8", "`merge: bot` is looser than the operator's `person`"),
        ("plan: {wait: never}", "1:14", "`plan.wait: never` is looser than the operator's `when-risky`"),
        ("plan: {files_over: 6}", "1:20", "`plan.files_over: 6` is looser than the operator's `5`"),
        ("plan: {files_over: null}", "1:20", "`plan.files_over: null` is looser than the operator's `5`"),
        (
            "change: {requester_may_approve: true}",
            "1:33",
            "`change.requester_may_approve: true` is looser than the operator's `false`",
        ),
        ("limits: {run_cost_usd: 99}", "1:24", "`limits.run_cost_usd: 99.0` is looser than the operator's `2.5`"),
        ("requesters: read", "1:13", "`requesters: read` is looser than the operator's `triage`"),
    ],
)
def test_a_loosening_is_an_error_that_names_its_line(written, place, says):
    with pytest.raises(PolicyInvalid) as raised:
        effective("policy: team\n", written + "\n", True)
    assert str(raised.value) == f"{FILE} loosens the operator's policy:\n{FILE}:{place}: {says}"


def test_naming_a_looser_built_in_cannot_loosen_what_the_operator_asks():
    operator = "policy: strict\nlimits: {run_cost_usd: 1}\nprotected: [secret/**]\n"
    found = effective(operator, "policy: solo\n", False).policy
    assert found.change.approvals == 2
    assert not found.change.requester_may_approve
    assert found.plan.wait is Wait.always
    assert found.limits.run_cost_usd == 1
    assert "secret/**" in found.protected


def test_a_repository_adds_to_the_operators_protected_paths_and_takes_none_away():
    found = effective("protected: [a/**]\n", "protected: [b/**]\n", True).policy
    assert found.protected == ("a/**", "b/**")


def test_the_operators_broken_file_is_named():
    with pytest.raises(PolicyInvalid, match=r"the operator's policy:1:1: the key `a` stands here twice|unknown key"):
        effective("a: 1\n", None, True)


def test_the_digest_is_that_of_what_the_files_mean_and_not_of_their_words():
    one = effective(None, "policy: team\n", True)
    assert one.digest == effective(None, "# a comment\npolicy: 'team'\n", True).digest
    assert one.digest != effective(None, "policy: team\nmerge: bot\n", True).digest


def test_every_number_and_choice_of_the_gates_and_limits_has_a_direction():
    policy = built_in(BuiltIn.team).model_dump(mode="json", by_alias=True)
    keys = {(section, key) for section in ("plan", "change", "limits") for key in policy[section]}
    assert keys - {("plan", "risky")} <= set(STRICTNESS)


def test_an_owners_file_is_named_in_its_mistakes_and_tightens_the_operators_like_any_other():
    name = "acme/.github/pullwright.yml"
    with pytest.raises(PolicyInvalid) as raised:
        effective("policy: team\n", "requesters: read\n", True, name)
    assert str(raised.value).startswith(f"{name} loosens the operator's policy:\n{name}:1:13: ")
    assert effective(None, "policy: team\n", True, name).source == f"`{name}`, starting from `team`"
    assert effective(None, "policy: team\n", True, name).digest == effective(None, "policy: team\n", True).digest


def test_in_the_owners_repository_what_counts_for_all_others_is_protected_whatever_its_policy_says():
    plain = effective(None, "protected: [secret/**]\n", True)
    found = of_owners(plain)
    assert found.policy.protected == ("secret/**", "/pullwright.yml", "/pullwright/**")
    assert (found.source, found.digest == plain.digest) == (plain.source, False)
    assert of_owners(found) == found
