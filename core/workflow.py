"""The workflow language: a YAML file says what starts a run, its inputs and its steps.

`parse()` reads one and reports every mistake at once, with line and column. What a step *does* is the engine's;
here stands only what it *says*.
"""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from core.documents import Document, load, mistakes
from core.errors import DocumentInvalid
from core.names import Value

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Listen(Value):
    """What starts the workflow."""

    command: Id | None = None
    label: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = None


class Input(Value):
    type: Literal["string", "number", "boolean"] = "string"
    default: str | int | float | bool | None = None


class Agent(Value):
    """An agent with a role and a prompt. With an `output` it hands in a form; without, it changes the tree."""

    role: Id
    prompt: Id
    output: Literal["Triage", "Research", "Plan", "Opinion", "ChangeSummary"] | None = None
    writes: bool = True


class Check(Value):
    """A command of `checks:` in the repository's policy file."""

    uses: Id


class Repair(Value):
    """What mends a red check; the check always runs again afterwards, and an exhausted repair fails the run."""

    role: Id
    prompt: Id
    attempts: Annotated[int, Field(ge=1, le=10)] = 3


class Gate(Value):
    """Wait for the approvals that policy asks for, bound to the digest of this content."""

    binds: Literal["plan", "change"]


class Ship(Value):
    draft: bool = True


class Ready(Value):
    request_review: Literal["requester"] = "requester"


class Merge(Value):
    method: Literal["merge", "squash", "rebase"] = "squash"


class Step(Value):
    """One named node. Exactly one of the keys that say what it does is given."""

    id: Id
    when: str | None = None
    uses: Literal["triage", "research"] | None = None
    agent: Agent | None = None
    check: Check | None = None
    expect: Literal["green", "any"] = "green"
    repair: Repair | None = None
    gate: Gate | None = None
    ship: Ship | None = None
    ready: Ready | None = None
    merge: Merge | None = None

    @property
    def action(self) -> "str | Agent | Check | Gate | Ship | Ready | Merge":
        """What the step does: the one of its alternatives that is there (the name of a built-in for `uses`)."""
        return next(a for a in self._alternatives() if a is not None)

    def _alternatives(self) -> "tuple[str | Agent | Check | Gate | Ship | Ready | Merge | None, ...]":
        return (self.uses, self.agent, self.check, self.gate, self.ship, self.ready, self.merge)

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Step":
        if sum(a is not None for a in self._alternatives()) != 1:
            raise ValueError("a step has exactly one of `uses`, `agent`, `check`, `gate`, `ship`, `ready`, `merge`")
        if self.repair is not None and self.check is None:
            raise ValueError("`repair` belongs to a `check`")
        return self


class Workflow(Value):
    name: Id
    description: str = ""
    on: Listen = Listen()
    inputs: dict[Id, Input] = {}
    steps: tuple[Step, ...] = Field(min_length=1, max_length=200)

    @field_validator("steps")
    @classmethod
    def _ids_are_unique(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        seen: set[str] = set()
        for step in steps:
            if step.id in seen:
                raise ValueError(f"two steps have the id `{step.id}`")
            seen.add(step.id)
        return steps


_KEYS = tuple({key for model in (Workflow, Step, Agent, Check, Repair, Gate, Merge) for key in model.model_fields})


@lru_cache(maxsize=64)
def parse(text: str, name: str) -> Workflow:
    """The workflow, or DocumentInvalid with every mistake. Remembered: a run reads its own at every status it shows."""
    document: Document = load(text, name)
    value: Any = document.value if document.value is not None else {}
    try:
        return Workflow.model_validate(value)
    except ValidationError as error:
        raise DocumentInvalid(name, mistakes(document, error, known=_KEYS)) from error
