"""Workflow files: what they say, and every mistake at once, with its line and column."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DocumentInvalid
from core.workflow import Agent, Gate, Run, Ship, Wait, parse
from core.workflow.file import KNOWN
from jobs.workflows import built_in


def _mistakes(text: str) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        parse(text, "fix.yml")
    return caught.value.mistakes


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_workflow_that_ships_is_valid_and_named_like_its_file(name: str) -> None:
    assert parse(built_in()[name], f"{name}.yml").name == name


def _steps(*rows: str, head: str = "") -> str:
    return "name: fix\n" + head + "steps:\n" + "".join(f"  - {row}\n" for row in rows)


CHANGE = "{id: change, agent: {role: implementer, prompt: implement}}"


def test_a_step_knows_what_it_does() -> None:
    text = _steps(
        "{id: look, uses: triage}",
        CHANGE,
        "{id: ship, ship: {}}",
        "{id: asked, gate: {binds: change}}",
        "{id: lint, run: make lint}",
        "{id: pause, wait: 5m}",
        head="on: {command: fix}\n",
    )
    workflow = parse(text, "fix.yml")
    assert workflow.on.command == "fix"
    assert [step.action for step in workflow.steps] == [
        "triage",
        Agent(role="implementer", prompt="implement"),
        Ship(),
        Gate(binds="change"),
        Run(script="make lint"),
        Wait(time=300),
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "name: Fix It\n"
        "stepz: []\n"
        "steps:\n"
        "  - {id: look, uses: dance}\n"
        "  - {id: two, uses: triage, wait: 10x}\n"
        "  - {id: mend, uses: triage, repair: {role: a, attempts: 99}}\n"
    )
    assert _mistakes(text) == [
        "fix.yml:1:7: `name`: string should match pattern '^[a-z][a-z0-9-]{0,39}$'",
        "fix.yml:2:8: unknown key `stepz`; did you mean `steps`?",
        "fix.yml:4:22: there is no step `dance` to use",
        "fix.yml:5:35: `steps.1.wait.time`: a duration is written as `90s`, `10m`, `2h` or `1d`",
        "fix.yml:6:58: `steps.2.repair.attempts`: input should be less than or equal to 10",
    ]


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("{id: a, uses: triage, wait: 1m}", "3:5: `steps.0`: a step has exactly one of `uses`, `agent`, `run`, "),
        ("{id: a}", "3:5: `steps.0`: a step has exactly one of `uses`, `agent`, `run`, "),
        ("{id: a, uses: triage, repair: {role: a}}", "3:5: `steps.0`: `repair` belongs to a step with `check`"),
        ("{id: a, wait: 1m, with: {b: c}}", "3:5: `steps.0`: `with` belongs to a step with `agent`"),
        ("{id: a, github: {}}", "3:21: `steps.0.github`: say what is to be done: `comment`, `label`, "),
        ("{id: a, agent: {role: b}}", "3:20: `steps.0.agent`: an agent is told what to do either by `prompt` or by"),
        ("{id: a, run: x, retry: {attempts: 1}}", "3:39: `steps.0.retry.attempts`: input should be greater than or"),
        ("{id: a, run: x, env: {1A: b}}", "3:31: `steps.0.env.1A.[key]`: string should match pattern"),
    ],
)
def test_a_step_does_one_thing_and_has_only_keys_that_mean_something_to_it(row: str, mistake: str) -> None:
    (found,) = _mistakes(_steps(row))
    assert found.startswith(f"fix.yml:{mistake}")


# What steps take from one another -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("{id: a, gate: {binds: plan}}", "3:5: `gate` needs an `agent` with `output: Plan` before it"),
        ("{id: a, gate: {binds: change}}", "3:5: `gate` needs a `ship` before it"),
        ("{id: a, ship: {}}", "3:5: `ship` needs a `title`, or an `agent` that changes the tree before it"),
        ("{id: a, merge: {}}", "3:5: `merge` needs a `ship` before it"),
        ("{id: a, when: '${{ steps.b.ok }}', run: x}", "3:19: there is no step `b` before this one"),
        ("{id: a, when: '${{ step.a.ok }}', run: x}", "3:19: `step` is not known here; did you mean `steps`?"),
        ("{id: a, when: '${{ inputs.tsk }}', run: x}", "3:19: there is no input `tsk`"),
        ("{id: a, when: '${{ error.why }}', run: x}", "3:19: `error` is not known here"),
        ("{id: a, when: '${{ 1 +', run: x}", "3:19: `${{ 1 +` begins an expression that has no end: "),
        ("{id: a, when: '${{ 1 | shell }}', run: x}", "3:19: `${{ 1 | shell }}`: No filter named 'shell'."),
        (
            "{id: a, run: 'echo ${{ subject.title }}'}",
            "3:18: values reach a command as environment variables: put this under `env`",
        ),
        (
            "{id: a, agent: {role: b, task: 'Do ${{ subject.title }}'}}",
            "3:36: values reach an agent apart from its task, as text from outside: put this under `with`",
        ),
        (
            "{id: a, write: {path: '${{ subject.title }}', content: x}}",
            "3:27: no value chooses a path: write it out",
        ),
        (
            "{id: a, github: {label: [bug, '${{ subject.title }}']}}",
            "3:35: no value chooses a label or a person: write it out",
        ),
        ("{id: a, github: {comment: 'So: ${{ steps.z }}.'}}", "3:31: there is no step `z` before this one"),
    ],
)
def test_every_name_stands_for_something_that_is_there_by_then(row: str, mistake: str) -> None:
    (found,) = _mistakes(
        _steps(row, "{id: b, run: y}", head="inputs: {task: {}}\n").replace("inputs: {task: {}}\n", "")
    )
    assert found.startswith(f"fix.yml:{mistake.replace('; did you mean `task`?', '')}")


def test_an_input_that_is_nearly_named_right_is_suggested() -> None:
    text = _steps("{id: a, run: x, env: {T: '${{ inputs.tsk }}'}}", head="inputs: {task: {type: string}}\n")
    assert _mistakes(text) == ["fix.yml:4:30: there is no input `tsk`; did you mean `task`?"]


def test_a_hyphen_in_an_id_is_an_underscore_in_an_expression() -> None:
    text = _steps("{id: look-up, run: x}", "{id: then, run: y, env: {FOUND: '${{ steps.look_up.output }}'}}")
    assert [step.id for step in parse(text, "fix.yml").steps] == ["look-up", "then"]


def test_two_steps_of_one_id_are_a_mistake_wherever_they_stand() -> None:
    text = _steps("{id: a, run: x, on_failure: [{id: b, run: y}]}", "{id: b, run: z}")
    assert _mistakes(text) == ["fix.yml:4:10: two steps have the id `b`"]


def test_why_something_failed_is_known_where_that_is_dealt_with() -> None:
    text = _steps("{id: a, run: x, on_failure: [{id: b, run: y, env: {WHY: '${{ error.why }}'}}]}")
    assert parse(text, "fix.yml").steps[0].on_failure[0].env == {"WHY": "${{ error.why }}"}


# Files ----------------------------------------------------------------------------------------------------------


def test_a_file_without_steps_is_a_mistake() -> None:
    assert _mistakes("") == ["fix.yml:1:1: `name`: field required", "fix.yml:1:1: `steps`: field required"]
    assert _mistakes("[1, 2]")[0].startswith("fix.yml:1:1: ")
    assert _mistakes("name: fix\nsteps: 7\n") == ["fix.yml:2:8: `steps`: input should be a valid tuple"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(sorted(KNOWN)),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(KNOWN)) | st.text(), inner, max_size=6)
        ),
        max_leaves=30,
    )
)
def test_whatever_shape_a_file_has_it_is_a_workflow_or_a_list_of_mistakes(value: object) -> None:
    mistakes: list[str] = []
    try:
        parse(json.dumps(value), "any.yml")
    except DocumentInvalid as error:
        mistakes = error.mistakes
    assert all(re.match(r"any\.yml:\d+:\d+: ", line) for line in mistakes)
