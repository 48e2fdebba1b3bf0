"""Clues: what CI and development containers say of how a repository is prepared and tested. Read, and never run.

Everything here comes from files that anybody may have written. A command is taken only where it is one plain line that
can be shown and quoted whole; a file that cannot be read says why, and nothing here raises for what a file contains.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.redaction import without_credentials
from policies.exposure_yaml import Plain, Unreadable, mapping, read, rows

WORKFLOWS = ".github/workflows/"
CONTAINERS = (".devcontainer/devcontainer.json", ".devcontainer.json")
MOST_COMMANDS = 200
"""Of one file; what is behind them is not looked at."""
MOST_CHARACTERS = 200_000

Kind = Literal["test", "setup"]

_PLAIN = re.compile(r"[\x20-\x7e]{1,200}")
_EXPRESSION = "${{"
_CONTINUES = re.compile(
    r"\\$|<<|&$|\|$|^[ \t]*(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function)\b"
    r"|[({][ \t]*$|^[ \t]*[)}]",
    re.MULTILINE,
)
"""A script in which a line means something only beside others."""

_TESTS = re.compile(
    r"(?:^|[\s/;&])(?:pytest|py\.test|tox|nox|ctest|phpunit|rspec|vitest|jest|python3? -m (?:pytest|unittest)"
    r"|(?:npm|yarn|pnpm|bun)(?: run)? test|npm t|make (?:test|check)|cargo (?:test|nextest run)|go test"
    r"|rake(?: test| spec)"
    r"|(?:\./)?mvnw?(?: -\S+)* (?:test|verify)|(?:\./)?gradlew?(?: -\S+)* (?:test|check)|composer test|dotnet test"
    r"|mix test|swift test|deno test|meson test|sbt test)(?![\w-])"
)
_SETUP = re.compile(
    r"(?:^|[\s/;&])(?:pip3? install|poetry install|pdm install|uv (?:sync|pip install)|npm (?:ci|install)"
    r"|(?:yarn|pnpm|bun) install|yarn$|bundle install|cargo fetch|go mod download|composer install|mix deps\.get"
    r"|dotnet restore|apt(?:-get)? (?:-\S+ )*install|make (?:deps|install|setup|bootstrap))(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Clue:
    """A command that somebody else runs to prepare the repository or to test it."""

    kind: Kind
    command: str
    """One line of printable ASCII."""
    path: str
    """The file that says so."""


@dataclass(frozen=True, slots=True)
class Clues:
    commands: tuple[Clue, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    """What else a file tells, in words: the file, and what it says."""
    unread: tuple[tuple[str, str], ...] = ()
    """Files that tell nothing, and why."""


def may_tell(path: str) -> bool:
    """Whether `clues()` reads this file."""
    below = path.removeprefix(WORKFLOWS)
    return path in CONTAINERS or (below != path and "/" not in below and below.endswith((".yml", ".yaml")))


def plain(command: str) -> str | None:
    """The command as one line that may be shown and quoted; None where it is more, or looks like it holds a secret."""
    said = command.strip()
    if not _PLAIN.fullmatch(said) or _EXPRESSION in said or without_credentials(said) != said:
        return None
    return said


def clues(path: str, text: str) -> Clues:
    """What this file says: a workflow of GitHub Actions, or the file of a development container."""
    if len(text) > MOST_CHARACTERS:
        return Clues(unread=((path, "it is too large to be looked at"),))
    try:
        if path in CONTAINERS:
            return _container(path, text)
        found = [Clue(kind, command, path) for script in _scripts(read(text)) for kind, command in _told(script)]
    except Unreadable as error:
        return Clues(unread=((path, str(error)),))
    return Clues(tuple(dict.fromkeys(found[:MOST_COMMANDS])))


def _scripts(workflow: Mapping[str, Plain]) -> Iterator[str]:
    """What its jobs run in a POSIX shell in the root of the repository."""
    for job in mapping(workflow.get("jobs")).values():
        for step in rows(mapping(job).get("steps")):
            said = mapping(step)
            script, shell = said.get("run"), said.get("shell")
            if isinstance(script, str) and "working-directory" not in said and shell in {None, "bash", "sh"}:
                yield script


def _told(script: str) -> Iterator[tuple[Kind, str]]:
    if _CONTINUES.search(script):
        return
    for row in script.splitlines():
        command = plain(row)
        if command is None or command.startswith("#"):
            continue
        if _TESTS.search(command):
            yield "test", command
        elif _SETUP.search(command):
            yield "setup", command


def _container(path: str, text: str) -> Clues:
    """https://containers.dev/implementors/json_reference/"""
    try:
        value = json.loads(_without_comments(text))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the file is not JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("the file is no mapping")
    keys = ("onCreateCommand", "updateContentCommand", "postCreateCommand")
    commands = [said for key in keys for said in _commands(value.get(key)) if said is not None]
    remarks = []
    if isinstance(image := value.get("image"), str) and (shown := plain(image)) is not None:
        remarks.append((path, f"its image is `{shown}`"))
    if isinstance(features := value.get("features"), dict):
        named = [name for name in list(features)[:MOST_COMMANDS] if plain(name) is not None]
        if named:
            remarks.append((path, "its features are " + ", ".join(f"`{name}`" for name in named[:10])))
    return Clues(tuple(dict.fromkeys(Clue("setup", said, path) for said in commands)), tuple(remarks))


def _commands(said: Any) -> list[str | None]:
    """A text for a shell, a list of words, or a mapping of names to either."""
    if isinstance(said, str):
        return [plain(said)]
    if isinstance(said, list):
        return [plain(shlex.join(said))] if said and all(isinstance(word, str) for word in said) else []
    if isinstance(said, dict):
        below = list(said.values())[:MOST_COMMANDS]
        return [one for item in below if not isinstance(item, dict) for one in _commands(item)]
    return []


_TOKEN = re.compile(r'"(?:[^"\\]|\\.?)*+(?:"|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.DOTALL)
"""What is left open reaches to the end: nothing is looked at twice, however long it is."""


def _without_comments(text: str) -> str:
    """The JSON of a file in which comments and a last comma are allowed."""
    bare = re.sub(_TOKEN, lambda found: found[0] if found[0].startswith(('"', ",")) else " ", text)
    return re.sub(_TOKEN, lambda found: "" if found[0] == "," else found[0], bare)
