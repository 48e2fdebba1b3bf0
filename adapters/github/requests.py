"""The one way to GitHub: every request of the service is let through, sent, bounded and judged here.

A request waits for its turn, and is not sent at all while GitHub asks us to pause. A read is repeated while GitHub is
unavailable or asks for a short pause. A write is sent once: where its fate is not known, GitHubUnavailable says so,
and whoever wrote looks before trying again.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import aiohttp
import stamina
from gidgethub import sansio
from yarl import URL

from adapters.github.answers import Answer
from adapters.github.credentials import Credential
from adapters.github.governor import Governor, kind_of
from adapters.github.refusals import asked_pause, error_of
from adapters.github.remembered import Key, Remembered
from core.allowance import Kind
from core.breakers import Guard
from core.clock import Clock
from core.errors import BotError, GitHubRefused, GitHubUnavailable, NotThere, RateLimited

USER_AGENT = "pullwright"
API_VERSION = "2022-11-28"
JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"
SHA = "application/vnd.github.sha"
LARGEST_ANSWER_BYTES = 32 * 1024 * 1024
"""A page of a hundred comments of full length, in four-byte characters."""
MOST_REDIRECTS = 3
TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)

Part = str | int
Parts = Mapping[str, Part | list[str]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a read is tried. Waits double from the first to the longest, each with up to `jitter_seconds` more."""

    attempts: int = 4
    total_seconds: float = 45.0
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 4.0
    jitter_seconds: float = 0.25
    longest_limit_seconds: float = 5.0
    """A limit that lasts longer is not waited for, but raised."""

    def wait(self, error: Exception) -> bool | float:
        """Whether to try again, or after how many seconds."""
        if isinstance(error, RateLimited):
            return error.retry_after_seconds if error.retry_after_seconds <= self.longest_limit_seconds else False
        return isinstance(error, GitHubUnavailable)


class ConnectionBroke(aiohttp.ClientError):
    """The connection ended before an answer came."""


async def sent_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A session's middleware: aiohttp would send GET, PUT and DELETE again by itself where a connection breaks."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        kind = type(error).__name__
    raise ConnectionBroke(kind)


_may_leave: ContextVar[Callable[[], None]] = ContextVar("_may_leave")


