"""Check runs, commit statuses, and what is shown with them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from core.names import Sha, Value


class CheckStatus(StrEnum):
    queued = "queued"
    in_progress = "in_progress"
    completed = "completed"


class Conclusion(StrEnum):
    success = "success"
    failure = "failure"
    neutral = "neutral"
    action_required = "action_required"
    cancelled = "cancelled"


class CheckRun(Value):
    id: int
    name: str
    head_sha: Sha
    external_id: str
    status: CheckStatus
    conclusion: str | None
    app_id: int
    url: str = ""
    """Where people look at it."""
    annotations: int = 0
    """How many it has."""
    title: str = ""
    summary: str = ""
    """What its App says of it, in Markdown."""
    job: int | None = None
    """The job of GitHub Actions that it stands for; None for a check of another App."""


class Note(Value):
    """One annotation of a check run, as its App wrote it."""

    path: str
    line: int
    level: str
    """`notice`, `warning` or `failure`."""
    message: str


class CommitStatus(Value):
    """What a service that is no App reported on a commit: the newest of its context."""

    id: int
    context: str
    state: str
    """`pending`, `success`, `failure` or `error`."""
    url: str
    description: str = ""


class Button(Value):
    """A button on a check run. GitHub's limits: label and identifier 20 characters, description 40."""

    label: Annotated[str, Field(min_length=1, max_length=20)]
    description: Annotated[str, Field(min_length=1, max_length=40)]
    identifier: Annotated[str, Field(min_length=1, max_length=20)]
