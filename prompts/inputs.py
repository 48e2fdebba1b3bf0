"""What each prompt is given. Text that people or machines outside wrote arrives here raw; the templates wrap it."""

from dataclasses import dataclass
from typing import ClassVar

from core.feedback import Feedback
from core.outputs import Plan, Research
from core.runs import Snapshot


@dataclass(frozen=True, slots=True)
class TriagePrompt:
    """Decide whether work on an issue can begin."""

    name: ClassVar[str] = "triage"
    repository: str
    number: int
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ResearchPrompt:
    """Find out in the tree what a plan needs to know."""

    name: ClassVar[str] = "research"
    repository: str
    number: int
    snapshot: Snapshot
    task: str = ""
    """What the requester added to the command."""


@dataclass(frozen=True, slots=True)
class PlanPrompt:
    """Say what will be changed and how it will be shown to work."""

    name: ClassVar[str] = "plan"
    repository: str
    number: int
    snapshot: Snapshot
    task: str = ""
    research: Research | None = None
    test_command: str | None = None
    baseline: str = ""
    """One sentence of ours: how the tests went before any change."""
    protected: tuple[str, ...] = ()
    """Globs of paths that policy does not let the bot change."""
    feedback: Feedback | None = None
    """What people want to be different about what this agent did before."""
    previous: Plan | None = None
    """The plan that they spoke of."""


@dataclass(frozen=True, slots=True)
class ImplementPrompt:
    """Carry out a plan; without one, do what the issue asks for."""

    name: ClassVar[str] = "implement"
    repository: str
    number: int
    snapshot: Snapshot
    plan: Plan | None = None
    gaps: tuple[str, ...] = ()
    """What a judging command says is missing in the attempt before."""
    test_command: str | None = None
    baseline: str = ""
    protected: tuple[str, ...] = ()
    feedback: Feedback | None = None
    """What people want to be different about what this agent did before."""


@dataclass(frozen=True, slots=True)
class RepairPrompt:
    """Mend what made a check fail."""

    name: ClassVar[str] = "repair"
    repository: str
    number: int
    snapshot: Snapshot
    plan: Plan | None
    check: str
    """The check's name in the policy file."""
    command: str
    output: str
    """What the check printed."""
    attempt: int
    attempts: int
    diff: str = ""
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPrompt:
    """Do what a workflow's own words say."""

    name: ClassVar[str] = "task"
    repository: str
    number: int
    snapshot: Snapshot
    role: str
    task: str
    """The words of the workflow file: whoever may change the default branch wrote them."""
    writes: bool
    given: tuple[tuple[str, str], ...] = ()
    """Values that the workflow hands in, by name: whoever wrote them, they are read as coming from outside."""
    gaps: tuple[str, ...] = ()
    """What a judging command says is missing."""
    test_command: str | None = None
    baseline: str = ""
    protected: tuple[str, ...] = ()
    feedback: Feedback | None = None
    """What people want to be different about what this agent did before."""


@dataclass(frozen=True, slots=True)
class ResolvePrompt:
    """Put a change together with another one of the same lines."""

    name: ClassVar[str] = "resolve"
    repository: str
    number: int
    snapshot: Snapshot
    item: str
    """What the change is about: an item of a list, as text."""
    diff: str
    """The change that is to be put in."""
    paths: tuple[str, ...]
    """The files in conflict."""
    test_command: str | None = None
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewPrompt:
    """Judge exactly this change."""

    name: ClassVar[str] = "review"
    repository: str
    number: int
    snapshot: Snapshot
    diff: str
    plan: Plan | None = None
    checks: tuple[str, ...] = ()
    """Sentences of ours: what each check said."""


PromptInput = (
    TriagePrompt
    | ResearchPrompt
    | PlanPrompt
    | ImplementPrompt
    | RepairPrompt
    | TaskPrompt
    | ResolvePrompt
    | ReviewPrompt
)
