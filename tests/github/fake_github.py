"""A GitHub that says what it is told to say, over real HTTP, and remembers what it was asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import canned
import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.github.requests import Patience
from core.clock import FixedClock

AT_ONCE = Patience(first_wait_seconds=0, longest_wait_seconds=0, jitter_seconds=0)
TOKENS = "/app/installations/9/access_tokens"
REPO = "/repos/octo/hello"


@dataclass
class Reply:
    """`status` 0 breaks the connection without an answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    method: str
    path: str
    """As it came, percent-encoding and all."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


class FakeGitHub:
    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.seen: list[Seen] = []
        self.tokens: list[str] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self.says("GET", "/app", canned.APP)
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", self._serve)
        self.server = TestServer(application)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def says(self, method: str, path: str, *replies: Any) -> None:
        """Answer in this order; the last one again and again. What is not a Reply is a body with status 200."""
        self._replies[method, path] = [each if isinstance(each, Reply) else Reply(200, each) for each in replies]

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path) == (method, path)]

    def claims(self, seen: Seen) -> dict[str, Any]:
        """What the App said of itself in a request."""
        kind, _, statement = seen.headers["authorization"].partition(" ")
        assert kind == "bearer"
        return dict(jwt.decode(statement, options={"verify_signature": False}))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path = request.rel_url.raw_path
        sent = json.loads(body) if body else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, path, dict(request.query), headers, sent))
        replies = self._replies.get((request.method, path))
        if replies is None and path == TOKENS:
            return self._token()
        if replies is None:
            return web.json_response(canned.refusal("Not Found"), status=404)
        reply = replies[0] if len(replies) == 1 else replies.pop(0)
        if reply.status == 0:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        said = {name: value.replace("{url}", self.url) for name, value in reply.headers.items()}
        if isinstance(reply.body, bytes):
            return web.Response(body=reply.body, status=reply.status, headers=said)
        return web.json_response(reply.body, status=reply.status, headers=said)

    def _token(self) -> web.Response:
        token = f"ghs_canary{len(self.tokens):030d}"
        self.tokens.append(token)
        expires = self.clock.now() + timedelta(hours=1)
        return web.json_response({"token": token, "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}, status=201)
