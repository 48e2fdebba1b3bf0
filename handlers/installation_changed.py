"""The App is installed, suspended or removed, or its repositories change: what is so is asked of GitHub, whatever the
event says, and followed. An event that comes late, twice or from somebody who knows the secret changes nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.installations import Standing
from core.names import Repo
from handlers.event import Ignored
from handlers.payloads import Login, RepositoryName

SUSPENDED = "The App is suspended at GitHub, by the account that installed it."
REMOVED = "The App was removed from this account at GitHub."

_Id = Annotated[int, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Account(_Part):
    login: Login


class _Installation(_Part):
    id: _Id
    account: _Account


class _Stub(_Part):
    id: _Id
    name: RepositoryName


class _Payload(_Part):
    action: str
    installation: _Installation
    repositories_removed: tuple[_Stub, ...] = ()


class _Owned(_Stub):
    owner: _Account


class _Numbered(_Part):
    id: _Id


class _Deletion(_Part):
    action: str
    installation: _Numbered
    repository: _Owned


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """Something happened to an installation. `left` are the repositories it is said not to cover any more."""

    installation_id: int
    account: str
    left: tuple[Repo, ...] = ()


def read(name: str, body: bytes) -> InstallationChanged | Ignored | None:
    """What a delivery says of an installation; None where it is about something else."""
    try:
        if name in {"installation", "installation_repositories"}:
            told = _Payload.model_validate_json(body)
            number, account = told.installation.id, told.installation.account.login
            left = [
                Repo(id=one.id, owner=account, name=one.name, installation_id=number)
                for one in told.repositories_removed
            ]
            return InstallationChanged(number, account, tuple(left))
        if name == "repository" and b'"deleted"' in body:
            deleted = _Deletion.model_validate_json(body)
            if deleted.action != "deleted":
                return None
            repository, owner = deleted.repository, deleted.repository.owner.login
            gone = Repo(id=repository.id, owner=owner, name=repository.name, installation_id=deleted.installation.id)
            return InstallationChanged(deleted.installation.id, owner, (gone,))
    except ValidationError:
        return Ignored(f"the {name} payload is not as GitHub describes it")
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """The installation stands, and is open or suspended."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class Removed:
    """The installation is gone: nothing of it is worked on, and what is kept of it is deleted."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A repository is not ours any more: its runs end."""

    repo: Repo
    why: str


Consequence = Known | Removed | Lost


def plan(change: InstallationChanged, standing: Standing | None, covered: Collection[int]) -> list[Consequence]:
    """What follows. `standing` is what GitHub shows of the installation, `covered` are those of the repositories named
    that it still covers."""
    if standing is None:
        return [Removed()]
    lost = [
        Lost(repo, f"The App has no access to {repo.full_name} any more.")
        for repo in change.left
        if repo.id not in covered
    ]
    return [Known(standing), *lost]
