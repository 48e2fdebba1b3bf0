"""Heads of pull requests from forks, and who stands behind the commits that lie there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.github import Pull
from core.names import Role, Sha, Value

Part = Literal["opened", "owns", "pushed"]
"""What somebody has to do with a head: opened the pull request, owns the fork, pushed there last."""


class Push(Value):
    """The last push to a fork that GitHub told of and bore out: it was the pull request's head then."""

    head: Sha
    actor: str


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody who stands behind a head, with their role here. Without a login there is somebody whom nobody names."""

    part: Part
    login: str | None
    role: Role


def standing_behind(pull: Pull, last: Push | None) -> Sequence[tuple[Part, str | None]]:
    """Whose roles decide whether the head of a fork is a stranger's.

    GitHub tells who pushed only while it tells of the push. Where none was ever told of, the one who opened the pull
    request and the owner of the fork are all that is known; where the head is another than after the last one, somebody
    pushed of whom nothing was heard yet.
    """
    parts: list[tuple[Part, str | None]] = [("opened", pull.author.login), ("owns", pull.head_owner)]
    if last is not None:
        parts.append(("pushed", last.actor if last.head == pull.head_sha else None))
    return parts
