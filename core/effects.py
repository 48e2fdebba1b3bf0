"""Effects: every write to the outside, as data. The kind says how it is done; the key says which one it is.

An effect's key is deterministic, so that the same intention after a crash is the same effect, found and not repeated.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from core.github import Button, CheckStatus, CloseReason, Conclusion, LineComment, MergeMethod
from core.names import Sha, Value


class PostComment(Value):
    kind: Literal["comment"] = "comment"
    number: int
    body: str


class KeepComment(Value):
    """One comment that is written once and edited in place afterwards: a run's status."""

    kind: Literal["status"] = "status"
    number: int
    body: str


class EditComment(Value):
    """Put one of our own comments right: a status that ended, or a text that somebody else changed."""

    kind: Literal["edit"] = "edit"
    comment_id: int
    body: str


class AddReaction(Value):
    kind: Literal["reaction"] = "reaction"
    number: int
    comment_id: int | None
    """None: the issue or pull request itself."""
    content: Literal["+1", "-1", "confused", "heart", "hooray", "rocket", "eyes"]


class AddLabels(Value):
    """Put labels on an issue; GitHub makes those that the repository does not have yet."""

    kind: Literal["label"] = "label"
    number: int
    labels: tuple[str, ...]


class RemoveLabel(Value):
    kind: Literal["unlabel"] = "unlabel"
    number: int
    label: str


class Assign(Value):
    """Assign people to an issue, beside those who are assigned already."""

    kind: Literal["assign"] = "assign"
    number: int
    logins: tuple[str, ...]


class CloseIssue(Value):
    """Close an issue or a pull request, unless a person opened it again after we did."""

    kind: Literal["close"] = "close"
    number: int
    reason: CloseReason | None
    """None for a pull request, which has none."""


class OpenIssue(Value):
    """Open an issue of our own."""

    kind: Literal["issue"] = "issue"
    title: str
    body: str


class PushBranch(Value):
    """Push a commit of the run's workspace to the run's own branch."""

    kind: Literal["push"] = "push"
    branch: str
    sha: Sha
    expected: Sha | None
    """What the branch must be at now; None: it must not exist. (`--force-with-lease`)"""


class SignCommit(Value):
    """Have GitHub make and sign a commit like one of the run's workspace: same tree, parents and message."""

    kind: Literal["sign"] = "sign"
    like: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str


class OpenPull(Value):
    kind: Literal["pull"] = "pull"
    branch: str
    base: str
    title: str
    body: str
    draft: bool


class MarkReady(Value):
    kind: Literal["ready"] = "ready"
    number: int


class RequestReview(Value):
    kind: Literal["review_request"] = "review_request"
    number: int
    login: str


class PostReview(Value):
    """A review of a pull request at a head that was read: words, and comments on lines of its diff."""

    kind: Literal["review"] = "review"
    number: int
    head: Sha
    body: str
    comments: tuple[LineComment, ...] = ()


class AnswerThread(Value):
    """An answer in the review thread that this comment begins. The thread may be gone: then nobody asks any more."""

    kind: Literal["answer"] = "answer"
    number: int
    thread: int
    body: str


class EditPull(Value):
    """Let the text of our pull request say what it brings now, unless somebody wrote it anew."""

    kind: Literal["pull_text"] = "pull_text"
    number: int
    was: str
    body: str


class Annotation(Value):
    """Something to be seen at its place in a file of the commit, shown in the diff."""

    path: str
    line: int
    column: int | None = None
    message: str
    level: Literal["notice", "warning", "failure"] = "failure"
    title: str = "Pullwright cannot use this file"


class PutCheck(Value):
    """A check run, found by name, head and external id, created or updated."""

    kind: Literal["check"] = "check"
    name: str
    head_sha: Sha
    external_id: str
    status: CheckStatus
    conclusion: Conclusion | None = None
    title: str
    summary: str
    text: str = ""
    buttons: tuple[Button, ...] = ()
    annotations: tuple[Annotation, ...] = ()


class MergePull(Value):
    kind: Literal["merge"] = "merge"
    number: int
    sha: Sha
    method: MergeMethod
    title: str
    message: str


class EnqueuePull(Value):
    """Put a pull request, at exactly this head, into the merge queue of its base: GitHub merges it when it is green."""

    kind: Literal["enqueue"] = "enqueue"
    number: int
    sha: Sha


Act = Annotated[
    PostComment
    | KeepComment
    | EditComment
    | AddReaction
    | AddLabels
    | RemoveLabel
    | Assign
    | CloseIssue
    | OpenIssue
    | PushBranch
    | SignCommit
    | OpenPull
    | MarkReady
    | RequestReview
    | PostReview
    | AnswerThread
    | EditPull
    | PutCheck
    | MergePull
    | EnqueuePull,
    Field(discriminator="kind"),
]

COSMETIC = frozenset({"reaction", "status", "edit", "review_request", "answer", "pull_text"})
"""Kinds whose failure never fails a run: they say something, and change nothing that ships."""

SHIPS = frozenset({"push", "sign", "pull", "ready", "pull_text", "merge", "enqueue"})
"""Kinds that put content on a branch, or bring it nearer to one. A run about somebody's pull request does none."""

DISPENSABLE = frozenset({"check"})
"""Kinds that a run does without where the server has no endpoint for them: what they say stands elsewhere too."""

WORDS = frozenset({"body", "title", "summary", "text"})
"""Fields that people read. A commit message is not among them: it was approved as it stands."""


def worded(act: Act, change: Callable[[str], str]) -> Act:
    """The act with its words changed, and nothing that says where or what it acts on."""
    if isinstance(act, MergePull):
        return act
    changed: dict[str, Any] = {name: change(value) for name, value in act if name in WORDS and isinstance(value, str)}
    if isinstance(act, PutCheck) and act.annotations:
        told = tuple(one.model_copy(update={"message": change(one.message)}) for one in act.annotations)
        changed["annotations"] = told
    if isinstance(act, PostReview):
        changed["comments"] = tuple(one.model_copy(update={"body": change(one.body)}) for one in act.comments)
    return act.model_copy(update=changed) if changed else act