class LastLook(aiohttp.ClientRequest):
    """A session's kind of request: it looks once more when it has its connection, whose making can take seconds."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        _may_leave.get()()
        return await super().send(conn)


class Requests:
    """Requests to one API, over one session, which has the middleware `sent_once` and makes requests of `LastLook`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_url: str,
        clock: Clock,
        patience: Patience,
        governor: Governor,
        guard: Guard | None = None,
    ) -> None:
        self._session = session
        self._api = URL(api_url)
        self._clock = clock
        self._patience = patience
        self.governor = governor
        self._guard = guard
        self._remembered = Remembered()

    async def read(
        self,
        address: URL,
        credential: Credential,
        *,
        accept: str = JSON,
        largest_bytes: int = LARGEST_ANSWER_BYTES,
    ) -> Answer:
        """The answer to a GET."""
        request = _Request("GET", address, credential, accept, None, largest_bytes)
        async with self._asking(credential):
            return await self._repeated(request)

    async def end_of(self, address: URL, credential: Credential, most_bytes: int) -> bytes:
        """The end of what a GET leads to, which may lie elsewhere: our credential goes to GitHub alone.

        Raises GitHubUnavailable where it leads to nothing that can be read safely and in time.
        """
        request = _Request("GET", address, credential, JSON, None, leaves=True)
        async with self._asking(credential):
            answer = await self._repeated(request)
        if not request.is_told_by(answer):
            return answer.body[-most_bytes:]
        return await self._ending(self._elsewhere(answer.headers.get("location", "")), most_bytes)

    def _elsewhere(self, address: str) -> URL:
        """Where GitHub says that something lies; encrypted, unless it is GitHub's own address."""
        try:
            url = URL(address, encoded=True)
            safe = url.scheme == "https" or url.origin() == self._api.origin()
        except ValueError:
            safe = False
        if not safe:
            raise GitHubUnavailable("GitHub sent something we cannot read: a link to nothing that is safe to follow.")
        return url

    async def _ending(self, url: URL, most_bytes: int) -> bytes:
        _may_leave.set(lambda: None)
        try:
            async with self._session.get(url, timeout=TIMEOUT, allow_redirects=False) as response:
                if response.status == 200:
                    return await _last(response, most_bytes)
                failure = f"What lies elsewhere was answered with {response.status}."
        except (TimeoutError, aiohttp.ClientError) as error:
            failure = f"What lies elsewhere cannot be read ({type(error).__name__})."
        # Raised outside of the `except`: the address opens what lies there to whoever knows it.
        raise GitHubUnavailable(failure)

    async def write(self, method: str, address: URL, credential: Credential, body: Mapping[str, Any]) -> Answer:
        """The answer to the one request that was sent."""
        async with self._asking(credential):
            return await self._once(_Request(method, address, credential, JSON, body))

    async def make(self, address: URL, credential: Credential, body: Mapping[str, Any]) -> Answer:
        """The answer to a POST that nobody sees and that may be done twice, such as making a token."""
        async with self._asking(credential):
            return await self._repeated(_Request("POST", address, credential, JSON, body))

    def _asking(self, credential: Credential) -> AbstractAsyncContextManager[None]:
        """Raises CircuitOpen while GitHub does not answer this caller."""
        return self._guard.asking(f"github:{credential.caller}") if self._guard is not None else nullcontext()

    def address(self, template: str, parts: Parts | None = None, query: Mapping[str, Part] | None = None) -> URL:
        """The URL of an RFC 6570 template such as `/repos/{owner}{/path*}`; every part is percent-encoded.

        A part that is empty, `.` or `..` would name something else than what was asked for: NotThere.
        """
        for name, part in (parts or {}).items():
            if any(segment in {"", ".", ".."} for segment in (part if isinstance(part, list) else [part])):
                raise NotThere(f"GitHub has nothing under the {name} {part!r}.")
        base = str(self._api).rstrip("/")
        filled = sansio.format_url(template, dict(parts or {}), base_url=base)
        return URL(filled, encoded=True).update_query({key: str(value) for key, value in (query or {}).items()})

    def linked(self, address: str, base: URL | None = None) -> URL:
        """An address that GitHub itself gave; refused where it would carry our credential to somebody else."""
        try:
            url = URL(urljoin(str(base or self._api), address), encoded=True)
            ours = url.origin() == self._api.origin()
        except ValueError:
            ours = False
        if not ours:
            raise GitHubUnavailable("GitHub sent something we cannot read: a link that leads away from its API.")
        return url

    def graphql(self) -> URL:
        """`/graphql` beside a plain API, `/api/graphql` on an enterprise server whose REST root is `/api/v3`."""
        root = self._api.path.rstrip("/").removesuffix("/v3")
        return self._api.with_path(f"{root}/graphql")

    async def _repeated(self, request: "_Request") -> Answer:
        patience = self._patience
        async for attempt in stamina.retry_context(
            on=patience.wait,
            attempts=patience.attempts,
            timeout=patience.total_seconds,
            wait_initial=patience.first_wait_seconds,
            wait_max=patience.longest_wait_seconds,
            wait_jitter=patience.jitter_seconds,
        ):
            with attempt:
                return await self._once(request)
        raise AssertionError("stamina returns or raises")

    async def _once(self, request: "_Request") -> Answer:
        caller = request.credential.caller
        async with self.governor.turn(caller, request.kind):
            known = self._remembered.of(request.key) if request.kind == "read" else None
            answer = await self._followed(request if known is None else replace(request, known=known.headers["etag"]))
            self.governor.heard(caller, answer)
            if request.kind == "read":
                answer = self._remembered.settled(request.key, answer, known)
            error = None
            if not request.is_told_by(answer):
                error = error_of(answer, request.asked, request.credential, self._clock.now())
            if isinstance(error, RateLimited):
                await self.governor.pause(caller, error.retry_after_seconds, str(error))
            elif seconds := asked_pause(answer, self._clock.now()):
                await self.governor.pause(caller, seconds, "The requests that GitHub allows for now are used up.")
        if error is not None:
            raise error
        return answer

    async def _followed(self, request: "_Request") -> Answer:
        """The answer where the request ends up: a repository that moved answers with a redirect, and did nothing."""
        answer = await self._sent(request, request.address)
        address = request.address
        for _ in range(MOST_REDIRECTS):
            if answer.status not in request.redirects or request.is_told_by(answer):
                return answer
            address = self.linked(answer.headers.get("location", ""), address)
            await self.governor.afford(request.credential.caller, request.kind)
            answer = await self._sent(request, address)
        if answer.status in request.redirects:
            raise GitHubRefused(f"GitHub redirected {request.asked} more than {MOST_REDIRECTS} times.", answer.status)
        return answer

    async def _sent(self, request: "_Request", address: URL) -> Answer:
        failure: BotError
        _may_leave.set(lambda: self.governor.still_admitted(request.credential.caller))
        try:
            async with self._session.request(
                request.method,
                address,
                headers=request.headers(),
                json=request.body,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                body, whole = await _bounded(response, request.largest_bytes)
                return Answer(response.status, response.headers, body, whole)
        except TimeoutError:
            failure = GitHubUnavailable(f"GitHub did not answer {request.asked} within {TIMEOUT.total:.0f} s.")
        except aiohttp.ClientError as error:
            failure = GitHubUnavailable(f"GitHub cannot be reached for {request.asked} ({_kind(error)}).")
        # Raised outside of the `except`: aiohttp's exceptions carry the request's headers, and with them the token.
        raise failure


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    address: URL
    credential: Credential
    accept: str
    body: Mapping[str, Any] | None
    largest_bytes: int = LARGEST_ANSWER_BYTES
    known: str = ""
    """What GitHub called the answer that we have."""
    leaves: bool = False
    """Whether a `302` is the answer: it says where what was asked for lies."""

    @property
    def key(self) -> Key:
        return self.credential.caller, str(self.address), self.accept

    @property
    def asked(self) -> str:
        return f"{self.method} {self.address.raw_path}"

    @property
    def kind(self) -> Kind:
        return kind_of(self.method, self.address.raw_path)

    @property
    def redirects(self) -> frozenset[int]:
        # 307 and 308 keep method and body; the others turn a write into a GET.
        return frozenset({301, 302, 303, 307, 308}) if self.method == "GET" else frozenset({307, 308})

    def is_told_by(self, answer: Answer) -> bool:
        """Whether this redirect is the answer; others, such as those of a repository that moved, are followed."""
        return self.leaves and answer.status == 302

    def headers(self) -> dict[str, str]:
        secret, kind = self.credential.secret, self.credential.kind
        theirs = {"jwt": secret} if kind == "bearer" else {"oauth_token": secret}
        known = {"if-none-match": self.known} if self.known else {}
        headers = sansio.create_headers(USER_AGENT, accept=self.accept, **theirs)
        return headers | known | {"x-github-api-version": API_VERSION}


def _kind(error: aiohttp.ClientError) -> str:
    return str(error) if isinstance(error, ConnectionBroke) else type(error).__name__


async def _bounded(response: aiohttp.ClientResponse, largest_bytes: int) -> tuple[bytes, bool]:
    """The body, and whether that is all of it."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest_bytes:
            response.close()
            return bytes(body[:largest_bytes]), False
    return bytes(body), True


async def _last(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The end of the body, of which at most so much more is read as any answer may have."""
    end, read = bytearray(), 0
    async for chunk in response.content.iter_any():
        end = (end + chunk)[-most_bytes:]
        read += len(chunk)
        if read > LARGEST_ANSWER_BYTES:
            response.close()
            raise aiohttp.ClientPayloadError("it is too long")
    return bytes(end)
