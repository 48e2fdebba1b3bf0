"""What a step says: the one thing that it does, and how that is to be done.

A step reads what the steps before it handed over: built-in kinds take the newest plan, change, check, review and
shipment; everything else is named in an expression, as `steps.<id>.<field>`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from core.names import Value
from core.workflow.inputs import Input
from core.workflow.values import Expression, Given, Id, Seconds, Variable, Words

FormName = Literal["Triage", "Research", "Plan", "Opinion", "ChangeSummary"]
Handed = Literal[FormName, "Baseline", "Reproduced", "Checked", "Shipment", "Approved", "Merged"]
BUILT_IN = ("triage", "research", "revert", "onboard", "failed-run")
"""What `uses` stands for without a file."""
MOST_STEPS = 200
FieldType = Literal["string", "number", "boolean", "list"]


class Agent(Value):
    """An agent with a role. It is told what to do by a prompt of ours or by the workflow's own words (`task`); values
    reach it apart from them (`with`).

    It hands in a form: one of ours, or fields that the workflow names. `writes` lets it change the tree.
    """

    role: Id
    prompt: Literal["plan", "implement", "review"] | None = None
    task: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = None
    output: FormName | dict[Id, FieldType] | None = None
    writes: bool = True

    @model_validator(mode="after")
    def _is_told_once(self) -> "Agent":
        if (self.prompt is None) == (self.task is None):
            raise ValueError("an agent is told what to do either by `prompt` or by `task`")
        return self


class Run(Value):
    """A command of the workflow's own, run by `sh` in a box. Without `writes` it leaves nothing behind.

    Values reach it as environment variables (`env`), never as part of its text.
    """

    script: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    writes: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"script": value} if isinstance(value, str) else value


class Check(Value):
    """A command of `checks:` in the repository's policy file."""

    uses: Id


class Repair(Value):
    """What mends a red check; the check always runs again afterwards, and an exhausted repair fails the run."""

    role: Id
    prompt: Literal["repair"] = "repair"
    attempts: Annotated[int, Field(ge=1, le=10)] = 3


class Gate(Value):
    """Wait for the approvals that policy asks for, bound to the digest of this content."""

    binds: Literal["plan", "change"]
    revise: Id | None = None
    """The step before it that the run goes back to where people want the content to be different: that step and those
    from it to the gate are done once more, with what they said. Without it nothing can be said but yes or no."""


class Ask(Value):
    """A question in the thread. `/answer <text>` by whoever may start work goes on with it."""

    question: Words
    of: Literal["requester"] = "requester"


