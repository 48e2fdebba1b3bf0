"""What a push asks for, and GitHub's refusals of it, decided before git takes anything in.

A push names its references first and sends a pack after them. The references alone tell of protected and hidden
branches. For what is inside (an App may not touch workflows without the permission) the pack is unpacked into a
folder beside the repository, which sees the repository's objects and is thrown away.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from . import git, pull_facts
from .records import Actor, Repository

MAX_COMMANDS = 1000
WORKFLOWS = ".github/workflows"


@dataclass(frozen=True)
class Command:
    """One reference to move, from `old` to `new`; zeros stand for its absence."""

    old: str
    new: str
    name: str


@dataclass(frozen=True)
class Push:
    """A push as read from the wire. `body` is all of it, `pack` the part after the commands."""

    commands: tuple[Command, ...]
    capabilities: str
    body: bytes
    pack: bytes


@dataclass(frozen=True)
class Rejection:
    """`reason` stands beside the reference in git's report, `said` is what the remote prints above it."""

    reason: str
    said: str = ""


def read(body: bytes) -> Push:
    """The push in a request's body; 400 where it does not follow the protocol."""
    commands: list[Command] = []
    capabilities, at = "", 0
    try:
        while (length := int(body[at : at + 4] or b"0000", 16)) != 0:
            line, _, rest = body[at + 4 : at + length].partition(b"\0")
            capabilities = capabilities or rest.decode()
            commands.append(Command(*line.decode().strip().split(" ", 2)))
            at += length
            if len(commands) > MAX_COMMANDS:
                raise web.HTTPBadRequest(text="too many references in one push")
    except (ValueError, TypeError):
        raise web.HTTPBadRequest(text="this is no push") from None
    return Push(tuple(commands), capabilities, body, body[at + 4 :])


async def refusals(actor: Actor, repository: Repository, push: Push) -> dict[str, Rejection]:
    """Why references of this push are refused, by name; empty where all of it may go on."""
    found = {command.name: why for command in push.commands if (why := _by_name(repository, command.name))}
    if not found:
        found = await _by_signature(repository, push)
    if not found and actor.token is not None and "workflows" not in actor.token.permissions:
        return await _by_workflow(repository, push)
    return found


def report(push: Push, refused: dict[str, Rejection]) -> web.Response:
    """Git's own report that nothing was taken in; one bad reference refuses the whole push here."""
    first = next(iter(refused.values()))
    lines = _packet(b"unpack ok\n")
    for command in push.commands:
        lines += _packet(f"ng {command.name} {refused.get(command.name, first).reason}\n".encode())
    lines += b"0000"
    body = lines
    if "side-band-64k" in push.capabilities:
        said = "".join(rejection.said for rejection in refused.values()).encode()
        body = (_packet(b"\x02" + said) if said else b"") + _packet(b"\x01" + lines) + b"0000"
    headers = {"Content-Type": "application/x-git-receive-pack-result", "Cache-Control": "no-cache"}
    return web.Response(body=body, headers=headers)


def _by_name(repository: Repository, name: str) -> Rejection | None:
    if repository.archived:
        return Rejection("pre-receive hook declined", "This repository was archived so it is read-only.\n")
    if repository.refuse_pushes:
        said = f"error: GH013: Repository rule violations found for {name}.\n\n- {repository.refuse_pushes}\n"
        return Rejection("push declined due to repository rule violations", said)
    if name.removeprefix("refs/heads/") in repository.protected:
        said = f"error: GH006: Protected branch update failed for {name}.\n"
        return Rejection(
            "protected branch hook declined", said + "error: Changes must be made through a pull request.\n"
        )
    if not name.startswith(("refs/heads/", "refs/tags/")):
        return Rejection("deny updating a hidden ref")
    return None


async def _by_signature(repository: Repository, push: Push) -> dict[str, Rejection]:
    """A branch whose ruleset asks for signatures takes no new commit but those that GitHub knows to be signed."""
    asked = [
        command
        for command in push.commands
        if command.new != git.NOBODY
        and pull_facts.signatures_asked(repository, command.name.removeprefix("refs/heads/"))
    ]
    if not asked:
        return {}
    found: dict[str, Rejection] = {}
    async with _unpacked(repository, push) as folder:
        for command in asked:
            _, new, _ = await _run(repository, folder, "rev-list", command.new, "--not", "--all")
            if unsigned := sorted(set(new.decode().split()) - repository.verified):
                said = f"error: GH013: Repository rule violations found for {command.name}.\n\n"
                said += f"- Commits must have verified signatures.\n  Found {len(unsigned)} violation:\n\n"
                said += "".join(f"  {sha}\n" for sha in unsigned)
                found[command.name] = Rejection("push declined due to repository rule violations", said)
    return found


@asynccontextmanager
async def _unpacked(repository: Repository, push: Push) -> AsyncIterator[str]:
    """A folder with the push's objects, which is gone afterwards. A pack that is broken leaves none there."""
    with tempfile.TemporaryDirectory(prefix="quarantine-", dir=repository.path) as folder:
        if push.pack:
            (Path(folder) / "pack").mkdir()
            await _run(repository, folder, "index-pack", "--stdin", "--fix-thin", stdin=push.pack)
        yield folder


async def _by_workflow(repository: Repository, push: Push) -> dict[str, Rejection]:
    async with _unpacked(repository, push) as folder:
        found: dict[str, Rejection] = {}
        for command in push.commands:
            if command.new != git.NOBODY and (path := await _touched_workflow(repository, command.new, folder)):
                found[command.name] = Rejection(
                    f"refusing to allow a GitHub App to create or update workflow `{path}` "
                    "without `workflows` permission"
                )
        return found


async def _touched_workflow(repository: Repository, tip: str, folder: str) -> str | None:
    """A workflow file that a commit new to this repository touches, or None."""
    commits = await _run(repository, folder, "rev-list", tip, "--not", "--all")
    for sha in commits[1].decode().split():
        arguments = ("diff-tree", "-r", "-m", "--root", "--no-commit-id", "--name-only", sha, "--", WORKFLOWS)
        _, names, _ = await _run(repository, folder, *arguments)
        if names.strip():
            return names.decode(errors="replace").splitlines()[0]
    return None


async def _run(repository: Repository, folder: str, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """A git command that writes objects into `folder` and reads them there and in the repository."""
    return await git.run(
        repository.path,
        *arguments,
        stdin=stdin,
        GIT_OBJECT_DIRECTORY=folder,
        GIT_ALTERNATE_OBJECT_DIRECTORIES=str(repository.path.resolve() / "objects"),
    )


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content
