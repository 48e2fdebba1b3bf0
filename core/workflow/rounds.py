"""Rounds: what people say at a gate sends the run back to an earlier step, and on from there, as often as they say it.

A workflow is a list of steps. A run that is sent back does those from there to the gate once more, as steps of their
own whose ids name the round: so nothing that an earlier round did is forgotten, done twice or taken for a later one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.workflow.steps import Agent, Composite, Foreach, Run, Step, Sub, Write

MARK = "~"
"""Stands between the id of a step and the number of its round, from the second one on; no id of a file has it."""

MOST_ROUNDS = 10
"""Of one gate, the first included."""

SENT_BACK = "revised"
"""The key in what a gate hands over that says that the run went back, and in which round it is from there on."""

BACK_TO = "back_to"
"""The key that names the step it goes back to; without it, the one that its gate names."""

MOST_IN_A_ROW = 3
"""Rounds with no word of people between them: for red checks, or for a base that moved."""


def unrolled(steps: Sequence[Step], outputs: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps as this run does them: behind each that sent it back, those of the next round up to it.

    Steps of rounds that are among them already are made anew. A merge may send the run back over a gate that had rounds
    of its own: a round has a higher number than all before it that have a step in common with it.
    """
    steps = [step for step in steps if MARK not in step.id]
    rounds = [1] * len(steps)
    found: list[Step] = []
    place = 0
    while place < len(steps):
        step = steps[place] if rounds[place] == 1 else _again(steps[place], rounds[place])
        found.append(step)
        begin = _back_to(step, outputs.get(step.id), steps[: place + 1])
        if begin is None:
            place += 1
            continue
        number = max(rounds[begin : place + 1]) + 1
        rounds[begin : place + 1] = [number] * (place + 1 - begin)
        place = begin
    return tuple(found)


def next_round(step: Step, back_to: str, steps: Sequence[Step]) -> int:
    """The number of the round that begins at the step `back_to` of the file, where this step sends the run back now."""
    plain = [one.id for one in steps if MARK not in one.id]
    between = plain[plain.index(back_to) : plain.index(base_of(step.id)) + 1]
    return max(round_of(one.id) for one in steps if base_of(one.id) in between) + 1


def looks_at_content(step: Step, steps: Sequence[Step]) -> str | None:
    """The id in the file of the first step that looks at a change which others made, on the way to this step: what
    stands behind all that makes changes, or what ships it. None where nothing is shipped before this step.
    """
    plain = [one for one in steps if MARK not in one.id]
    before = plain[: next(place for place, one in enumerate(plain) if one.id == base_of(step.id))]
    ships = [place for place, one in enumerate(before) if one.ship is not None]
    if not ships:
        return None
    makes = [place for place in range(ships[-1]) if makes_changes(before[place])]
    return before[makes[-1] + 1 if makes else ships[-1]].id


def makes_changes(step: Step) -> bool:
    """Whether what the run ships may be the work of this step. A check that has something repaired only mends it."""
    match step.action:
        case Agent(writes=writes) | Run(writes=writes):
            return writes
        case Write() | Foreach() | Sub() | "revert":
            return True
        case Composite(steps=within):
            return any(makes_changes(one) for one in within)
    return False


def _back_to(step: Step, output: Any, before: Sequence[Step]) -> int | None:
    """The place of the step that this output sends the run back to; None where it does not."""
    if not sent_back(output):
        return None
    named = output.get(BACK_TO) or (step.gate.revise if step.gate is not None else None)
    return next((place for place, one in enumerate(before) if one.id == named), None)


def sent_back(output: Any) -> bool:
    """Whether this is what a gate, or a merge, hands over that sent the run back."""
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
