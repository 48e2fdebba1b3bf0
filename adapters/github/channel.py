"""Requests about one repository, each with a token made for its purpose. The nouns build upon this."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from yarl import URL

from adapters.github.answers import Answer
from adapters.github.credentials import Credential
from adapters.github.refusals import CredentialRefused, graphql_error
from adapters.github.requests import JSON, LARGEST_ANSWER_BYTES, Part, Parts, Requests
from adapters.github.tokens import READING, WRITING, Scope, Tokens
from core.errors import GitHubRefused, GitHubUnavailable, RateLimited
from core.facts import App
from core.names import Repo

_Post = Callable[[URL, Credential, Mapping[str, Any]], Awaitable[Answer]]

PAGE = 100
MOST_PAGES = 50
"""Where a list ends for us: twice the comments that GitHub allows on an issue."""


class Channel:
    """One repository through one installation. Templates begin after `/repos/{owner}/{repo}`."""

    def __init__(self, requests: Requests, tokens: Tokens, repo: Repo, identity: Callable[[], Awaitable[App]]) -> None:
        self._requests = requests
        self._tokens = tokens
        self._identity = identity
        self.repo = repo

    async def read(
        self,
        template: str,
        parts: Parts | None = None,
        query: Mapping[str, Part] | None = None,
        *,
        accept: str = JSON,
        largest_bytes: int = LARGEST_ANSWER_BYTES,
    ) -> Answer:
        return await self._read(self._address(template, parts, query), accept, largest_bytes)

    async def end_of(self, template: str, parts: Parts, most_bytes: int, *, scope: Scope) -> bytes:
        """The end of what the address leads to, wherever that lies."""
        address = self._address(template, parts)
        token = await self._tokens.token(self.repo, scope)
        return await self._requests.end_of(address, token, most_bytes)

    async def json(self, template: str, parts: Parts | None = None, query: Mapping[str, Part] | None = None) -> Any:
        return (await self.read(template, parts, query)).json()

    async def pages(
        self, template: str, parts: Parts | None = None, query: Mapping[str, Part] | None = None
    ) -> AsyncIterator[Any]:
        """The JSON of each page, first to last. A list too long to be read whole is GitHubRefused, never cut."""
        answer = await self.read(template, parts, {**(query or {}), "per_page": PAGE})
        yield answer.json()
        for _ in range(MOST_PAGES - 1):
            if "next" not in answer.links:
                return
            answer = await self._linked(answer.links["next"])
            yield answer.json()
        if "next" in answer.links:
            raise _too_long(template)

    async def pages_backwards(self, template: str, parts: Parts | None = None) -> AsyncIterator[Any]:
        """The JSON of each page, last to first, for lists that GitHub gives oldest first."""
        answer = await self.read(template, parts, {"per_page": PAGE})
        if "last" in answer.links:
            answer = await self._linked(answer.links["last"])
        yield answer.json()
        for _ in range(MOST_PAGES - 1):
            if "prev" not in answer.links:
                return
            answer = await self._linked(answer.links["prev"])
            yield answer.json()
        if "prev" in answer.links:
            raise _too_long(template)

    async def listed(
        self, template: str, parts: Parts | None = None, query: Mapping[str, Part] | None = None
    ) -> list[Any]:
        """Every item of a list."""
        found: list[Any] = []
        async for page in self.pages(template, parts, query):
            if not isinstance(page, list):
                raise GitHubUnavailable(f"GitHub sent something we cannot read: {template} is not a list.")
            found += page
        return found

    async def write(
        self,
        method: str,
        template: str,
        parts: Parts | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        scope: Scope = WRITING,
    ) -> Any:
        """The JSON of the answer to a write that was sent once."""
        address = self._address(template, parts)
        answer = await self._with_token(
            scope, lambda token: self._requests.write(method, address, token, body if body is not None else {})
        )
        return answer.json()

    async def mutate(self, mutation: str, variables: Mapping[str, Any], *, name: str, scope: Scope) -> Any:
        """The `data` of a GraphQL mutation that was sent once. `name` is what it is called in an error."""
        return await self._graphql(partial(self._requests.write, "POST"), mutation, variables, name, scope)

    async def query(self, query: str, variables: Mapping[str, Any], *, name: str, scope: Scope) -> Any:
        """The `data` of a GraphQL query, which is repeated like any other read."""
        return await self._graphql(self._requests.make, query, variables, name, scope)

    async def _graphql(self, post: _Post, text: str, variables: Mapping[str, Any], name: str, scope: Scope) -> Any:
        used: list[Credential] = []

        async def send(token: Credential) -> Answer:
            used.append(token)
            body = {"query": text, "variables": dict(variables)}
            return await post(self._requests.graphql(), token, body)

        sent = (await self._with_token(scope, send)).json()
        if not isinstance(sent, dict):
            raise GitHubUnavailable(f"GitHub sent something we cannot read: the answer to {name} is not an object.")
        if sent.get("errors"):
            error = graphql_error(sent["errors"], name, used[-1])
            if isinstance(error, RateLimited):
                await self._requests.governor.pause(used[-1].caller, error.retry_after_seconds, str(error))
            raise error
        return sent.get("data")

    async def _linked(self, address: str) -> Answer:
        return await self._read(self._requests.linked(address), JSON, LARGEST_ANSWER_BYTES)

    async def _read(self, address: URL, accept: str, largest_bytes: int) -> Answer:
        return await self._with_token(
            READING, lambda token: self._requests.read(address, token, accept=accept, largest_bytes=largest_bytes)
        )

    async def _with_token(self, scope: Scope, send: Callable[[Credential], Awaitable[Answer]]) -> Answer:
        """What `send` answers. A token that GitHub refuses did nothing, so a fresh one is tried, once."""
        token = await self._tokens.token(self.repo, scope)
        try:
            return await send(token)
        except CredentialRefused:
            self._tokens.drop(token)
        return await send(await self._tokens.token(self.repo, scope))

    def _address(self, template: str, parts: Parts | None, query: Mapping[str, Part] | None = None) -> URL:
        named: dict[str, Part | list[str]] = {**(parts or {}), "owner": self.repo.owner, "repo": self.repo.name}
        return self._requests.address(f"/repos/{{owner}}/{{repo}}{template}", named, query)


def _too_long(template: str) -> GitHubRefused:
    return GitHubRefused(f"The list at {template} has more than {MOST_PAGES * PAGE} items; it is not read in part.")
