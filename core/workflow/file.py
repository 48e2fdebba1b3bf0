"""A workflow file: what starts it, what it is given, and its steps."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from core.documents import Document, Path, load, mistakes
from core.errors import DocumentInvalid
from core.names import Value
from core.workflow import steps, triggers
from core.workflow.inputs import Input
from core.workflow.references import meant, references
from core.workflow.steps import BUILT_IN, MOST_STEPS, Composite, Step
from core.workflow.triggers import Triggers, unshippable, unspoken
from core.workflow.values import Expression, Id


class Listen(Triggers):
    """What starts the workflow."""

    command: Id | None = None
    """A comment that says `/<command>`."""
    label: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = None
    """A label on an issue; it begins with `pullwright:`."""
    subject: Literal["issue", "pull_request", "any"] = "issue"
    """What the command may be given on. A run about an open pull request works with its head, and ships nothing."""
    closed: bool = False
    """Whether the command may also be given where that is closed or merged already."""


class Workflow(Value):
    """What starts a run, what it is given, and its steps."""

    name: Id
    """How it is called. A repository's own is called like its file."""
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    on: Listen = Listen()
    concurrency: Literal["refuse", "queue", "supersede"] = "refuse"
    """What becomes of a start while another run has its subject: none, one that waits in line, or one that waits for
    the other to be cancelled."""
    inputs: dict[Id, Input] = {}
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS)
    outputs: dict[Id, Expression] = {}
    """What it hands over where it is a step of another workflow, each under its name."""

    def part(self, step_id: str) -> "Workflow":
        """What a part of this `foreach` does, as a workflow: the steps before it, which are done, and those within."""
        for number, step in enumerate(self.steps):
            if step.id == step_id and step.foreach is not None:
                return self.model_copy(update={"steps": (*self.steps[:number], *step.foreach.steps)})
        raise LookupError(f"the workflow {self.name} has no `foreach` called {step_id}")

    @property
    def every_step(self) -> Iterator[Step]:
        """Also those of `on_failure`, each before the step that it mends: in the order in which they are done.

        Those within a `foreach` are left out: its parts do them.
        """
        return _flat(self.steps)


class Placed(Step):
    """A step of a file that extends another one: in the place of the step with its id, or beside one."""

    before: Id | None = None
    """The step that it comes before."""
    after: Id | None = None
    """The step that it comes after."""


class Extension(Workflow):
    """A workflow that is another one with changes. What it does not say stays as it is there."""

    extends: Id
    """The other one's name; with this file's own name, the one that this file is there instead of."""
    steps: tuple[Placed, ...] = Field(default=(), max_length=MOST_STEPS)
    """One with the id of a step there takes its place; a new one says where it belongs."""
    remove: tuple[Id, ...] = ()
    """The steps that are left out."""


def _flat(steps_: Sequence[Step]) -> Iterator[Step]:
    for step in steps_:
        yield from _flat(step.on_failure)
        if isinstance(step.uses, Composite):
            yield from _flat(step.uses.steps)
        yield step


_MODELS: tuple[type[Value], ...] = (Workflow, Extension, Placed, Listen, Input, *triggers.MODELS, *steps.MODELS)
KNOWN = tuple(sorted({field.alias or name for model in _MODELS for name, field in model.model_fields.items()}))
"""Every key of the language, for suggestions."""


@lru_cache(maxsize=64)
def parse(text: str, name: str) -> Workflow:
    """The workflow, or DocumentInvalid with every mistake. Remembered: a run reads its own at every status it shows.

    The text is whole: what it is made of stands in it. A file that names others is put together by
    `core.workflow.composing` first. The ids of steps within a composite step begin with that step's id and a dot.
    """
    document: Document = load(text, name)
    value: Any = document.value if document.value is not None else {}
    if not isinstance(value, Mapping):
        raise DocumentInvalid(name, [document.mistake((), "the file must be a mapping of keys to values")])
    found = [*references(value), *unspoken(value), *unshippable(value), *_elsewhere(value.get("steps"), ("steps",))]
    try:
        workflow = Workflow.model_validate(value)
    except ValidationError as error:
        raise DocumentInvalid(name, mistakes(document, error, known=KNOWN, more=found)) from error
    if found:
        raise DocumentInvalid(name, mistakes(document, None, more=found))
    return workflow.model_copy(update={"steps": tuple(_scoped(step, "") for step in workflow.steps)})


def _elsewhere(steps_: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every name of what is not in the text."""
    for index, step in enumerate(steps_ if isinstance(steps_, list) else ()):
        if not isinstance(step, Mapping):
            continue
        here, uses, sub, foreach = (*path, index), step.get("uses"), step.get("workflow"), step.get("foreach")
        if isinstance(uses, str) and uses not in BUILT_IN:
            yield (*here, "uses"), f"there is no step `{uses}` to use{meant(uses, BUILT_IN)}"
        if isinstance(sub, Mapping) and "text" not in sub:
            yield (*here, "workflow", "name"), f"there is no workflow `{sub.get('name')}` here"
        yield from _elsewhere(step.get("on_failure"), (*here, "on_failure"))
        if isinstance(foreach, Mapping):
            yield from _elsewhere(foreach.get("steps"), (*here, "foreach", "steps"))
        if isinstance(uses, Mapping):
            yield from _elsewhere(uses.get("steps"), (*here, "uses", "steps"))


def _scoped(step: Step, scope: str) -> Step:
    """The step with its id, and those of the steps within it, as the run names them."""
    own = f"{scope}{step.id}"
    update: dict[str, Any] = {"id": own, "on_failure": tuple(_scoped(one, scope) for one in step.on_failure)}
    if isinstance(step.uses, Composite):
        within = tuple(_scoped(one, f"{own}.") for one in step.uses.steps)
        update["uses"] = step.uses.model_copy(update={"steps": within})
    if step.foreach is not None:
        within = tuple(_scoped(one, scope) for one in step.foreach.steps)
        update["foreach"] = step.foreach.model_copy(update={"steps": within})
    return step.model_copy(update=update)
