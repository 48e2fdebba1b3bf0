"""Every example of a rule in the documentation decides what its comment says, and the tables are those of the code."""

from datetime import UTC, datetime
from typing import Any

import pytest
from docs_pages import DOCS, blocks, rows

from core.names import Role
from policies.conditions import NEEDS
from policies.considered import Considered, Person, Yes
from policies.result import Status
from policies.rules import Action, Group, If, Require
from policies.schema import load
from policies.simulating import facts, simulate

POLICY = DOCS / "policy.md"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXAMPLES = {
    block.text.splitlines()[1].removeprefix("# "): block.text
    for block in blocks(POLICY, "yaml")
    if block.text.startswith("# .github/pullwright.yml\n# ")
}
TEAMS = {"acme/devtools": ("tom",), "acme/security": ("sam",)}
PEOPLE = {
    login: Person(role=Role.write, teams={team: login in members for team, members in TEAMS.items()})
    for login in ("ada", "bo", "rosa", "tom", "sam", "dora", "otto")
}
ADA, BO, ADMIN = ("ada", "write"), ("bo", "maintain"), ("root", "admin")

VERDICTS: dict[str, list[tuple[dict[str, Any], list[tuple[str, str]], str]]] = {
    "a team approves, but not what only touches staging": [
        ({}, [ADA], "pending"),
        ({}, [("tom", "read")], "approved"),
        ({"paths": ("staging/a.yml",)}, [], "approved"),
    ],
    "settings and templates take a maintainer besides": [
        ({}, [ADA], "approved"),
        ({"paths": ("config/a.yml",)}, [ADA], "pending"),
        ({"paths": ("server/views/x/a.tmpl",)}, [ADA, BO], "approved"),
    ],
    "what leaves the migrations alone needs nobody": [
        ({}, [], "approved"),
        ({"paths": ("src/a.py", "db/migrations/1.sql")}, [], "pending"),
        ({"paths": ("src/a.py", "db/migrations/1.sql")}, [ADA], "approved"),
    ],
    "what a maintainer asked for needs nobody else": [
        ({}, [], "pending"),
        ({"requester": "ada"}, [], "approved"),
        ({"people": {"rosa": Person(role=Role.maintain)}}, [], "approved"),
    ],
    "release branches take two": [
        ({}, [ADA], "approved"),
        ({"base": "release/2"}, [ADA, BO], "pending"),
        ({"base": "release/2"}, [("cleo", "admin"), BO], "approved"),
    ],
    "small changes need nobody, large ones two": [
        ({}, [], "approved"),
        ({"added": 100}, [], "pending"),
        ({"added": 100}, [ADA], "approved"),
    ],
    "a label asks for the security team": [
        ({}, [ADA], "approved"),
        ({"labels": ("security",)}, [ADA], "pending"),
        ({"labels": ("security",)}, [ADA, ("sam", "write")], "approved"),
    ],
    "green checks are part of the approval": [
        ({"checks": {"tests": "green", "ci/a": "green"}}, [ADA], "approved"),
        ({"checks": {"tests": "green"}}, [ADA], "pending"),
        ({"checks": {"tests": "green", "ci/a": "red"}}, [ADA], "pending"),
    ],
    "titles and repositories choose rules": [
        ({"title": "Revert the new total"}, [], "approved"),
        ({}, [], "pending"),
        ({"title": "Revert the new total", "repository": "other/shop"}, [], "pending"),
    ],
    "the requester may approve": [
        ({}, [("rosa", "write")], "approved"),
        ({}, [("rosa", "triage")], "pending"),
    ],
    "one of several ways, one of them of two parts": [
        ({}, [("dora", "write")], "pending"),
        ({}, [("dora", "write"), ("otto", "write")], "approved"),
        ({}, [ADMIN], "approved"),
    ],
    "some may say no for good": [
        ({}, [ADA], "approved"),
        ({"labels": ("do not merge",)}, [ADA, BO, ADMIN], "denied"),
    ],
}


def known(approvals: list[tuple[str, str]], more: dict[str, Any]) -> Considered:
    yeses = tuple(Yes(by=login, role=Role(role), at=NOW) for login, role in approvals)
    told: dict[str, Any] = {
        "repository": "acme/shop",
        "workflow": "implement",
        "requester": "rosa",
        "author": "ola",
        "title": "Mend the total",
        "labels": (),
        "paths": ("src/a.py",),
        "added": 10,
        "deleted": 2,
        "binary": (),
        "stranger_text": False,
        "people": PEOPLE,
        **more,
    }
    return Considered(action=Action.merge, now=NOW, approvals={"change": yeses}, **told)


def test_every_example_has_its_verdicts():
    assert set(EXAMPLES) == set(VERDICTS)


@pytest.mark.parametrize(
    ("name", "more", "approvals", "status"),
    [(name, *each) for name, several in VERDICTS.items() for each in several],
)
def test_an_example_decides_what_it_says(name, more, approvals, status):
    found = simulate(load(EXAMPLES[name], "policy.yml"), known(approvals, more))
    assert found.status == Status(status), found.why


def test_the_conditions_requirements_and_groups_are_those_of_the_code():
    conditions = rows(POLICY, "key of `if`", "holds where", "told from")
    assert [(row[0].strip("`"), row[2].strip("`")) for row in conditions] == [
        (key, NEEDS.get(key, Action.start)) for key in If.model_fields
    ]
    required = rows(POLICY, "key of `require`", "default", "means")
    assert [row[0].strip("`") for row in required] == [
        field.alias or name for name, field in Require.model_fields.items()
    ]
    assert [row[0].strip("`") for row in rows(POLICY, "key of a group", "means")] == list(Group.model_fields)


def test_the_facts_that_the_page_shows_can_be_simulated():
    (text,) = [block.text for block in blocks(POLICY, "yaml") if block.text.startswith("# facts.yml\n")]
    rules = next(
        block.text for block in blocks(POLICY, "yaml") if "only documentation" in block.text and "deny" in block.text
    )
    seen = facts(text, "facts.yml", {"now": NOW})
    found = simulate(load(rules, "policy.yml"), seen)
    assert found.status is Status.pending
    approved = seen.model_copy(update={"approvals": {"change": (Yes(by="bo", role=Role.write, at=NOW),)}})
    assert simulate(load(rules, "policy.yml"), approved).approved
