"""Pull requests, reviews, and what GitHub asks before one is merged."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from core.github.people import Account
from core.names import Sha, Value


class Pull(Value):
    number: int
    node_id: str
    url: str
    author: Account
    app_authored: bool
    """Whether our App opened it."""
    open: bool
    merged: bool
    merged_by_us: bool = False
    """Whether our App merged it. Only told of a pull request that is asked for alone, not in a list."""
    draft: bool
    head_ref: str
    head_sha: Sha
    head_repository_id: int | None
    head_owner: str | None = None
    """The login of the person to whom the head's repository belongs; None for an organisation, or for nobody."""
    base_ref: str
    base_sha: Sha
    body: str
    mergeable: bool | None
    merge_sha: Sha | None

    def from_fork(self, repository_id: int) -> bool:
        """Whether its head lies in another repository than this one, its base, or in one that is gone."""
        return self.head_repository_id != repository_id


TurnKind = Literal["reopened", "ready_for_review"]


class Turn(Value):
    """One turn of a pull request: it was opened again, or taken out of draft."""

    actor: Account
    created_at: datetime


class ReviewState(StrEnum):
    approved = "APPROVED"
    changes_requested = "CHANGES_REQUESTED"
    commented = "COMMENTED"
    dismissed = "DISMISSED"
    pending = "PENDING"


class Review(Value):
    id: int
    node_id: str
    author: Account
    state: ReviewState
    head_sha: Sha
    body: str
    submitted_at: datetime | None
    app_authored: bool = False
    """Whether our App wrote it: what makes a marker count."""


class ReviewComment(Value):
    """What somebody said to a line of a pull request's diff; `reply_to` is the comment that begins its thread."""

    id: int
    author: Account
    app_authored: bool
    """Whether our App wrote it."""
    path: str
    line: int | None
    """In the head of now; None where that line is gone."""
    body: str
    reply_to: int | None
    edited: bool


class LineComment(Value):
    """What is said to a line of a file, as the head of a pull request has it."""

    path: str
    line: int
    body: str
    start: int | None = None
    """The first line, where it is about several; `line` is the last one then."""


class MergeMethod(StrEnum):
    merge = "merge"
    squash = "squash"
    rebase = "rebase"


class BranchRules(Value):
    """What GitHub asks before anything reaches a branch: its rulesets, and its protection as far as an App is told."""

    required_checks: tuple[str, ...] = ()
    """Names of checks and contexts of statuses."""
    merge_queue: bool = False
    signatures: bool = False
    """Whether every commit must be signed."""
    linear: bool = False
    methods: tuple[MergeMethod, ...] | None = None
    """How pull requests may be merged; None where every way may."""
