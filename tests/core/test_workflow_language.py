"""Workflow files: what they say, and every mistake at once, with its line and column."""

import pytest

from core.errors import DocumentInvalid
from core.workflow import Agent, Gate, parse
from jobs.workflows import built_in


def _mistakes(text: str) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        parse(text, "fix.yml")
    return caught.value.mistakes


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_workflow_that_ships_is_valid_and_named_like_its_file(name: str) -> None:
    assert parse(built_in()[name], f"{name}.yml").name == name


def test_a_step_knows_what_it_does() -> None:
    workflow = parse(
        "name: fix\non: {command: fix}\nsteps:\n"
        "  - {id: look, uses: triage}\n"
        "  - {id: change, agent: {role: implementer, prompt: implement}}\n"
        "  - {id: asked, gate: {binds: change}}\n",
        "fix.yml",
    )
    assert workflow.on.command == "fix"
    assert [step.action for step in workflow.steps] == [
        "triage",
        Agent(role="implementer", prompt="implement"),
        Gate(binds="change"),
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "name: Fix It\n"
        "stepz: []\n"
        "steps:\n"
        "  - {id: look, uses: dance}\n"
        "  - {id: two, uses: triage, ship: {}}\n"
        "  - {id: mend, uses: triage, repair: {role: a, prompt: b, attempts: 99}}\n"
    )
    assert _mistakes(text) == [
        "fix.yml:1:7: `name`: string should match pattern '^[a-z][a-z0-9-]{0,39}$'",
        "fix.yml:2:8: unknown key `stepz`; did you mean `steps`?",
        "fix.yml:4:22: `steps.0.uses`: input should be 'triage' or 'research'",
        "fix.yml:5:5: `steps.1`: a step has exactly one of `uses`, `agent`, `check`, `gate`, `ship`, `ready`, `merge`",
        "fix.yml:6:69: `steps.2.repair.attempts`: input should be less than or equal to 10",
    ]


def test_two_steps_of_one_name_and_a_repair_without_a_check_are_mistakes() -> None:
    twice = "name: fix\nsteps:\n  - {id: a, uses: triage}\n  - {id: a, uses: research}\n"
    assert _mistakes(twice) == ["fix.yml:3:3: `steps`: two steps have the id `a`"]
    lone = "name: fix\nsteps:\n  - {id: a, uses: triage, repair: {role: a, prompt: b}}\n"
    assert _mistakes(lone) == ["fix.yml:3:5: `steps.0`: `repair` belongs to a `check`"]


def test_a_file_without_steps_is_a_mistake() -> None:
    assert _mistakes("") == ["fix.yml:1:1: `name`: field required", "fix.yml:1:1: `steps`: field required"]
