"""The one way git is run on the host: fixed arguments, an environment of ours alone, and every road to foreign code
closed.

Configuration comes from the environment that is built here and from git directories that no box can write, never from a
tree, a user or the system. The git directory is always named, so git neither looks for one nor asks who owns the tree.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from adapters.git.failures import GitFailed, failure
from core.errors import GitHubUnavailable

LOCAL_SECONDS = 300.0
NETWORK_SECONDS = 900.0

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fileMode": "true",
    "core.symlinks": "true",
    "core.ignoreCase": "false",
    "core.quotePath": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "credential.helper": "",
    "diff.external": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
    "transfer.credentialsInUrl": "die",
}

# What reaches the network needs to know the operator's proxy and certificates; nothing else of the environment passes.
_NETWORK_ENVIRONMENT = re.compile(r"(?i)(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|GIT_SSL_CA(INFO|PATH)|CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository over HTTP, and the token that opens it. The token is in no representation of this value."""

    url: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("A remote is an http or https address without a user in it.")

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def settings(self) -> dict[str, str]:
        """The credential as git's configuration, for this origin alone."""
        if self.token is None:
            return {}
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {f"http.{self.origin}.extraHeader": f"Authorization: Basic {basic}"}

    def scrubbed(self, text: str) -> str:
        """The text without the token in any form that we know of."""
        for setting in self.settings().values():
            text = text.replace(setting.rpartition(" ")[2], "***")
        return text.replace(self.token, "***") if self.token else text


@dataclass(frozen=True, slots=True)
class GitResult:
    """`truncated`: git was stopped because it printed more than the limit; `code` then means nothing."""

    code: int
    out: bytes
    err: str
    truncated: bool = False

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape").strip()


async def git(
    *arguments: str,
    git_dir: Path,
    work_tree: Path | None = None,
    remote: Remote | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    limit_bytes: int | None = None,
    ok: tuple[int, ...] = (0,),
) -> GitResult:
    """What git printed.

    Raises an error of `core.errors` by what git said, or GitFailed, where the exit code is not in `ok`.

    With a `remote` its token goes along in the environment. The whole process group is dead when this returns, also
    where the caller is cancelled. Paths among the arguments stand after `--`; they are literal, never patterns.
    """
    seconds = timeout or (NETWORK_SECONDS if remote else LOCAL_SECONDS)
    child = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=work_tree or git_dir,
        env=environment(git_dir, work_tree, remote, env or {}),
        stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        umask=0o022,  # the box's user reads the mirrors' objects
    )
    try:
        async with asyncio.timeout(seconds):
            out, truncated, err = await _talk(child, stdin, limit_bytes)
    except TimeoutError:
        what = f"git {arguments[0]} did not end within {seconds:.0f} seconds."
        raise (GitHubUnavailable(what) if remote else GitFailed(what)) from None
    finally:
        await _end(child)
    said = err.decode("utf-8", "replace").strip()
    result = GitResult(child.returncode or 0, out, remote.scrubbed(said) if remote else said, truncated)
    if not truncated and result.code not in ok:
        raise failure(arguments[0], result.code, result.err)
    return result


def environment(
    git_dir: Path, work_tree: Path | None = None, remote: Remote | None = None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a git process."""
    settings = _SETTINGS | (remote.settings() if remote else {})
    configuration = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        configuration |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    network = {name: value for name, value in os.environ.items() if _NETWORK_ENVIRONMENT.fullmatch(name)}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "GIT_DIR": str(git_dir),
        **({"GIT_WORK_TREE": str(work_tree)} if work_tree else {}),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        **(network if remote else {}),
        **configuration,
        **(extra or {}),
    }


async def _talk(child: asyncio.subprocess.Process, stdin: bytes, limit_bytes: int | None) -> tuple[bytes, bool, bytes]:
    async with asyncio.TaskGroup() as group:
        out = group.create_task(_output(child, limit_bytes))
        err = group.create_task(_rest(child.stderr))
        group.create_task(_feed(child, stdin))
    await child.wait()
    return *out.result(), err.result()


async def _output(child: asyncio.subprocess.Process, limit_bytes: int | None) -> tuple[bytes, bool]:
    """What it prints, and whether that was more than the limit: it is ended then."""
    if child.stdout is None or limit_bytes is None:
        return await _rest(child.stdout), False
    out = bytearray()
    while chunk := await child.stdout.read(65_536):
        out += chunk
        if len(out) > limit_bytes:
            _kill(child)
            return bytes(out[:limit_bytes]), True
    return bytes(out), False


async def _feed(child: asyncio.subprocess.Process, stdin: bytes) -> None:
    if child.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended early, and says why
        child.stdin.write(stdin)
        await child.stdin.drain()
    child.stdin.close()


async def _rest(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


def _kill(child: asyncio.subprocess.Process) -> None:
    """End the whole group: what git started (`git-remote-https`) would outlive it, and the mirror's lock."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def _end(child: asyncio.subprocess.Process) -> None:
    _kill(child)
    await asyncio.gather(child.wait(), _rest(child.stdout), _rest(child.stderr))
