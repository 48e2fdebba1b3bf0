"""A small town: the repository octo/hello, its people, one App, and somebody who receives the App's webhooks."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.demo.github import App, GitHubStandIn, Installation, Person, Repository, World

SECRET = "it is a secret to everybody"
PERMISSIONS = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "read",
    "members": "read",
}
EVENTS = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "check_run",
    "check_suite",
    "push",
    "create",
    "delete",
]


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class Api:
    """A caller with fixed credentials."""

    def __init__(self, session: aiohttp.ClientSession, url: str, authorization: str | None) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": authorization} if authorization else {}

    async def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(
            method, self._url + path, json=body, headers=self._headers | named, allow_redirects=False
        ) as answer:
            is_json = answer.content_type.endswith("json")
            return Answer(answer.status, await (answer.json() if is_json else answer.text()), answer.headers)


@dataclass
class Received:
    """What arrived at the App's hook, and how it answers."""

    url: str = ""
    status: int = 202
    deliveries: list[tuple[dict[str, str], bytes, Any]] = field(default_factory=list)

    def names(self) -> list[str]:
        return [
            ".".join(filter(None, (headers["X-GitHub-Event"], body.get("action"))))
            for headers, _, body in self.deliveries
        ]

    def last(self, event: str, action: str | None = None) -> Any:
        for headers, _, body in reversed(self.deliveries):
            if headers["X-GitHub-Event"] == event and action in {None, body.get("action")}:
                return body
        raise AssertionError(f"no {event}.{action} among {self.names()}")


@dataclass
class Town:
    github: GitHubStandIn
    clock: MovableClock
    app: App
    installation: Installation
    repository: Repository
    received: Received
    session: aiohttp.ClientSession
    key: rsa.RSAPrivateKey

    @property
    def world(self) -> World:
        return self.github.world

    def person(self, login: str) -> Person:
        return self.github.person(login)

    def jwt(self, issuer: object = None, key: rsa.RSAPrivateKey | None = None, seconds: int = 540) -> str:
        now = int(self.clock().timestamp())
        claims = {"iat": now - 60, "exp": now + seconds, "iss": str(issuer or self.app.id)}
        return jwt.encode(claims, key or self.key, algorithm="RS256")

    def as_app(self, token: str | None = None) -> Api:
        return Api(self.session, self.github.url, f"Bearer {token or self.jwt()}")

    def as_person(self, login: str) -> Api:
        return Api(self.session, self.github.url, f"token {self.world.account(login).token}")

    def as_nobody(self) -> Api:
        return Api(self.session, self.github.url, None)

    async def token(self, **asked: object) -> str:
        path = f"/app/installations/{self.installation.id}/access_tokens"
        answer = await self.as_app()("POST", path, asked)
        assert answer.status == 201, answer.body
        return str(answer.body["token"])

    async def as_bot(self, **asked: object) -> Api:
        return Api(self.session, self.github.url, f"Bearer {await self.token(**asked)}")

    async def hear(self) -> Received:
        """Everything that was emitted so far has arrived."""
        await self.github.webhooks.delivered()
        return self.received


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture
async def received() -> AsyncIterator[Received]:
    heard = Received()

    async def hook(request: web.Request) -> web.Response:
        raw = await request.read()
        heard.deliveries.append((dict(request.headers), raw, await request.json()))
        return web.Response(status=heard.status, text="noted")

    application = web.Application()
    application.router.add_post("/webhooks/github", hook)
    server = TestServer(application)
    await server.start_server()
    heard.url = str(server.make_url("/webhooks/github"))
    yield heard
    await server.close()


@pytest.fixture
async def town(tmp_path: Path, received: Received, key: rsa.RSAPrivateKey) -> AsyncIterator[Town]:
    source = tmp_path / "source"
    (source / "src").mkdir(parents=True)
    (source / "README.md").write_text("# hello\n")
    (source / "src" / "app.py").write_text("print('hello')\n")
    clock = MovableClock()
    async with GitHubStandIn(tmp_path / "github", clock=clock) as github, aiohttp.ClientSession() as session:
        world = github.world
        for login in ("octo", "ada", "bea", "tim", "rob"):
            world.create_user(login)
        app = world.create_app("Pull Bot", "pull-bot", public_pem(key), received.url, SECRET, PERMISSIONS, EVENTS)
        repository = await world.create_repository("octo", "hello", source, private=True)
        world.add_collaborator(repository, "ada", "maintain")
        world.add_collaborator(repository, "bea", "write")
        world.add_collaborator(repository, "tim", "triage")
        world.add_collaborator(repository, "rob", "read")
        installation = world.install(app, repository)
        yield Town(github, clock, app, installation, repository, received, session, key)


async def git(folder: Path, *arguments: str, token: str | None = None) -> tuple[int, str]:
    """Run git as a person at a keyboard would; the token goes by the environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Bea",
        "GIT_AUTHOR_EMAIL": "bea@example.com",
        "GIT_COMMITTER_NAME": "Bea",
        "GIT_COMMITTER_EMAIL": "bea@example.com",
        "LC_ALL": "C",
    }
    if token:
        basic = "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {basic}",
        }
    child = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()
