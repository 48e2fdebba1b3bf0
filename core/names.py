"""What things are called: identifiers and the references that point at GitHub's objects."""

import re
from enum import StrEnum
from typing import NewType

from pydantic import BaseModel, ConfigDict

RunId = NewType("RunId", str)
"""Twelve lower-case base-32 characters, as in branch names and in `pullwright runs show`."""
WorkerId = NewType("WorkerId", str)
Epoch = NewType("Epoch", int)
"""The fencing number of a lease: every write of a run says which epoch it believes in."""
Sha = NewType("Sha", str)
"""A git object id, 40 hexadecimal digits."""
Digest = NewType("Digest", str)
"""A SHA-256 of content, 64 hexadecimal digits. What an approval binds to."""


Plain = str | int | float | bool
"""What an input of a workflow may be given."""


class Value(BaseModel):
    """A frozen value that is stored and sent as JSON; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_OWN_BRANCH = re.compile(r"pullwright/[^/]*-([a-z2-7]{12})")
_OWN_CHECK = re.compile(r"([a-z2-7]{12}):")


def run_of_check(external_id: str) -> RunId | None:
    """The run that a check of ours says it belongs to: `<run>:<name>`; None where it belongs to none."""
    found = _OWN_CHECK.match(external_id)
    return RunId(found[1]) if found else None


def run_of_branch(branch: str) -> RunId | None:
    """The run whose branch is called so, as `ship` names them; None where no run's is. A name proves nothing."""
    found = _OWN_BRANCH.fullmatch(branch)
    return RunId(found[1]) if found else None


class Repo(Value):
    """A repository as seen by one installation. The id never changes; owner and name may."""

    id: int
    owner: str
    name: str
    installation_id: int

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class SubjectKind(StrEnum):
    issue = "issue"
    pull_request = "pull_request"
    repository = "repository"
    """The whole of it: what a push or a time of day starts. There is no thread to speak in; its number is 0."""


class Subject(Value):
    """What a run is about."""

    kind: SubjectKind
    number: int

    def __str__(self) -> str:
        return "the repository" if self.kind is SubjectKind.repository else f"#{self.number}"


def is_bot(login: str) -> bool:
    """Whether a login is an App's: GitHub ends those with `[bot]`, which no person's login can hold."""
    return login.casefold().endswith("[bot]")


class Role(StrEnum):
    """GitHub's repository roles (`role_name`), weakest first.

    Custom roles of an organisation are mapped to the base role they grow from; what is unknown is `none`.
    https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories
    """

    none = "none"
    read = "read"
    triage = "triage"
    write = "write"
    maintain = "maintain"
    admin = "admin"

    def at_least(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)
