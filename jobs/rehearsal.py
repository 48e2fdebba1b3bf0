"""What a run would do, told without one: no model and no GitHub is asked, and nothing is written.

Only what stands in the files can be told. Where a step depends on what an earlier one finds, that is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.expressions import ExpressionInvalid, holds, names_in
from core.names import Plain
from core.workflow import Agent, Check, Composite, Gate, Step, Sub, Workflow, name_of, parse
from core.workflow.in_words import in_words, once_more
from policies.people import people_of
from policies.schema import Check as CheckCommand
from policies.schema import Policy, Wait

_MODELLED = frozenset({"triage", "research"})
"""The built-in steps in which a model is called."""


class Done(StrEnum):
    """Whether a step would be done."""

    yes = "yes"
    no = "no"
    depends = "depends"
    """On what the steps before it hand over, or on what only GitHub knows."""
    fails = "fails"
    """Its `when` cannot be evaluated with these values."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One step. `notes` say what is to be known about it, each in one sentence without an end mark."""

    id: str
    does: str
    done: Done
    why: str
    """The condition, where there is one; for `fails` what is wrong with it."""
    model: bool
    """Whether a model is called in it."""
    notes: tuple[str, ...]
    on_failure: tuple["Rehearsed", ...]
    each: tuple["Rehearsed", ...] = ()
    """What would be done for each item of its list."""
    within: tuple["Rehearsed", ...] = ()
    """What it is made of. Its conditions see what only the run knows."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    steps: tuple[Rehearsed, ...]
    cost_usd: float
    """The most that models may cost in all: at the limit of the policy the run stops. Nought where none is called."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What is known of an issue that is only a file."""

    title: str
    body: str


def rehearse(
    workflow: Workflow, issue: Issue, inputs: Mapping[str, Plain], policy: Policy, checks: Mapping[str, CheckCommand]
) -> Rehearsal:
    """What a run of this workflow would do with these inputs, under this policy. `checks` are those of the policy or,
    where it names none, those that were detected."""
    defaults = {name: said.default for name, said in workflow.inputs.items() if said.default is not None}
    known: dict[str, Any] = {
        "inputs": {name_of(name): value for name, value in {**defaults, **inputs}.items()},
        "policy": policy.model_dump(mode="json"),
        "subject": {"title": issue.title, "body": issue.body},
    }
    steps = tuple(_step(step, known, policy, checks) for step in workflow.steps)
    return Rehearsal(steps, policy.limits.run_cost_usd if any(_models(steps)) else 0.0)


def _step(step: Step, known: Mapping[str, Any], policy: Policy, checks: Mapping[str, CheckCommand]) -> Rehearsed:
    done, why = _when(step.when, known)
    return Rehearsed(
        id=step.id,
        does=in_words(step),
        done=done,
        why=why,
        model=_calls_a_model(step),
        notes=(*_notes(step, policy, checks), *once_more(step)),
        on_failure=tuple(_step(one, known, policy, checks) for one in step.on_failure),
        each=tuple(_step(one, known, policy, checks) for one in (step.foreach.steps if step.foreach else ())),
        within=tuple(_step(one, {}, policy, checks) for one in _parts(step)),
    )


def _models(steps: tuple[Rehearsed, ...]) -> Iterator[bool]:
    """Whether a model may be called, for each step that is not left out for certain."""
    for step in steps:
        if step.done is not Done.no:
            yield step.model
            yield from _models((*step.on_failure, *step.each, *step.within))


def _parts(step: Step) -> Sequence[Step]:
    """The steps of a composite step or of a sub-workflow."""
    match step.action:
        case Composite(steps=within):
            return within
        case Sub(name=name, text=str() as text):
            return parse(text, f"{name}.yml").steps
    return ()


def _calls_a_model(step: Step) -> bool:
    return isinstance(step.action, Agent) or step.repair is not None or (_named(step) in _MODELLED)


def _named(step: Step) -> str:
    return step.uses if isinstance(step.uses, str) else ""


def _when(when: str | None, known: Mapping[str, Any]) -> tuple[Done, str]:
    if when is None:
        return Done.yes, ""
    shown = " ".join(when.strip().removeprefix("${{").removesuffix("}}").split())
    if _unknown(when, known):
        return Done.depends, shown
    try:
        return (Done.yes if holds(when, known) else Done.no), shown
    except ExpressionInvalid as error:
        return Done.fails, str(error)


def _unknown(when: str, known: Mapping[str, Any]) -> bool:
    """Whether the condition names what only a run has. An unknown name is never taken for an absent one."""
    named = names_in(when)
    members = {root for root, member in named if member is not None}
    for root, member in named:
        if root not in known:
            return True
        if root == "subject" and (member not in known[root] if member is not None else root not in members):
            return True
    return False


def _notes(step: Step, policy: Policy, checks: Mapping[str, CheckCommand]) -> Iterator[str]:
    match step.action:
        case Gate(binds="plan"):
            yield from _plan_gate(policy)
        case Gate(binds="change"):
            yield f"waits for {_people(policy, 'change')}"
        case Check(uses=name):
            found = checks.get(name)
            yield f"runs `{found.run}`" if found is not None else f"`{name}` is named nowhere, and was not detected"
        case Agent():
            yield f"a model, for at most {policy.limits.turns} turns"
    if step.continue_on_error:
        yield "the run continues without it if it fails"


def _plan_gate(policy: Policy) -> Iterator[str]:
    asks = policy.plan
    if asks.wait is Wait.never:
        yield "opens by itself: the policy asks nobody about plans"
        return
    if asks.wait is Wait.always:
        yield f"waits for {_people(policy, 'plan')}"
        return
    reasons = []
    if asks.files_over is not None:
        reasons.append(f"touches more than {asks.files_over} files")
    if asks.cost_over_usd is not None:
        reasons.append(f"may cost more than ${asks.cost_over_usd:.2f}")
    if asks.risky:
        reasons.append("touches a risky path")
    if asks.open_questions:
        reasons.append("leaves questions open")
    if asks.strangers:
        reasons.append("rests on text by people without write access")
    yield f"opens by itself, unless the plan {_either(reasons)}: then it waits for {_people(policy, 'plan')}"


def _people(policy: Policy, gate: Any) -> str:
    people = people_of(policy, gate)
    count = f"{people.approvals} approval{'s' if people.approvals > 1 else ''}"
    whose = "" if people.requester_may_approve else ", not by the requester"
    return f"{count} with the role `{people.from_}` or above{whose}"


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words or ["has a reason to wait"])
