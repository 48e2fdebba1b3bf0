"""What starts a workflow by itself: events of GitHub with filters, times of day, and signed calls from elsewhere.

A filter that is left out lets everything pass. Lists are globs; a thing passes where one of them names it. Who may
start anything so is said in `handlers.triggered`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from core.cron import Cron, CronInvalid, parse, zone
from core.documents import Path
from core.globs import Glob
from core.names import Value
from core.workflow.values import Id

MOST_GLOBS = 50
Globs = tuple[Glob, ...]
IssueType = Literal["opened", "labeled"]
PullType = Literal["opened", "synchronize", "reopened", "ready_for_review", "labeled"]


class Issues(Value):
    """An issue is opened or labelled by somebody who may start work."""

    types: tuple[IssueType, ...] = Field(("opened",), min_length=1)
    labels: Globs = Field((), max_length=MOST_GLOBS)
    """`opened`: the issue carries one of these. `labeled`: it is given one of these."""
    authors: Globs = Field((), max_length=MOST_GLOBS)
    """Who wrote the issue."""


class PullRequests(Value):
    """Something happens to a pull request that is not the bot's, and somebody who may start work stands behind it."""

    types: tuple[PullType, ...] = Field(("opened", "synchronize", "reopened"), min_length=1)
    """`synchronize`: its branch was pushed to. That of a fork starts nothing so."""
    branches: Globs = Field((), max_length=MOST_GLOBS)
    """The branch that it is to be merged into."""
    paths: Globs = Field((), max_length=MOST_GLOBS)
    """It changes one of these."""
    labels: Globs = Field((), max_length=MOST_GLOBS)
    """It carries one of these. `labeled`: it is given one of these."""
    authors: Globs = Field((), max_length=MOST_GLOBS)
    """Who opened it."""


class Checks(Value):
    """A check of somebody else ended badly on a branch."""

    conclusion: Literal["failure", "timed_out"] = "failure"
    branches: Globs = Field((), max_length=MOST_GLOBS)
    names: Globs = Field((), max_length=MOST_GLOBS)
    """How the check is called."""


class Push(Value):
    """Somebody pushed to a branch."""

    branches: Globs = Field((), max_length=MOST_GLOBS)
    paths: Globs = Field((), max_length=MOST_GLOBS)
    """One of these was changed by it."""


class Dispatch(Value):
    """Somebody with write access called `POST /repos/…/dispatches`."""

    types: Globs = Field((), max_length=MOST_GLOBS)
    """The `event_type` of the call."""


class Time(Value):
    """A time that comes again and again."""

    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    timezone: str = "UTC"
    """Whose clocks count: `Europe/Berlin`."""
    missed: Literal["run-once", "skip"] = "run-once"
    """What becomes of times at which the service was down: one run for all of them, or none."""

    @field_validator("cron")
    @classmethod
    def _comes(cls, expression: str) -> str:
        try:
            parse(expression)
        except CronInvalid as error:
            raise ValueError(f"`{expression}` {error}") from error
        return expression

    @field_validator("timezone")
    @classmethod
    def _is_one(cls, name: str) -> str:
        try:
            zone(name)
        except CronInvalid as error:
            raise ValueError(f"`{name}` {error}") from error
        return name

    @property
    def meaning(self) -> Cron:
        return parse(self.cron)

    @property
    def words(self) -> str:
        """It as one line, by which it is known while it stays the same."""
        return f"{self.cron} {self.timezone} {self.missed}"


class Triggers(Value):
    """What may stand under `on:` beside a command and a label."""

    issues: Issues | None = None
    pull_request: PullRequests | None = None
    checks: Checks | None = None
    push: Push | None = None
    repository_dispatch: Dispatch | None = None
    schedule: tuple[Time, ...] = Field((), max_length=10)
    hook: Id | None = None
    """`POST /hooks/<name>`, signed with a secret that the operator gave out."""

    @field_validator(
        "issues", "pull_request", "checks", "push", "repository_dispatch", "schedule", "hook", mode="before"
    )
    @classmethod
    def _says_something(cls, value: Any) -> Any:
        """A key with nothing behind it would be read as left out, and start nothing without a word."""
        if value is None:
            raise ValueError("nothing is said: write `{}` to hear all of them, or leave it out")
        return value

    @property
    def by_itself(self) -> tuple[str, ...]:
        """What of it starts the workflow, in words: for lists and pictures."""
        named = [key for key in (*THREADED, *THREADLESS) if key not in {"schedule", "hook"} and getattr(self, key)]
        times = [f"{time.cron} {time.timezone}" for time in self.schedule]
        return (*(name.replace("_", " ") for name in named), *times, *([f"hook {self.hook}"] if self.hook else []))


MODELS: tuple[type[Value], ...] = (Issues, PullRequests, Checks, Push, Dispatch, Time, Triggers)
THREADED = ("issues", "pull_request")
"""These have a thread to speak in."""
THREADLESS = ("checks", "push", "repository_dispatch", "schedule", "hook")
"""These start a run about the repository as a whole."""


def unspoken(value: Any) -> Iterator[tuple[Path, str]]:
    """Steps that need a thread in a workflow that starts without one, by where they stand in the file."""
    on = value.get("on") if isinstance(value, Mapping) else None
    by = next((key for key in THREADLESS if isinstance(on, Mapping) and on.get(key) not in (None, [])), None)
    if by is not None and isinstance(value, Mapping):
        for path, what in _speaking(value.get("steps"), ("steps",)):
            yield path, f"{what} needs a thread, and what `{by}` starts has none"


def unshippable(value: Any) -> Iterator[tuple[Path, str]]:
    """Steps that ship in a workflow that pull requests start, by where they stand in the file: the head is not ours."""
    on = value.get("on") if isinstance(value, Mapping) else None
    if isinstance(on, Mapping) and on.get("pull_request") is not None:
        for path, step in _every(value.get("steps"), ("steps",)):
            if step.get("ship") is not None:
                yield path, "`ship` cannot stand here: what `pull_request` starts works with somebody else's branch"


def _every(steps: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every step with its place, also those within others."""
    for index, step in enumerate(steps if isinstance(steps, Sequence) and not isinstance(steps, str) else ()):
        if isinstance(step, Mapping):
            here = (*path, index)
            yield here, step
            yield from _every(step.get("on_failure"), (*here, "on_failure"))
            for key in ("uses", "foreach"):
                if isinstance(within := step.get(key), Mapping):
                    yield from _every(within.get("steps"), (*here, key, "steps"))


def _speaking(steps: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for here, step in _every(steps, path):
        if step.get("ask") is not None:
            yield here, "`ask`"
        if step.get("github") is not None:
            yield here, "`github`"
        gate = step.get("gate")
        if isinstance(gate, Mapping) and gate.get("binds") == "plan":
            yield here, "the gate of a plan"
