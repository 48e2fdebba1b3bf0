"""What a handler wants. A closed union: intake knows how to write each of these, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from core.boards import AlarmKind
from core.effects import EditComment, PutCheck, RemoveLabel
from core.heads import Push
from core.names import Plain, RunId, Sha, Subject
from core.runs import SignalKind, Snapshot


@dataclass(frozen=True, slots=True)
class StartRun:
    """Start a workflow on a subject, once per key."""

    workflow: str
    subject: Subject
    key: str
    requester: str
    source: str
    snapshot: Snapshot
    inputs: Mapping[str, Plain] = field(default_factory=dict)
    source_comment_id: int | None = None
    retry_of: RunId | None = None
    base: tuple[str, Sha] | None = None
    """The branch and the commit that it begins at; None: the default branch as it is."""
    supersedes: bool = False
    """Whether it takes the place of the run that it is a retry of, whatever its workflow's file says."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Tell a run what happened."""

    run_id: RunId
    kind: SignalKind
    key: str
    actor: str
    digest: str | None = None
    text: str = ""
    comment_id: int | None = None
    review_id: int | None = None
    edit_id: str | None = None
    """The edit of our own comment by which a box was ticked in it."""
    vouches_for: int | None = None
    """The comment of a stranger that holds what is said: somebody who may vouches for it."""


@dataclass(frozen=True, slots=True)
class Say:
    """Answer in the thread with one comment, once per key."""

    number: int
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class React:
    """Answer with a reaction on the comment, or on the issue itself."""

    number: int
    comment_id: int | None
    content: Literal["+1", "confused", "rocket", "eyes"]


@dataclass(frozen=True, slots=True)
class ShowCheck:
    """Put a check run on a commit, once per key. It belongs to no run."""

    check: PutCheck
    key: str


@dataclass(frozen=True, slots=True)
class SetHold:
    """Hold this issue or pull request, or the whole repository where the number is None; or let it go on."""

    number: int | None
    held: bool
    reason: str
    actor: str
    key: str
    at: datetime
    """When it was said: a newer word stands."""


@dataclass(frozen=True, slots=True)
class AskForBoard:
    """Make, or open again, the repository's pinned issue, and answer in this thread."""

    number: int
    actor: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LookAtBoard:
    """Something happened to the repository's pinned issue: see whether it is to go on."""


@dataclass(frozen=True, slots=True)
class Alarmed:
    """Something goes wrong that nobody need be answered about. It is told once while it lasts."""

    kind: AlarmKind
    why: str
    about: int = 0
    """The issue or pull request; 0: the repository."""
    head: Sha | None = None
    """The head of a pull request that can carry it."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Do something on GitHub that belongs to no run, once per key."""

    act: RemoveLabel | EditComment
    key: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Keep what was decided about what somebody said here, for whoever asks why."""

    number: int
    tree: Mapping[str, Any]
    """A `policies.result.Result` as JSON."""


@dataclass(frozen=True, slots=True)
class KeepPush:
    """Know who pushed last to the fork that this pull request comes from."""

    number: int
    push: Push


@dataclass(frozen=True, slots=True)
class Shut:
    """GitHub lets nobody write to the repository, for this reason; None: it does."""

    why: str | None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Do nothing, and be able to say why."""

    why: str


Unbound = Say | React | ShowCheck | SetHold | AskForBoard | LookAtBoard | Alarmed | Act | Decided | KeepPush
"""What belongs to no run."""

Intent = StartRun | Signal | Unbound | Shut | Ignore
