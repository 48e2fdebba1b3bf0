"""Our App at GitHub: who it is, where it is installed, and the way to each of its repositories.

async with GitHubApp(api_url, app_id, settings.private_key.get_secret_value, clock) as app:
    github = app.repository(repo)
    issue = await github.issue(7)
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from adapters.github.governor import Governor
from adapters.github.hook import Hook
from adapters.github.parse import AppJson, InstallationJson, StandingJson, parsed
from adapters.github.refusals import CredentialRefused
from adapters.github.repository import Repository
from adapters.github.requests import LastLook, Patience, Requests, sent_once
from adapters.github.tokens import Tokens, app_unknown, statement_refused
from core.allowance import Allowances
from core.breakers import Guard
from core.clock import Clock
from core.errors import AppRefused, NotThere
from core.facts import App
from core.github import GitHub
from core.installations import Standing
from core.names import Repo
from core.pauses import OwnPauses, Pauses

MOST_CONNECTIONS = 50
"""GitHub allows an installation a hundred requests at a time; other workers want some."""


BESIDE = timedelta(minutes=1)
"""For how long it is believed which repositories an installation covers."""


class GitHubApp:
    """Everything one process asks of GitHub, over one session with one set of tokens. An async context manager.

    `private_key` is called when the key is first needed; its text is not kept. `pauses` is where other processes see
    that GitHub asked us to pause, `allowances` where they share its limits, `guard` knows whether it is away. `made` is
    told every token that GitHub hands out, before anything is done with it.
    """

    def __init__(
        self,
        api_url: str,
        app_id: str | int,
        private_key: Callable[[], str],
        clock: Clock,
        *,
        patience: Patience | None = None,
        pauses: Pauses | None = None,
        allowances: Allowances | None = None,
        guard: Guard | None = None,
        made: Callable[[str], None] | None = None,
    ) -> None:
        self._api_url = api_url
        self._app_id = app_id
        self._private_key = private_key
        self._clock = clock
        self._patience = patience or Patience()
        self._governor = Governor(pauses or OwnPauses(), clock, MOST_CONNECTIONS, allowances)
        self._guard = guard
        self._made = made
        self._identity: App | None = None
        self._beside: dict[tuple[int, str], tuple[Repo | None, datetime]] = {}
        self._asking = asyncio.Lock()

    async def __aenter__(self) -> Self:
        # No cookies, no proxies or passwords from the environment: only what is said in the request.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(sent_once,),
            request_class=LastLook,
        )
        self._requests = Requests(
            self._session, self._api_url, self._clock, self._patience, self._governor, self._guard
        )
        self._tokens = Tokens(self._requests, self._app_id, self._private_key, self._clock, self._made)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._governor.leave()
        finally:
            await self._session.close()

    async def identity(self) -> App:
        """Who we are, asked once. AppRefused where the id or the key is wrong."""
        async with self._asking:
            if self._identity is None:
                sent = await self._as_app(self._requests.address("/app"))
                self._identity = parsed(AppJson, sent, "our App").value()
        return self._identity

    async def installation_of(self, owner: str, name: str) -> int:
        """The id of the installation that covers the repository. AppRefused where there is none."""
        address = self._requests.address("/repos/{owner}/{name}/installation", {"owner": owner, "name": name})
        try:
            sent = await self._as_app(address)
        except NotThere as error:
            raise AppRefused(f"The App is not installed on {owner}/{name}.") from error
        return parsed(InstallationJson, sent, "an installation").id

    async def installation(self, installation_id: int) -> Standing | None:
        """What GitHub knows of the installation; None where there is none (any more)."""
        address = self._requests.address("/app/installations/{id}", {"id": installation_id})
        try:
            return parsed(StandingJson, await self._as_app(address), "an installation").value()
        except NotThere:
            return None

    async def beside(self, repo: Repo, name: str) -> Repo | None:
        """The owner's repository of this name, where the same installation covers it; else None. Asked each minute."""
        key, now = (repo.installation_id, name), self._clock.now()
        if key not in self._beside or self._beside[key][1] <= now:
            self._beside[key] = await self._tokens.beside(repo, name), now + BESIDE
        return self._beside[key][0]

    def repository(self, repo: Repo) -> GitHub:
        return Repository(self._requests, self._tokens, repo, self.identity)

    @property
    def hook(self) -> Hook:
        """Our webhook, as GitHub sees it."""
        return Hook(self._requests, self._tokens.statement, self._app_id)

    async def _as_app(self, address: URL) -> Any:
        try:
            return (await self._requests.read(address, self._tokens.statement())).json()
        except CredentialRefused as error:
            raise statement_refused(error, self._app_id) from None
        except NotThere as error:
            raise app_unknown(error, self._app_id) or error from None
