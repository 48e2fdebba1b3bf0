"""Issues, comments, and what happened to them."""

from datetime import datetime
from enum import StrEnum

from core.github.people import Account
from core.names import Value


class Issue(Value):
    number: int
    node_id: str
    title: str
    body: str
    author: Account
    author_association: str
    open: bool
    labels: tuple[str, ...]
    is_pull_request: bool
    created_at: datetime
    updated_at: datetime
    url: str


class Comment(Value):
    id: int
    node_id: str
    number: int
    """The issue or pull request that it stands on."""
    body: str
    author: Account
    author_association: str
    app_id: int | None
    """The App that wrote it, or None for a person: what makes a marker count."""
    created_at: datetime
    updated_at: datetime
    url: str


class CommentEdit(Value):
    """One edit of a comment. The writing of it may be told of as one, too."""

    id: str
    by: str | None
    """The login; None for an account that is gone."""
    deleted: bool
    """Whether somebody took what stood there then out of the history."""


class CommentHistory(Value):
    """What a comment says, and every edit that led there, all read at one moment."""

    body: str
    edits: tuple[CommentEdit, ...]


class LabelEvent(Value):
    """One labelling of an issue, from its timeline."""

    id: int
    label: str
    actor: Account
    created_at: datetime


class Closing(Value):
    """One closing of an issue or pull request, from its timeline. It may have been opened again since."""

    by_us: bool
    """Whether our App did it, as itself."""
    at: datetime


class CloseReason(StrEnum):
    completed = "completed"
    not_planned = "not_planned"
