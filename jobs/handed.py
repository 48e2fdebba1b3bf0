"""What the steps before handed over, as values: always the newest of its kind, whatever its step is called.

None where no step of the kind is done. What a built-in kind cannot do without is asked for by the language
(`core.workflow.references`), so a missing one here is a mistake of ours.
"""

from typing import Any, TypeVar

from core.names import Value
from core.outputs import ChangeSummary, Opinion, Plan, Research
from core.workflow import Handed, name_of
from core.workflow.rounds import base_of
from jobs.work import Scope, Work
from jobs.workbench import CheckPlan

NESTED = ("form", "outputs")
"""Where what others name lies in an output: there it cannot be taken for what a step of ours says itself."""

F = TypeVar("F", bound=Value)


def plan(work: Work) -> Plan | None:
    return _form(work, "Plan", Plan)


def research(work: Work) -> Research | None:
    return _form(work, "Research", Research)


def summary(work: Work) -> ChangeSummary | None:
    return _form(work, "ChangeSummary", ChangeSummary)


def opinion(work: Work) -> Opinion | None:
    return _form(work, "Opinion", Opinion)


def checked(work: Work) -> dict[str, Any] | None:
    """The newest check that had to be green: its plan, report, evidence and the tree it looked at."""
    return work.newest("Checked")


def pinned(work: Work, name: str | None = None) -> CheckPlan | None:
    """The check of this name as an earlier step ran it; without a name, of whichever ran last."""
    for output in work.newest_first():
        found = CheckPlan.model_validate(output["check"]) if "check" in output else None
        if found is not None and name in {None, found.name}:
            return found
    return None


def failing_before(work: Work, name: str) -> frozenset[str]:
    """The tests of this check that failed before anything was changed."""
    for output in work.newest_first("Baseline"):
        if output["check"]["name"] == name:
            return frozenset(output["report"]["failing"])
    return frozenset()


def baseline(work: Work) -> str:
    """How the tests went before any change, in one sentence of ours; nothing where nobody looked."""
    found = work.newest("Baseline")
    if found is None:
        return ""
    failing = found["report"]["failing"]
    if not failing:
        return "All tests passed before any change."
    return f"{len(failing)} tests failed before any change; only new failures count."


async def values(work: Work) -> dict[str, Any]:
    """What the expressions of a workflow may name: `inputs`, `policy`, `subject` and `steps`, in `on_failure` the
    `error`, and within a `foreach` its `item` and `index`. Plain values, no secrets.

    A step's output shows the fields of the form that was handed in beside the others; of a skipped one, only that; of
    one that failed and is being mended, its last failure.
    """
    run = work.run
    if work.scope is not None:
        return _within(work, work.scope)
    return {
        **({"policy": (await work.policy()).policy.model_dump(mode="json")} if work.names_the_policy else {}),
        "inputs": {name_of(name): value for name, value in given(work).items()},
        "subject": {
            "number": run.subject.number,
            "repository": run.repo.full_name,
            "title": run.snapshot.title,
            "body": run.snapshot.body,
            "author": run.snapshot.author,
            "requester": run.requester,
        },
        "steps": {
            **{_named(key): {"failed": True, **failed[-1].told} for key, failed in work.failures.items() if failed},
            **{_named(key): _shown(output) for key, output in work.outputs.items() if not {*"/."} & {*key}},
        },
        **({"item": run.part.item, "index": run.part.index} if run.part is not None and not run.part.whole else {}),
        **({"error": work.mending.told} if work.mending is not None else {}),
    }


def _named(key: str) -> str:
    """How a step of any round is named; what the newest one handed over counts."""
    return name_of(base_of(key))


def _within(work: Work, scope: Scope) -> dict[str, Any]:
    """What a composite step knows: its inputs, its own steps, and the error that one of them is mended for."""

    def named(key: str) -> str | None:
        own = key.removeprefix(scope.prefix)
        return None if own == key or {*"/."} & {*own} else name_of(own)

    failed = {key: one[-1].told for key, one in work.failures.items() if one}
    steps = {name: {"failed": True, **told} for key, told in failed.items() if (name := named(key))}
    steps |= {name: _shown(output) for key, output in work.outputs.items() if (name := named(key))}
    error = {"error": work.mending.told} if work.mending is not None else {}
    return {"inputs": {name_of(name): value for name, value in scope.inputs.items()}, "steps": steps, **error}


def given(work: Work) -> dict[str, Any]:
    """The run's inputs, with the defaults of its workflow."""
    defaults = {name: said.default for name, said in work.workflow.inputs.items() if said.default is not None}
    return {**defaults, **work.run.inputs}


def _shown(output: Any) -> Any:
    if not isinstance(output, dict):
        return output
    if "skipped" in output:
        return {"skipped": True}
    plain = {name: value for name, value in output.items() if name not in NESTED}
    return {**plain, **output.get("form", {}), **output.get("outputs", {})}


def _form(work: Work, what: Handed, form: type[F]) -> F | None:
    found = work.newest(what)
    return form.model_validate(found["form"]) if found is not None else None
