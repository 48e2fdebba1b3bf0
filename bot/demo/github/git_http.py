"""Git over HTTP: `git http-backend` behind Basic auth. What a push may not do is decided in `git_push` before it.

No hook of anybody runs on this server, and nothing that was pushed is ever executed.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

from aiohttp import web

from . import git, git_push
from .acts import refs
from .auth import CALLER, actor_of
from .errors import Refusal
from .records import ROLES, Actor, Repository
from .routing import grants, visible
from .world import World

_SERVICES = ("git-upload-pack", "git-receive-pack")


async def answer(world: World, request: web.Request) -> web.StreamResponse:
    """One request of the smart protocol: `info/refs`, `git-upload-pack` or `git-receive-pack`."""
    owner, name, tail = (request.match_info[part] for part in ("owner", "repo", "tail"))
    service = request.query.get("service", "") if tail == "info/refs" else tail
    if service not in _SERVICES:
        return web.Response(
            status=403, text="Please upgrade your git client.\nGitHub.com no longer supports git over dumb-http."
        )
    writes = service == "git-receive-pack"
    try:
        actor = actor_of(world, request.headers.get("Authorization"))
        repository = _admitted(world, actor, f"{owner}/{name}", writes)
    except Refusal as refusal:
        headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if refusal.status == 401 else {}
        return web.Response(status=refusal.status, text=refusal.message, headers=headers)
    if not writes or tail == "info/refs":
        return await _streamed(request, repository, tail)
    return await _push(world, actor, request, repository)


def _admitted(world: World, actor: Actor, full_name: str, writes: bool) -> Repository:
    repository = world.repositories.get(full_name.lower())
    if actor.account is None and (writes or repository is None or repository.private):
        raise Refusal(401, "Authentication required")
    if repository is None or not visible(world, actor, repository):
        raise Refusal(404, "Repository not found.")
    denied = Refusal(403, f"Permission to {repository.full_name}.git denied to {actor.login}.")
    if actor.token is not None:
        needed = "contents:write" if writes else "contents:read"
        if (writes or repository.private) and not grants(actor, repository, needed):
            raise denied if writes else Refusal(403, "Write access to repository not granted.")
    elif writes and ROLES.index(world.role(repository, actor.account)) < ROLES.index("write"):
        raise denied
    return repository


async def _push(world: World, actor: Actor, request: web.Request, repository: Repository) -> web.StreamResponse:
    """Receive a push and tell what it moved. The pusher hears of it last, when all that follows has happened."""
    push = git_push.read(await request.content.read())
    if refused := await git_push.refusals(actor, repository, push):
        return git_push.report(push, refused)
    async with (
        refs.moving(world, actor, repository),
        _backend(request, repository, "git-receive-pack", push.body) as (status, headers, stdout),
    ):
        body = await stdout.read()
    return web.Response(status=status, headers=headers, body=body)


async def _streamed(request: web.Request, repository: Repository, tail: str) -> web.StreamResponse:
    async with _backend(request, repository, tail, await request.content.read()) as (status, headers, stdout):
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        while chunk := await stdout.read(65_536):
            await response.write(chunk)
    await response.write_eof()
    return response


@contextlib.asynccontextmanager
async def _backend(
    request: web.Request, repository: Repository, tail: str, body: bytes
) -> AsyncIterator[tuple[int, dict[str, str], asyncio.StreamReader]]:
    """Run `git http-backend` on the request: its status, headers and body. It has ended when the block has.

    `body` is the request's, which aiohttp has already inflated where it came with gzip.
    """
    child = await asyncio.create_subprocess_exec(
        shutil.which("git") or "git",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "receive.autogc=false",
        "http-backend",
        cwd=repository.path,
        env=_environment(request, repository, tail),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None  # noqa: S101 (both are pipes)
    assert child.stdout is not None  # noqa: S101
    feeding = asyncio.create_task(_feed(child.stdin, body))
    try:
        status, headers = await _head(child.stdout)
        yield status, headers, child.stdout
        await child.wait()
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
        if child.returncode is None:
            child.kill()
            await child.wait()


def _environment(request: web.Request, repository: Repository, tail: str) -> dict[str, str]:
    wanted = {
        "GIT_PROJECT_ROOT": str(repository.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.path.name}/{tail}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "REMOTE_USER": CALLER.get(),
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_HTTP_MAX_REQUEST_BUFFER": "1000M",
    }
    if "Git-Protocol" in request.headers:
        wanted["GIT_PROTOCOL"] = request.headers["Git-Protocol"]
    return git.environment(**wanted)


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    """Hand the body on; a backend that stops listening has said all it wants to."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(body)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()


async def _head(stdout: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    status, headers = 200, {}
    while line := (await stdout.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    return status, headers
