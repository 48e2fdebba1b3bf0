"""Rules under every policy that can be written: what no approval, no denial and no order may change."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import SIMPLE, considered, yes

from core.names import Role
from policies.considered import Person, Yes
from policies.deciding import decide
from policies.result import Result, Status
from policies.rules import Actions, Combination, Deny, Group, If, Require, Rule
from policies.schema import BuiltIn, Policy, built_in

PEOPLE = ("ada", "bo", "cleo", "rosa", "ola")
GROUPS = {
    "named": Group(users=("ada", "bo")),
    "team": Group(teams=("acme/release",)),
    "lost": Group(teams=("acme/secret",)),
    "owners": Group(code_owners=True),
    "mixed": Group(role=Role.admin, teams=("acme/secret",), users=("cleo",)),
    "nobody": Group(),
}
"""`acme/secret` cannot be looked up."""

conditions = st.builds(
    If,
    any_path=st.none() | st.just(("src/**",)) | st.just(("docs/**",)),
    lines_over=st.none() | st.sampled_from([5, 50]),
    label=st.none() | st.just(("bug",)) | st.just(("other",)),
    requester=st.none() | st.just(("lost",)) | st.just(("write",)),
)
requirements = st.builds(
    lambda approvals, from_, not_, expires, checks: Require.model_validate(
        {
            "approvals": approvals,
            "from": from_,
            "not": not_,
            "expires_hours": expires,
            "checks": checks,
        }
    ),
    st.integers(0, 3),
    st.lists(st.sampled_from([*GROUPS, "write", "maintain"]), max_size=3, unique=True),
    st.sampled_from([[], ["requester"], ["requester", "author"]]),
    st.sampled_from([None, 24]),
    st.sampled_from([[], ["tests"], ["ci"]]),
)
NAMES = ("one", "two", "three")
needed = st.recursive(
    st.sampled_from([*NAMES, "change"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([Combination(any_of=tuple(parts)), Combination(all_of=tuple(parts))])
    ),
    max_leaves=6,
)
denials = st.lists(
    st.builds(
        lambda name, label, path: Deny.model_validate({"name": name, "if": {"label": [label], "any_path": [path]}}),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["bug", "other"]),
        st.sampled_from(["src/**", "docs/**"]),
    ),
    max_size=2,
)


def a_rule(name: str, condition: If, require: Require) -> Rule:
    return Rule.model_validate({"name": name, "if": condition, "require": require})


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = tuple(a_rule(name, draw(conditions), draw(requirements)) for name in NAMES)
    merge = tuple(draw(st.lists(needed, min_size=1, max_size=3)))
    update: dict[str, Any] = {
        "people": GROUPS,
        "rules": rules,
        "deny": tuple(draw(denials)),
    }
    return built_in(BuiltIn.team).model_copy(update={**update, "actions": Actions(merge=merge)})


approvals = st.lists(
    st.builds(
        yes,
        st.sampled_from(PEOPLE),
        st.sampled_from([role.value for role in Role]),
        hours_ago=st.sampled_from([1, 30]),
        void=st.sampled_from([None, "edited"]),
    ),
    max_size=5,
)
facts = st.fixed_dictionaries(
    {},
    optional={
        "labels": st.sampled_from([None, (), ("bug",)]),
        "paths": st.sampled_from([("src/a.py",), ("docs/a.md",), ("src/a.py", "docs/a.md")]),
        "added": st.sampled_from([None, 1, 100]),
        "owners": st.sampled_from([None, {"src/a.py": ("@ada",)}, {"src/a.py": ("@acme/release",)}]),
        "checks": st.sampled_from([None, {"tests": "green", "ci": "red"}, {"tests": "green", "ci": "green"}]),
    },
)
simple = st.sampled_from(
    [
        SIMPLE,
        Result("change", Status.approved, "Approved."),
        Result("change", Status.denied, "No."),
    ]
)


def known(given_: list[Yes], more: dict[str, Any]) -> Any:
    inside = {"acme/release": True}
    people = {
        login: Person(
            role=Role.write,
            teams=inside if login in {"bo", "ola"} else {"acme/release": False},
        )
        for login in PEOPLE
    }
    failed = {"team:acme/secret": "the App may not read members"}
    return considered(
        **{
            "people": people,
            "failed": failed,
            "approvals": {"change": tuple(given_)},
            **more,
        }
    )


def status(policy: Policy, given_: list[Yes], more: dict[str, Any], built: Result) -> Status:
    return decide(policy, known(given_, more), {"change": built}).status


@st.composite
def decisive(draw: st.DrawFn) -> Policy:
    """A policy with one rule, which asks for people and lets most approvals count, under which they alone decide."""
    require = {
        "approvals": draw(st.integers(1, 3)),
        "from": draw(st.lists(st.sampled_from([*GROUPS, "write"]), min_size=1, max_size=3, unique=True)),
        "not": draw(st.sampled_from([[], ["requester"]])),
    }
    rule = a_rule("one", If(), Require.model_validate(require))
    return built_in(BuiltIn.team).model_copy(
        update={"people": GROUPS, "rules": (rule,), "actions": Actions(merge=("one",))}
    )


one_by_one = st.lists(
    st.builds(
        yes,
        st.sampled_from(PEOPLE),
        st.sampled_from(["write", "admin"]),
        void=st.sampled_from([None, "edited"]),
    ),
    min_size=3,
    max_size=7,
)


def stays_approved(policy: Policy, given_: list[Yes], more: dict[str, Any], built: Result) -> None:
    """Approvals come one after the other; from the first that is enough on, it is approved."""
    came = [status(policy, given_[:count], more, built) is Status.approved for count in range(len(given_) + 1)]
    assert came == sorted(came)


@given(policies(), approvals, approvals, facts, simple)
def test_an_added_approval_never_un_approves(policy, given_, more, seen, built):
    stays_approved(policy, given_ + more, seen, built)


@settings(max_examples=200)
@given(decisive(), one_by_one, facts)
def test_an_added_approval_never_un_approves_where_approvals_alone_decide(policy, given_, seen):
    stays_approved(policy, given_, seen, SIMPLE)


@given(policies(), approvals, facts, simple, denials)
def test_an_added_denial_never_allows(policy, given_, seen, built, more):
    if status(policy, given_, seen, built) is not Status.approved:
        denying = policy.model_copy(update={"deny": (*policy.deny, *more)})
        assert status(denying, given_, seen, built) is not Status.approved


@given(
    st.sampled_from([("one",), ("change",), ("one", "change")]),
    st.sampled_from([If(label=("bug",)), If(label=("other",)), If(any_path=("docs/**",))]),
    st.integers(0, 1),
    facts,
    simple,
    denials,
    denials,
)
def test_an_added_denial_never_allows_where_little_else_decides(merge, condition, count, seen, built, before, more):
    require = Require.model_validate({"approvals": count, "from": ["write"]})
    rules = (a_rule("one", condition, require),)
    policy = built_in(BuiltIn.team).model_copy(
        update={
            "people": GROUPS,
            "rules": rules,
            "deny": tuple(before),
            "actions": Actions(merge=merge),
        }
    )
    if status(policy, [], seen, built) is not Status.approved:
        denying = policy.model_copy(update={"deny": (*before, *more)})
        assert status(denying, [], seen, built) is not Status.approved


@given(policies(), approvals, facts, simple, st.randoms(use_true_random=False))
def test_the_order_of_rules_people_and_approvals_does_not_matter(policy, given_, seen, built, random):
    def shuffled(parts: Any) -> Any:
        mixed = [
            Combination(**{key: shuffled(value) for key, value in part if value is not None})
            if isinstance(part, Combination)
            else part
            for part in parts
        ]
        random.shuffle(mixed)
        return tuple(mixed)

    other = policy.model_copy(
        update={
            "rules": shuffled(policy.rules),
            "deny": shuffled(policy.deny),
            "people": dict(shuffled(policy.people.items())),
            "actions": Actions(merge=shuffled(policy.actions.merge)),
        }
    )
    assert status(policy, given_, seen, built) is status(other, list(shuffled(given_)), seen, built)


@given(policies(), approvals, facts)
def test_nothing_is_approved_that_rests_on_a_doubt_alone(policy, given_, seen):
    """With every fact unknown and every team unreadable, only what asks for nothing of it may hold."""
    lost = {
        "labels": None,
        "paths": None,
        "added": None,
        "owners": None,
        "checks": None,
    }
    dark = known([], {**seen, **lost, "people": {}})
    found = decide(policy, dark, {"change": Result("change", Status.error, "Nobody knows.")})
    if found.status is Status.approved:
        assert any(
            not rule.if_.said() and not rule.require.approvals and not rule.require.checks for rule in policy.rules
        )


@given(policies(), approvals, facts, simple)
def test_a_change_is_never_approved_where_a_denial_holds_or_is_in_doubt_and_no_denial_is_ever_a_yes(
    policy, given_, seen, built
):
    found = decide(policy, known(given_, seen), {"change": built})
    denying = {one.status for one in found.children if one.name.startswith("deny: ")}
    assert denying <= {Status.denied, Status.error, Status.skipped}
    if denying & {Status.denied, Status.error}:
        assert found.refused


@given(requirements, approvals, approvals, facts)
def test_an_added_approval_never_un_approves_one_rule(require, given_, more, seen):
    alone = built_in(BuiltIn.team).model_copy(
        update={
            "people": GROUPS,
            "rules": (a_rule("one", If(), require),),
            "actions": Actions(merge=("one",)),
        }
    )
    if status(alone, given_, seen, SIMPLE) is Status.approved:
        assert status(alone, given_ + more, seen, SIMPLE) is Status.approved


@settings(max_examples=30)
@given(denials, st.sampled_from([If(label=("other",)), If(any_path=("docs/**",))]), approvals)
def test_where_no_rule_applies_a_denial_that_does_not_hold_allows_nothing(denying, condition, given_):
    rules = tuple(a_rule(name, condition, Require(approvals=0)) for name in NAMES)
    policy = built_in(BuiltIn.team).model_copy(
        update={"people": GROUPS, "rules": rules, "deny": tuple(denying), "actions": Actions(merge=NAMES[:2])}
    )
    harmless = {"labels": (), "paths": ("lib/a.py",), "owners": {}}
    found = decide(policy, known(given_, harmless), {"change": SIMPLE})
    assert (found.status, found.why) == (Status.error, "No rule applies here, so nothing is allowed.")


owned = st.dictionaries(
    st.sampled_from(["src/a.py", "src/b.py", "docs/a.md"]),
    st.lists(st.sampled_from(["@ada", "@bo", "@cleo", "@acme/release"]), max_size=4, unique=True).map(tuple),
    min_size=1,
)
MEMBERS = {"@acme/release": "bo"}


@settings(max_examples=60)
@given(owned, st.data())
def test_one_owner_of_each_path_is_enough_however_many_it_has(owners, data):
    chosen = {data.draw(st.sampled_from(of)) for of in owners.values() if of}
    given_ = [yes(MEMBERS.get(one, one.removeprefix("@"))) for one in sorted(chosen)]
    seen = {"owners": owners, "paths": tuple(owners)}
    require = Require.model_validate({"approvals": 1, "from": ["owners"]})
    policy = built_in(BuiltIn.team).model_copy(
        update={"people": GROUPS, "rules": (a_rule("one", If(), require),), "actions": Actions(merge=("one",))}
    )
    if given_:
        assert status(policy, given_, seen, SIMPLE) is Status.approved
    for path, of in owners.items():
        theirs = {MEMBERS.get(one, one.removeprefix("@")) for one in of}
        others = [one for one in given_ if one.by not in theirs]
        if of:
            assert status(policy, others, seen, SIMPLE) is not Status.approved, f"nobody of {path}"
