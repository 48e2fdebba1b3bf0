"""The stand-in as a server: loopback only, on a free port, the REST and GraphQL API and git at one address.

async with GitHubStandIn(folder) as github:
    app = github.world.create_app(...)
    repository = await github.world.create_repository("octo", "hello", source)
    github.world.install(app, repository)
    ... github.url ...
"""

import hashlib
import json
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from . import git_http, graphql, rest
from .auth import CALLER, actor_of
from .errors import Moved, Refusal, not_found
from .faults import Act, Faults, Middleware
from .limits import Limits
from .people import Person
from .records import Actor, Json, SeenRequest
from .routing import Call, Reply, Route, admit
from .storm import Storm
from .webhooks import Webhooks
from .world import Clock, TokenShape, World, utc_now

MAX_BODY = 100 * 1024 * 1024
_FREE = {"/rate_limit"}
_ALWAYS = {"x-github-media-type": "github.v3; format=json", "x-github-api-version-selected": "2022-11-28"}


class GitHubStandIn:
    """A stateful GitHub on 127.0.0.1. `world` is its state; a suite interferes by `faults`, `storm` and `middlewares`.

    Without a folder its repositories live in a temporary one, removed at `stop`. As `enterprise` it is a server of a
    company's own, whose API is below `/api/v3`, and GraphQL's at `/api/graphql`.
    """

    def __init__(
        self,
        folder: Path | None = None,
        clock: Clock = utc_now,
        token_shape: TokenShape = "classic",  # noqa: S107
        *,
        enterprise: bool = False,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="github-") if folder is None else None
        root = Path(self._temporary.name) if self._temporary else folder
        assert root is not None  # noqa: S101 (one of the two is there)
        root.mkdir(parents=True, exist_ok=True)
        self.webhooks = Webhooks()
        self.world = World(root, clock, token_shape, self.webhooks)
        self._rest, self._graphql = ("/api/v3", "/api") if enterprise else ("", "")
        if enterprise:
            self.world.hourly_limit = 0  # its limits are off by default
        self.limits = Limits(self.world)
        self.faults = Faults()
        self.storm = Storm(self.world)
        # The storm outside: it sees who was told to wait by an ordered fault too.
        self.middlewares: list[Middleware] = [self.storm, self.faults]
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return self.world.url

    def person(self, login: str) -> Person:
        return Person(self.world, login)

    async def start(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.world.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._runner = web.AppRunner(self._application(), access_log=None, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        self.webhooks.start()

    async def stop(self) -> None:
        await self.webhooks.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._temporary is not None:
            self._temporary.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY, middlewares=[self._interfering])
        for prefix, routes in ((self._rest, rest.ALL), (self._graphql, graphql.routes)):
            for route in routes:
                application.router.add_route(route.method, f"{prefix}{route.path}", self._serving(route), name=None)
        application.router.add_route(
            "*", "/{owner}/{repo}.git/{tail:info/refs|git-upload-pack|git-receive-pack}", self._git
        )
        application.router.add_route("*", "/{tail:.*}", self._unknown)
        return application

    @web.middleware
    async def _interfering(self, request: web.Request, handler: Act) -> web.StreamResponse:
        """Run the request through `middlewares`, the first outermost, and remember what came of it."""
        CALLER.set("")
        act = handler
        for middleware in reversed(self.middlewares):
            act = _around(middleware, act)
        status = 0
        try:
            response = await act(request)
            status = response.status
        except web.HTTPException as refused:
            status = refused.status
            raise
        finally:
            self.world.requests.append(SeenRequest(request.method, request.path, CALLER.get(), status))
        return response

    def _serving(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            headers = self._headers()
            try:
                actor = actor_of(self.world, request.headers.get("Authorization"))
                budget, resource = self.limits.budget(actor), "graphql" if route.path == "/graphql" else "core"
                headers |= budget.headers(resource)
                if route.path not in _FREE:
                    headers |= self.limits.spend(actor).headers(resource)
                if ":" in route.needs:
                    headers["x-accepted-github-permissions"] = route.needs.replace("|", "; ").replace(":", "=")
                with self.limits.under_way(actor, request.method, request.path.removeprefix(self._rest)):
                    reply = await self._asked(route, request, actor)
            except Refusal as refusal:
                if isinstance(refusal, Moved):
                    headers["Location"] = refusal.url
                return web.json_response(refusal.body(), status=refusal.status, headers=headers)
            answer = _answer(request, reply, headers)
            if answer.status == 304:
                budget.used -= 1
                answer.headers.update(budget.headers(resource))
            return answer

        return serve

    async def _asked(self, route: Route, request: web.Request, actor: Actor) -> Reply:
        call = Call(self.world, self.limits, request, actor, await _body(request))
        admit(route, call)
        return await route.function(call)

    async def _git(self, request: web.Request) -> web.StreamResponse:
        return await git_http.answer(self.world, request)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        self.world.unknown_requests.append(f"{request.method} {request.path}")
        return web.json_response(not_found().body(), status=404, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"x-github-request-id": self.world.next_request(), "Server": "github.com"} | _ALWAYS


def _around(middleware: Middleware, act: Act) -> Act:
    async def acting(request: web.Request) -> web.StreamResponse:
        return await middleware(request, act)

    return acting


async def _body(request: web.Request) -> Json:
    """The JSON body; a bare list (as labels allow) is put under `_list`."""
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        found: Any = json.loads(raw)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if isinstance(found, list):
        return {"_list": found}
    if not isinstance(found, dict):
        raise Refusal(400, "Body should be a JSON object")
    return found


def _answer(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.Response:
    """The reply with an ETag on reads; 304 where the caller has that very content."""
    headers = headers | reply.headers
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    if request.method == "GET" and reply.status == 200:
        headers["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
    headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return web.Response(status=reply.status, body=content, headers=headers)