class Wait(Value):
    """Let time pass, or wait for the repository's own checks of what was shipped. No process sleeps for it."""

    time: Seconds | None = None
    checks: Literal["green", "done"] | None = None
    """`green`: all of them are, or the step fails; `done`: whatever came of them."""
    on: Literal["shipment"] = "shipment"
    names: tuple[Annotated[str, StringConstraints(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=50
    )
    """The checks that count, each of which must come; without names, every check that comes."""
    timeout: Seconds = 7_200
    """How long to wait for checks."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"time": value} if isinstance(value, str | int) else value

    @model_validator(mode="after")
    def _waits_for_one_thing(self) -> "Wait":
        if (self.time is None) == (self.checks is None):
            raise ValueError("a wait is for a `time` or for `checks`")
        if self.checks is None and self.model_fields_set & {"on", "names", "timeout"}:
            raise ValueError("`on`, `names` and `timeout` belong to a wait for `checks`")
        return self


class Write(Value):
    """Put a file into the tree."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    content: Annotated[str, StringConstraints(max_length=200_000)]


class Change(Value):
    """Something on GitHub: one comment on the subject, one review of it, labels, people, or its end."""

    comment: Words | None = None
    review: Literal["opinion"] | None = None
    """One review of the open pull request that the run is about, with what the newest `Opinion` found, on the lines
    where it found it. It approves nothing."""
    label: tuple[Annotated[str, StringConstraints(min_length=1, max_length=50)], ...] = ()
    unlabel: tuple[Annotated[str, StringConstraints(min_length=1, max_length=50)], ...] = ()
    assign: tuple[Annotated[str, StringConstraints(min_length=1, max_length=80)], ...] = ()
    close: Literal["completed", "not_planned"] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "Change":
        if not self.model_fields_set:
            raise ValueError("say what is to be done: `comment`, `label`, `unlabel`, `assign`, `close` or `review`")
        return self


class Ship(Value):
    """Push what was tested and open a pull request. Its title and text are the agent's, unless they are given here."""

    draft: bool = True
    title: Words | None = None
    summary: Words | None = None
    closes: bool = True
    """Whether merging it closes the issue that the run is about."""


class Ready(Value):
    """Take the pull request out of draft and ask somebody for a review."""

    request_review: Literal["requester"] = "requester"


class Merge(Value):
    """Merge what was shipped, if policy and people approved exactly that."""

    method: Literal["merge", "squash", "rebase"] = "squash"


class Foreach(Value):
    """Do steps for each item of a list. Each item is a run of its own, with its own clone, on any worker; what they
    change comes back one by one, in the order of the items.

    Within it an expression may name the `item` and its `index`, from 0.
    """

    items: Expression | Annotated[list[Any], Field(max_length=1_000)] = Field(alias="in")
    """The list, or an expression that makes one. At most 1,000 items are taken, of 64 KB as JSON each."""
    where: Expression | None = None
    """Only items for which this is true."""
    sort: Expression | None = None
    """What the items are put in order by: numbers or texts."""
    descending: bool = False
    """The largest first."""
    limit: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Only so many of them, the first ones."""
    max_parallel: Annotated[int, Field(ge=1, le=100)] = 8
    """How many are at work at once."""
    max_failures: Annotated[int, Field(ge=0, le=1_000)] | None = None
    """More failed items than these fail the step. Without it the step fails only where every item did."""
    collect: Expression | None = None
    """What of an item is handed over; else what its last step handed over."""
    steps: "Annotated[tuple[Step, ...], Field(min_length=1, max_length=50)]"
    """Done for each item, one after the other."""

    @model_validator(mode="after")
    def _orders_by_something(self) -> "Foreach":
        if self.descending and self.sort is None:
            raise ValueError("`descending` needs a `sort`")
        return self


class Composite(Value):
    """Steps under one name, with inputs and outputs of their own: a file that a step `uses`.

    Its expressions know nothing but its `inputs` and its own `steps`.
    """

    name: Id
    """How it is called: like its file."""
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    inputs: dict[Id, Input] = {}
    steps: "Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]"
    outputs: dict[Id, Expression] = {}
    """What it hands over, each under its name."""


def _said(value: Any) -> str:
    return "steps" if isinstance(value, Mapping | Composite) else "name"


Uses = Annotated[Annotated[Id, Tag("name")] | Annotated[Composite, Tag("steps")], Discriminator(_said)]


class Sub(Value):
    """Another workflow, done as a run of its own: it begins with the tree as it is here, and what it leaves is the tree
    from here on. It sees nothing of this workflow but what it is given."""

    name: Id
    given: dict[Id, Given] = Field(default={}, alias="with")
    """Its inputs."""
    text: str | None = None
    """The whole of it, as it was when this workflow began. Nobody writes it: it is put here then."""


class Retry(Value):
    """Try a step again that failed. Between two attempts the run waits; no process sleeps for it."""

    attempts: Annotated[int, Field(ge=2, le=10)] = 3
    """All of them, the first included."""
    backoff: Literal["fixed", "exponential"] = "exponential"
    delay: Seconds = 10
    max_delay: Seconds = 600
    jitter: bool = True
    on: tuple[Id, ...] = ()
    """Codes of failures; none means every failure."""


class Capture(Value):
    """What of a command's output is handed over, as which kind of value."""

    format: Literal["text", "lines", "json", "number", "boolean"] = "text"
    source: Literal["output", "exit_code"] = Field(default="output", alias="from")
    max_bytes: Annotated[int, Field(ge=1, le=1_000_000)] = 64_000
    default: Any = None
    """Taken where the output cannot be read as this kind; without one that fails the step."""


class Goal(Value):
    """Do the step again until a command that judges it gives the tree this many points of a hundred.

    The command prints JSON: `{"score": 0..100, "gaps": [...]}`. The gaps are told to the next attempt. It ends early
    where three attempts in a row came to about the same.
    """

    run: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    threshold: Annotated[float, Field(ge=0, le=100)] = 100
    attempts: Annotated[int, Field(ge=1, le=10)] = 3


class Step(Value):
    """One named node. Exactly one of the keys that say what it does is given."""

    id: Id
    """How later steps name it: `steps.<id>.<field>`, with `_` for `-`."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    """What people are shown instead of the id."""
    when: Expression | None = None
    """The step is done where this is true, and skipped where it is false."""

    uses: Uses | None = None
    """A step of the bot's own (`triage`, `research` …) or a composite step, by its name. In the text that a run pins
    the composite itself stands in the place of its name."""
    agent: Agent | None = None
    run: Run | None = None
    check: Check | None = None
    gate: Gate | None = None
    ask: Ask | None = None
    wait: Wait | None = None
    write: Write | None = None
    github: Change | None = None
    ship: Ship | None = None
    ready: Ready | None = None
    merge: Merge | None = None
    foreach: Foreach | None = None
    workflow: Sub | None = None

    env: dict[Variable, Given] = {}
    """What the command sees as environment variables."""
    given: dict[Id, Given] = Field(default={}, alias="with")
    """What the agent is told beside its task, as text from outside."""
    expect: Literal["green", "any", "red"] = "green"
    """Of a check: that it is green on the change; `any`: how the base stands, which counts later; `red`: that there is
    something to mend on the base, without which the run is done."""
    repair: Repair | None = None
    goal: Goal | None = None
    capture: Capture | None = None
    timeout: Seconds | None = None
    """How long the step may take."""
    retry: Retry | None = None
    on_failure: "tuple[Step, ...]" = ()
    """Done when the step failed; then it is tried once more, and only that decides."""
    continue_on_error: bool = False
    """Go on without it where it failed for good."""

    @property
    def action(self) -> "Action":
        """What the step does: the one of its alternatives that is there (the name of a built-in for `uses`)."""
        said: Action = next(found for kind in KINDS if (found := getattr(self, kind)) is not None)
        return said

    @property
    def hands_over(self) -> "Handed | None":
        """What the steps after it may take from it without naming it: always the newest of its kind."""
        match self.action:
            case "triage":
                return "Triage"
            case "research":
                return "Research"
            case "revert" | "onboard":
                return "ChangeSummary"
            case Agent(output=str() as form):
                return form
            case Agent(writes=True):
                return "ChangeSummary"
            case Check():
                return _CHECKED[self.expect]
            case Ship():
                return "Shipment"
            case Gate(binds="change"):
                return "Approved"
            case Merge():
                return "Merged"
        return None

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Step":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"a step has exactly one of {', '.join(f'`{kind}`' for kind in KINDS)}")
        if self.uses in BUILT_IN and self.given:
            raise ValueError(f"the built-in `{self.uses}` is given nothing by `with`")
        for key, kinds in BELONGS.items():
            if key in self.model_fields_set and given[0] not in kinds:
                told = " or ".join(f"`{kind}`" for kind in kinds)
                raise ValueError(f"`{SPELLED.get(key, key)}` belongs to a step with {told}")
        return self


Action = (
    str | Agent | Run | Check | Gate | Ask | Wait | Write | Change | Ship | Ready | Merge | Foreach | Composite | Sub
)

_CHECKED: Mapping[str, Handed] = {"any": "Baseline", "red": "Reproduced", "green": "Checked"}

KINDS = (
    "uses",
    "agent",
    "run",
    "check",
    "gate",
    "ask",
    "wait",
    "write",
    "github",
    "ship",
    "ready",
    "merge",
    "foreach",
    "workflow",
)
"""The keys of a step that say what it does."""

BELONGS = {
    "env": ("run",),
    "given": ("agent", "uses"),
    "expect": ("check",),
    "repair": ("check",),
    "goal": ("agent",),
    "capture": ("run",),
    "timeout": ("run", "agent", "check"),
    "retry": ("run", "agent", "github", "workflow"),
    "on_failure": ("run", "agent", "wait", "workflow"),
    "continue_on_error": ("run", "agent", "github", "wait", "workflow"),
}
"""Which kinds a key has a meaning for; with any other it is a mistake."""

SPELLED = {"given": "with"}
"""How a key is written, where Python has no such name."""

MODELS: tuple[type[Value], ...] = (
    *(Step, Agent, Run, Check, Repair, Gate, Ask, Wait, Write, Change, Ship, Ready, Merge, Foreach),
    *(Composite, Sub),
    *(Retry, Capture, Goal),
)
Foreach.model_rebuild()
Composite.model_rebuild()
Step.model_rebuild()
