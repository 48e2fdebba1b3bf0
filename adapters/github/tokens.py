"""Installation tokens: for one repository, for one purpose, for less than an hour.

A token is made for what is about to be done and for nothing more, so that a leaked one opens one repository, and a
token that reads cannot write. Tokens are remembered here and nowhere else.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import AwareDatetime

from adapters.github.answers import Answer
from adapters.github.credentials import Credential
from adapters.github.keys import read_key, signed
from adapters.github.parse import Edge, parsed
from adapters.github.refusals import CredentialRefused
from adapters.github.requests import Requests
from core.clock import Clock
from core.errors import AppRefused, GitHubRefused, NotInstalled, NotThere, PermissionMissing
from core.names import Repo

EARLY = timedelta(minutes=5)
"""A token with less than this left is replaced: it must outlive a push that starts now."""

Permissions = MappingProxyType[str, Literal["read", "write"]]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do, by GitHub's names of permissions. `metadata: read` comes with every token."""

    name: str
    permissions: Permissions


READING = Scope(
    "reading",
    Permissions({"contents": "read", "issues": "read", "pull_requests": "read", "checks": "read", "statuses": "read"}),
)
WRITING = Scope(
    "writing", Permissions({"contents": "read", "issues": "write", "pull_requests": "write", "checks": "write"})
)
SHIPPING = Scope("shipping", Permissions({"contents": "write", "pull_requests": "write"}))
"""Merging, and making a draft ready, which for an App asks for contents as well."""
MEMBERS = Scope("members", Permissions({"members": "read"}))
"""Who is in which team, asked for by a token of its own: what needs it fails alone where the App lacks it."""
LOGS = Scope("logs", Permissions({"actions": "read"}))
"""What jobs of GitHub Actions printed, which a run can do without."""
GIT_READ = Scope("git read", Permissions({"contents": "read"}))
GIT_WRITE = Scope("git write", Permissions({"contents": "write"}))

SCOPES = (READING, WRITING, SHIPPING, MEMBERS, LOGS, GIT_READ, GIT_WRITE)


class _Named(Edge):
    id: int
    name: str


class _Made(Edge):
    token: str
    expires_at: AwareDatetime
    repositories: tuple[_Named, ...] = ()
    """Those that it is for, where it is not for all of the installation."""


@dataclass(frozen=True, slots=True)
class _Held:
    credential: Credential
    expires_at: datetime


_Key = tuple[int, int, str]


class Tokens:
    """The tokens of one App."""

    def __init__(
        self,
        requests: Requests,
        app_id: str | int,
        private_key: Callable[[], str],
        clock: Clock,
        made: Callable[[str], None] | None = None,
    ) -> None:
        self._requests = requests
        self._app_id = app_id
        self._private_key = private_key
        self._clock = clock
        self._learn = made
        self._key: RSAPrivateKey | None = None
        self._held: dict[_Key, _Held] = {}
        self._making: defaultdict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    def statement(self) -> Credential:
        """The App speaking for itself. AppRefused where the private key is none."""
        if self._key is None:
            self._key = read_key(self._private_key())
        return Credential("bearer", signed(self._app_id, self._key, self._clock.now()))

    async def token(self, repo: Repo, scope: Scope) -> Credential:
        """A token with at least five minutes left. Those who ask for the same one at the same time share it."""
        key = (repo.installation_id, repo.id, scope.name)
        async with self._making[key]:
            held = self._held.get(key)
            if held is None or held.expires_at - EARLY <= self._clock.now():
                held = self._held[key] = await self._made(repo, scope)
            return held.credential

    def drop(self, refused: Credential) -> None:
        """Forget a token that GitHub refused. One that took its place in the meantime stays."""
        self._held = {key: held for key, held in self._held.items() if held.credential != refused}

    async def beside(self, repo: Repo, name: str) -> Repo | None:
        """The repository of this name that the installation of `repo` covers too; None where it covers none.

        The one request that tells is that for a token, which names the repositories that it is for.
        """
        try:
            answer = await self._asked(repo, READING, {"repositories": [name]})
        except NotInstalled:
            return None
        made = parsed(_Made, answer.json(), "an installation token")
        held = self._kept(made, repo)
        for found in made.repositories:
            if found.name.lower() == name.lower():
                other = repo.model_copy(update={"id": found.id, "name": found.name})
                self._held[(repo.installation_id, found.id, READING.name)] = held
                return other
        return None

    async def _made(self, repo: Repo, scope: Scope) -> _Held:
        answer = await self._asked(repo, scope, {"repository_ids": [repo.id]})
        return self._kept(parsed(_Made, answer.json(), "an installation token"), repo)

    async def _asked(self, repo: Repo, scope: Scope, which: dict[str, Any]) -> Answer:
        address = self._requests.address(
            "/app/installations/{installation}/access_tokens", {"installation": repo.installation_id}
        )
        wanted = {**which, "permissions": dict(scope.permissions)}
        try:
            return await self._requests.make(address, self.statement(), wanted)
        except CredentialRefused as error:
            raise statement_refused(error, self._app_id) from None
        except NotThere as error:
            why = f"GitHub knows no installation {repo.installation_id} of App {self._app_id} (for {repo.full_name})."
            raise app_unknown(error, self._app_id) or NotInstalled(why) from None
        except GitHubRefused as error:
            raise _not_granted(error, repo, scope) from error

    def _kept(self, made: _Made, repo: Repo) -> _Held:
        if self._learn is not None:
            self._learn(made.token)
        return _Held(Credential("token", made.token, f"installation:{repo.installation_id}"), made.expires_at)


def app_unknown(error: NotThere, app_id: str | int) -> AppRefused | None:
    """Whether a 404 means the App itself, and not what it asked for."""
    return AppRefused(f"GitHub knows no App with the id {app_id}.") if "Integration not found" in str(error) else None


def statement_refused(error: CredentialRefused, app_id: str | int) -> AppRefused:
    """Why GitHub does not believe the App: its clock, or its key."""
    said = str(error)
    if "Issued at" in said or "Expiration time" in said:
        return AppRefused(f"GitHub refuses the time in the App's signature; is this machine's clock right? {said}")
    return AppRefused(
        f"GitHub does not accept the private key for App {app_id}: "
        f"it belongs to another App, or was deleted there. {said}"
    )


def _not_granted(error: GitHubRefused, repo: Repo, scope: Scope) -> AppRefused | PermissionMissing:
    if "permission" in str(error).lower():
        listed = ", ".join(f"{name}: {level}" for name, level in scope.permissions.items())
        return PermissionMissing(f"The installation for {repo.full_name} does not grant all of `{listed}`. {error}")
    return NotInstalled(f"The App's installation does not cover {repo.full_name}. {error}")
