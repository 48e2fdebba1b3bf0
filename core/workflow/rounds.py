"""Rounds: what people say at a gate sends the run back to an earlier step, and on from there, as often as they say it.

A workflow is a list of steps. A run that is sent back does those from there to the gate once more, as steps of their
own whose ids name the round: so nothing that an earlier round did is forgotten, done twice or taken for a later one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.workflow.steps import Composite, Step

MARK = "~"
"""Stands between the id of a step and the number of its round, from the second one on; no id of a file has it."""

MOST_ROUNDS = 10
"""Of one gate, the first included."""

SENT_BACK = "revised"
"""The key in what a gate hands over that says that the run went back, and in which round it is from there on."""


def unrolled(steps: Sequence[Step], outputs: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps as this run does them: behind each gate that sent it back, those of the next round.

    Steps of rounds that are among them already are made anew.
    """
    found: list[Step] = []
    steps = [step for step in steps if MARK not in step.id]
    for index, step in enumerate(steps):
        found.append(step)
        if step.gate is None or step.gate.revise is None:
            continue
        begin = next(place for place, one in enumerate(steps) if one.id == step.gate.revise)
        number = 1
        while sent_back(outputs.get(found[-1].id)):
            number += 1
            found += [_again(one, number) for one in steps[begin : index + 1]]
    return tuple(found)


def sent_back(output: Any) -> bool:
    """Whether this is what a gate hands over that sent the run back."""
    return isinstance(output, dict) and SENT_BACK in output


def base_of(step_id: str) -> str:
    """The id that the file has for a step of any round."""
    return step_id.partition(MARK)[0]


def round_of(step_id: str) -> int:
    return int(step_id.partition(MARK)[2].partition(".")[0] or 1)


def in_round(base: str, number: int) -> str:
    """The id that a step of the file has in this round."""
    return base if number == 1 else f"{base}{MARK}{number}"


def of_round(effect: str, step_id: str) -> str:
    """The name of an effect of this step: another one in every round."""
    number = round_of(step_id)
    return effect if number == 1 else f"{effect}:{number}"


def wishes_for(step_id: str, steps: Sequence[Step], outputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the gate handed over that sent the run back to this step, which is one of the unrolled ones."""
    if round_of(step_id) == 1:
        return None
    before: Mapping[str, Any] | None = None
    for step in steps:
        if step.id == step_id.partition(".")[0]:
            return before
        if sent_back(output := outputs.get(step.id)):
            before = output
    return before


def _again(step: Step, number: int) -> Step:
    own = in_round(step.id, number)
    mending = tuple(_again(one, number) for one in step.on_failure)
    update: dict[str, Any] = {"id": own, "name": f"{step.name or step.id} (round {number})", "on_failure": mending}
    if isinstance(step.uses, Composite):
        within = tuple(_within(one, step.id, own) for one in step.uses.steps)
        update["uses"] = step.uses.model_copy(update={"steps": within})
    return step.model_copy(update=update)


def _within(step: Step, was: str, now: str) -> Step:
    """A step within a composite one: its id begins with that step's."""
    update: dict[str, Any] = {
        "id": now + step.id.removeprefix(was),
        "on_failure": tuple(_within(one, was, now) for one in step.on_failure),
    }
    if isinstance(step.uses, Composite):
        within = tuple(_within(one, was, now) for one in step.uses.steps)
        update["uses"] = step.uses.model_copy(update={"steps": within})
    return step.model_copy(update=update)
