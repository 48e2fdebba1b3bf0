"""What stories about secrets share: secrets that are recognised wherever they turn up, and a look everywhere.

`OURS` and what a town makes (its private key, its tokens) are secrets of the service. `STRANGE` only look like
secrets: what a repository's tests print and models repeat.
"""

import base64
import dataclasses
import io
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from story_sources import open_story
from story_world import World

from adapters import logs
from adapters.settings import load
from bot.demo.github.faults import Fault

WEBHOOK = "canary-of-the-webhook-4f1d"
MODEL_KEY = "canary-of-the-model-9b7e"
REDIS = "canary-of-redis-c02a"
OURS = (WEBHOOK, MODEL_KEY, REDIS)

STRANGE = {
    "C4naryOfGitHub0123456789abcdefghijkl": "ghp_{}",
    "C4naryOfPat_0123456789abcdefgh": "github_pat_{}",
    "C4naryOfAPrivateKeyMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAo": (
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
    ),
    "QzRuYXJ5T2ZBSldU": "eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl",
    "C4NARYOFAWS12345": "AKIA{}",
    "C4naryOfSlack-0123456789": "xoxb-{}",
    "C4naryOfAModelKey0123456789": "sk-ant-{}",
    "C4naryOfAPassword": "postgresql://admin:{}@db.internal/x",
    "C4naryOfAParameter": "https://hooks.example/in?token={}&x=1",
}
"""By what is secret in each: how it looks."""
SHOWN = "\n".join(shape.format(canary) for canary, shape in STRANGE.items())

PRINTS = f"""import base64
import os
import unittest


class Prints(unittest.TestCase):
    def test_prints_what_it_knows(self):
        print(base64.b64decode("{base64.b64encode(SHOWN.encode()).decode()}").decode())
        print("environ " + repr(dict(os.environ)).encode().hex() + " end")
        self.VERDICT
"""
"""A test that prints all of it, and the environment that it sees in a spelling that nothing hides."""


def printing(verdict: str = "assertTrue(True)") -> Mapping[str, str]:
    """The files of a repository whose tests print secrets and end like this."""
    return {"tests/test_prints.py": PRINTS.replace("VERDICT", verdict)}


@asynccontextmanager
async def open_guarded(folder: Path, **story: Any) -> AsyncIterator[tuple[World, io.StringIO]]:
    """A story whose service has canaries for secrets, and everything that it logs."""
    settings = {
        "PULLWRIGHT_WEBHOOK_SECRET": WEBHOOK,
        "PULLWRIGHT_MODEL_API_KEY": MODEL_KEY,
        "PULLWRIGHT_REDIS_URL": f"redis://:{REDIS}@127.0.0.1:9/0",
        **story.pop("settings", {}),
    }
    async with open_story(folder, settings=settings, **story) as world:
        world.town.app.hook.secret = WEBHOOK
        assert world.town.model is not None
        world.town.model.key = MODEL_KEY
        with logged(load(world.town.environ).secrets()) as lines:
            yield world, lines


@contextmanager
def logged(secrets: Sequence[str]) -> Iterator[io.StringIO]:
    """What the service logs meanwhile; logging is as it was afterwards."""
    stream = io.StringIO()
    with logs.configured(stream, secrets, process="test"):
        yield stream


def secrets_of(world: World) -> set[str]:
    """Every secret of the service: what it was given, each line of its key, and the tokens that were made for it."""
    key = world.town.environ["PULLWRIGHT_PRIVATE_KEY"]
    lines = {line for line in key.splitlines() if not line.startswith("-----")}
    tokens = set(world.town.github.world.tokens)
    basic = {base64.b64encode(f"x-access-token:{token}".encode()).decode() for token in tokens}
    return {*OURS, *lines, *tokens, *basic}


def leaks(world: World, logged: io.StringIO, *, strange: Iterable[str] = STRANGE) -> list[str]:
    """Where a secret stands that must not: one line for each place, empty where all is well."""
    ours, all_ = secrets_of(world), secrets_of(world) | set(strange)
    assert len(ours) > len(OURS) + 20, "the key and at least one token are looked for"
    told = json.dumps(list(world.town.model.conversations.values()), ensure_ascii=False) if world.town.model else ""
    places = {"the logs": logged.getvalue(), "what GitHub shows": shown_by_github(world)}
    found = [f"{place}: {secret}" for place, text in places.items() for secret in all_ if secret in text]
    found += [f"what the model was told: {secret}" for secret in ours if secret in told]
    for file in sorted(Path(world.town.environ["PULLWRIGHT_DATA_DIR"]).rglob("*")):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            found += [f"{file.name}: {secret}" for secret in all_ if secret.encode() in content]
    return found


def shown_by_github(world: World) -> str:
    """Every issue, comment, pull request, review and check, and every commit of every branch."""
    repository = world.town.repository
    history = subprocess.run(
        ["git", "-C", str(repository.path), "log", "--all", "--format=%an %ae %cn %ce%n%B", "--no-color"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    branches = subprocess.run(
        ["git", "-C", str(repository.path), "for-each-ref"], capture_output=True, text=True, check=True
    ).stdout
    kept = [_plain(issue) for issue in repository.issues.values()] + [_plain(run) for run in repository.check_runs]
    return "\n".join([history, branches, *map(str, kept)])


def _plain(record: Any) -> dict[str, Any]:
    """The record's own words: not the accounts, Apps and tokens that it refers to."""
    words: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, str | int | None):
            words[field.name] = value
        elif isinstance(value, dict):
            words[field.name] = repr({key: one for key, one in value.items() if isinstance(one, str | int | list)})
        elif isinstance(value, list):
            words[field.name] = [_plain(one) if dataclasses.is_dataclass(one) else str(one) for one in value]
        elif dataclasses.is_dataclass(value) and field.name in {"pull", "output"}:
            words[field.name] = _plain(value)
    return words


class Blabbing(Fault):
    """GitHub answers an error that quotes the newest token it made, as an error page of a proxy might."""

    def __init__(self, world: World, method: str, path: str, status: int, times: int = 1) -> None:
        self._tokens = world.town.github.world.tokens
        super().__init__(method, path, status, times, after=False)

    @property
    def message(self) -> str:  # type: ignore[override]
        return f"Server Error (authorization: token {list(self._tokens)[-1]})"

    @message.setter
    def message(self, _: object) -> None: ...


class Watching(Fault):
    """Looks at the arguments of every process while the push's request is being answered: git is alive then."""

    def __init__(self) -> None:
        super().__init__("POST", "*/git-receive-pack", 500, 1, after=False)
        self.seen: list[str] = []

    def fits(self, request: web.Request) -> bool:
        if request.path.endswith("/git-receive-pack"):
            self.seen += list(_command_lines())
        return False


def _command_lines() -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == os.geteuid():
                yield (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue  # it ended while we looked
