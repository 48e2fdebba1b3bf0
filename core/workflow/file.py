"""A workflow file: what starts it, what it is given, and its steps."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from core.documents import Document, load, mistakes
from core.errors import DocumentInvalid
from core.names import Value
from core.workflow import steps, triggers
from core.workflow.references import references
from core.workflow.steps import Step
from core.workflow.triggers import Triggers, unspoken
from core.workflow.values import Id

MOST_STEPS = 200


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


class Input(Value):
    """A parameter. Without a default it must be given."""

    type: Literal["string", "number", "boolean"] = "string"
    description: str = ""
    default: str | int | float | bool | None = None

    @model_validator(mode="after")
    def _default_fits(self) -> "Input":
        kinds = {str: "string", int: "number", float: "number", bool: "boolean"}
        if self.default is not None and kinds[type(self.default)] != self.type:
            raise ValueError(f"the default is not a {self.type}")
        return self


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


def _flat(steps_: Sequence[Step]) -> Iterator[Step]:
    for step in steps_:
        yield from _flat(step.on_failure)
        yield step


_MODELS: tuple[type[Value], ...] = (Workflow, Listen, Input, *triggers.MODELS, *steps.MODELS)
KNOWN = tuple(sorted({field.alias or name for model in _MODELS for name, field in model.model_fields.items()}))
"""Every key of the language, for suggestions."""


@lru_cache(maxsize=64)
def parse(text: str, name: str) -> Workflow:
    """The workflow, or DocumentInvalid with every mistake. Remembered: a run reads its own at every status it shows."""
    document: Document = load(text, name)
    value: Any = document.value if document.value is not None else {}
    if not isinstance(value, Mapping):
        raise DocumentInvalid(name, [document.mistake((), "the file must be a mapping of keys to values")])
    found = [*references(value), *unspoken(value)]
    try:
        workflow = Workflow.model_validate(value)
    except ValidationError as error:
        raise DocumentInvalid(name, mistakes(document, error, known=KNOWN, more=found)) from error
    if found:
        raise DocumentInvalid(name, mistakes(document, None, more=found))
    return workflow
