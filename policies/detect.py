"""How to test a repository that does not say so: read from the files it has, never by running anything.

What is found becomes shell text for the box, so names from the files are taken only where they look like names. Total:
a file that cannot be parsed tells nothing, and nothing here raises for what a repository contains.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from policies.python_projects import PythonProject
from policies.python_projects import may_tell as may_tell_python
from policies.schema import Check

Read = Callable[[str], str | None]

TESTS = "tests"
"""The name of the check that is detected."""

_MAKE_TARGET = re.compile(r"^test[ \t]*:(?!=)", re.MULTILINE)
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_NPM_PLACEHOLDER = "no test specified"
NPM_LINK = "ln -sfn /deps/npm/node_modules node_modules && "


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found. Without a check, `why` says what was looked for."""

    checks: Mapping[str, Check] = field(default_factory=dict)
    setup: tuple[str, ...] = ()
    why: str = ""


def may_tell(path: str) -> bool:
    """Whether the text of this file may matter to `detect()`: what a caller has to be able to read."""
    return path in {*_MAKEFILES, "package.json"} or may_tell_python(path)


def detect(files: Sequence[str], read: Read) -> Detected:
    """The check `tests` and the commands that prepare it, from the paths of a tree and their texts.

    The commands run in a box at `/repo`, where only `/deps` is kept and PATH begins with `/deps/venv/bin`.
    """
    project = PythonProject.of(files, read)
    if project is not None:
        return Detected({TESTS: project.check()}, project.setup(), project.why())
    present = frozenset(files)
    for name in _MAKEFILES:
        if name in present and _MAKE_TARGET.search(read(name) or ""):
            return Detected({TESTS: Check(run="make test")}, (), f"`{name}` has a target `test`")
    if "package.json" in present and _npm_test(read("package.json") or ""):
        check = Check(run=NPM_LINK + "npm test")
        return Detected({TESTS: check}, (npm_setup(present),), "`package.json` has a script `test`")
    return Detected(why="no Python project, no Makefile with a target `test`, no `package.json` with a script `test`")


def npm_setup(present: Collection[str]) -> str:
    """The packages of `package.json`, where a command that begins with `NPM_LINK` finds them."""
    install = "npm ci" if "package-lock.json" in present else "npm install"
    return f"mkdir -p /deps/npm && cp package*.json /deps/npm/ && cd /deps/npm && {install} --no-audit --no-fund"


def _npm_test(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    scripts = value.get("scripts") if isinstance(value, dict) else None
    said = scripts.get("test") if isinstance(scripts, dict) else None
    return isinstance(said, str) and bool(said.strip()) and _NPM_PLACEHOLDER not in said
