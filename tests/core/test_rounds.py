"""A gate sends a run back: the steps from there on are done once more, under ids of their own."""

import json

import pytest
import yaml

from core.errors import DocumentInvalid
from core.workflow import parse
from core.workflow.rounds import base_of, looks_at_content, next_round, round_of, unrolled, wishes_for
from core.workflow.steps import Step

WORKFLOW = """
name: two-gates
steps:
  - {id: plan, agent: {role: architect, prompt: plan, output: Plan, writes: false}}
  - {id: agreed, gate: {binds: plan, revise: plan}}
  - {id: change, agent: {role: implementer, prompt: implement}}
  - {id: tests, check: {uses: tests}, repair: {role: implementer}}
  - {id: ship, ship: {}}
  - {id: approved, gate: {binds: change, revise: change}}
  - {id: merge, merge: {}}
"""
STEPS = parse(WORKFLOW, "two-gates.yml").steps


def back(number: int) -> dict[str, object]:
    return {"revised": number, "feedback": {"remarks": [{"author": "ada", "text": f"round {number}"}]}}


def ids(outputs: dict[str, object]) -> list[str]:
    return [step.id for step in unrolled(STEPS, outputs)]


def test_a_run_that_nobody_sends_back_does_the_steps_of_its_file():
    assert ids({}) == [step.id for step in STEPS]
    assert ids({"agreed": {"digest": "x"}, "approved": {"digest": "y"}}) == [step.id for step in STEPS]


def test_behind_a_gate_that_sent_it_back_come_the_steps_from_there_to_the_gate_once_more():
    assert ids({"approved": back(2)}) == [
        *("plan", "agreed", "change", "tests", "ship", "approved"),
        *("change~2", "tests~2", "ship~2", "approved~2"),
        "merge",
    ]


def test_each_gate_counts_its_own_rounds():
    outputs = {"agreed": back(2), "agreed~2": back(3), "approved": back(2)}
    assert ids(outputs) == [
        *("plan", "agreed", "plan~2", "agreed~2", "plan~3", "agreed~3"),
        *("change", "tests", "ship", "approved", "change~2", "tests~2", "ship~2", "approved~2"),
        "merge",
    ]


def test_a_merge_sends_the_run_back_over_its_gate_and_every_round_has_a_number_of_its_own():
    from_tests = {"revised": 3, "back_to": "tests"}
    outputs: dict[str, object] = {"approved": back(2), "approved~2": {"digest": "x"}, "merge": from_tests}
    once = [
        *("plan", "agreed", "change", "tests", "ship", "approved", "change~2", "tests~2", "ship~2", "approved~2"),
        *("merge", "tests~3", "ship~3", "approved~3", "merge~3"),
    ]
    assert ids(outputs) == once
    assert ids({**outputs, "approved~3": back(4)}) == [
        *once[:-1],
        *("change~4", "tests~4", "ship~4", "approved~4", "merge~3"),
    ]
    steps = unrolled(STEPS, {**outputs, "approved~3": back(4)})
    merge = next(step for step in steps if step.id == "merge~3")
    assert next_round(merge, "tests", steps) == 5
    assert wishes_for("tests~3", steps, outputs) == from_tests


def test_a_record_that_goes_back_to_no_step_goes_on():
    assert ids({"approved": {"revised": 2, "back_to": "nowhere"}}) == [step.id for step in STEPS]


