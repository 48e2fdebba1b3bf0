"""A GitHub that is nothing but git's own HTTP server, over real repositories, with the credential it was shown."""

import asyncio
import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from core.names import Repo, Sha
from core.workspaces import Author

TOKEN = "ghs_canary.0123456789abcdefghijklmnopqrstuvwxyz_ABCDEFGH"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BOT = Author("pullwright[bot]", "1+pullwright[bot]@users.noreply.github.com")
REPO = Repo(id=7, owner="acme", name="slugs", installation_id=1)


def run_git(folder: Path, *arguments: str, stdin: bytes = b"", **env: str) -> str:
    """Git as a person runs it, with none of the product's settings."""
    person = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
    }
    for role in ("AUTHOR", "COMMITTER"):
        person |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    safe = ("-c", "safe.directory=*")
    done = subprocess.run(
        ["git", *safe, *arguments], cwd=folder, input=stdin, env=person | env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@dataclass
class Origin:
    """The repository on the server, and a person's clone to push to it from."""

    bare: Path
    clone: Path
    url: str = ""
    tokens_wanted: bool = True
    answer: int | None = None
    """The status of every request, instead of what git answers."""
    authorizations: list[str | None] = field(default_factory=list)
    command_lines: set[bytes] = field(default_factory=set)

    def push(self, files: dict[str, str | bytes | None], message: str = "Change", branch: str = "main") -> Sha:
        for name, content in files.items():
            path = self.clone / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        run_git(self.clone, "add", "--all")
        return self.push_index(message, branch)

    def push_index(self, message: str = "Change", branch: str = "main") -> Sha:
        run_git(self.clone, "commit", "--quiet", "--allow-empty", "-m", message)
        run_git(self.clone, "push", "--quiet", str(self.bare), f"HEAD:refs/heads/{branch}")
        return Sha(run_git(self.clone, "rev-parse", "HEAD"))

    def branch(self, name: str) -> str:
        return run_git(self.bare, "for-each-ref", "--format=%(objectname)", f"refs/heads/{name}")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """git-http-backend over CGI, as any web server does it."""
        authorization = request.headers.get("Authorization")
        self.authorizations.append(authorization)
        self.command_lines |= running_command_lines()
        if self.answer:
            return web.Response(status=self.answer)
        if self.tokens_wanted and authorization is None:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic realm=git"})
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.bare.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "REMOTE_USER": "x-access-token",
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec("git", "http-backend", env=env, stdin=pipe, stdout=pipe)
        out, _ = await child.communicate(await request.read())
        head, _, body = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, body=body, headers=headers)


def running_command_lines() -> set[bytes]:
    """The arguments of every process that lives now."""
    lines = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines.add((folder / "cmdline").read_bytes())
        except OSError:
            continue
    return lines