@pytest.mark.parametrize(
    ("steps", "looks"),
    [
        (["change", "tests", "review", "ship", "approved"], "tests"),
        (["change", "ship", "approved"], "ship"),
        (["ship", "approved"], "ship"),
        (["change", "tests", "write", "ship", "approved"], "ship"),
        (["change", "approved"], None),
    ],
)
def test_a_change_that_others_made_is_looked_at_from_behind_what_makes_changes(steps: list[str], looks: str | None):
    known = {
        "change": "agent: {role: implementer, prompt: implement}",
        "tests": "check: {uses: tests}, repair: {role: implementer}",
        "review": "agent: {role: reviewer, prompt: review, output: Opinion, writes: false}",
        "write": 'write: {path: a, content: ""}',
        "ship": "ship: {title: A title}",
        "approved": "gate: {binds: change}",
    }
    made = tuple(Step.model_validate({"id": one, **yaml.safe_load(f"{{{known[one]}}}")}) for one in steps)
    assert looks_at_content(made[-1], made) == looks


def test_unrolling_again_makes_nothing_twice():
    once = unrolled(STEPS, {"approved": back(2)})
    assert unrolled(once, {"approved": back(2)}) == once
    assert [step.id for step in unrolled(once, {"approved": back(2), "approved~2": back(3)})][-5:-1] == [
        *("change~3", "tests~3", "ship~3", "approved~3"),
    ]


def test_a_step_of_a_round_is_told_what_sent_the_run_back_to_it_and_not_what_did_at_another_gate():
    outputs = {"agreed": back(2), "approved": back(2), "approved~2": back(3)}
    steps = unrolled(STEPS, outputs)
    assert wishes_for("plan~2", steps, outputs) == outputs["agreed"]
    assert wishes_for("change", steps, outputs) is None
    assert wishes_for("change~2", steps, outputs) == outputs["approved"]
    assert wishes_for("tests~3", steps, outputs) == outputs["approved~2"]


def test_the_steps_within_a_step_carry_the_round_in_their_names_too():
    text = """
name: nested
steps:
  - id: change
    uses:
      name: twice
      steps:
        - {id: one, run: "true", on_failure: [{id: mend, run: "true"}]}
  - {id: other, run: "false", on_failure: [{id: patch, run: "true"}]}
  - {id: ship, ship: {title: A title}}
  - {id: approved, gate: {binds: change, revise: change}}
"""
    workflow = parse(text, "nested.yml")
    again = workflow.model_copy(update={"steps": unrolled(workflow.steps, {"approved": back(2)})})
    assert [step.id for step in again.every_step][7:] == [
        *("change~2.mend", "change~2.one", "change~2", "patch~2", "other~2", "ship~2", "approved~2"),
    ]
    assert (base_of("other~12"), round_of("other~12"), round_of("change~2.one"), round_of("other")) == (
        *("other", 12),
        *(2, 1),
    )


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            "[{id: gate, gate: {binds: plan, revise: paln}}]",
            "there is no step `paln` before this one; did you mean `plan`?",
        ),
        ("[{id: gate, gate: {binds: plan, revise: gate}}]", "there is no step `gate` before this one"),
        (
            "[{id: each, foreach: {in: [1], steps: [{id: a, run: ls}]}}, {id: g, gate: {binds: plan, revise: plan}}]",
            "the step `each` lies on the way back, and a `foreach` is done once",
        ),
        (
            "[{id: first, gate: {binds: plan, revise: plan}}, {id: gate, gate: {binds: plan, revise: plan}}]",
            "the gate `first` lies on the way back, and has a `revise` of its own",
        ),
        (
            "[{id: one, run: 'false', on_failure: [{id: gate, gate: {binds: plan, revise: plan}}]}]",
            "only a gate among the steps of the workflow sends it back",
        ),
    ],
)
def test_a_way_back_that_cannot_be_gone_is_a_mistake_in_the_file(steps: str, said: str):
    text = (
        "name: wrong\nsteps:\n  - {id: plan, agent: {role: architect, prompt: plan, output: Plan, writes: false}}\n"
        + "".join(f"  - {one}\n" for one in _apart(steps))
    )
    with pytest.raises(DocumentInvalid) as error:
        parse(text, "wrong.yml")
    assert said in str(error.value)


def _apart(listed: str) -> list[str]:
    return [json.dumps(one) for one in yaml.safe_load(listed)]
