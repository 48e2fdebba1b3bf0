"""Files that a build backend writes into the tree, with the project's version in them.

They are in no commit, and an import of the project fails without them. What installs the project makes them, in a
tree that is thrown away; so they are kept below `/deps/made` and laid into the tree before the tests run.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

MADE = "/deps/made"

_TABLES = (
    ("hatch", "build", "hooks", "vcs", "version-file"),
    ("setuptools_scm", "version_file"),
    ("setuptools_scm", "write_to"),
    ("versioningit", "write", "file"),
)
_IN_SETUP_PY = re.compile(r"""["']?\b(?:write_to|version_file)["']?\s*[:=]\s*["']([^"']{1,200})["']""")
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]*/){0,8}[A-Za-z0-9_][A-Za-z0-9_.-]*\.[a-z]{1,8}")


def version_files(pyproject: Mapping[str, Any], setup_py: str, committed: Collection[str]) -> tuple[str, ...]:
    """The paths that the project declares and no commit has; only those that are plain enough for a shell."""
    said = [*_declared(pyproject), *_IN_SETUP_PY.findall(setup_py)]
    return tuple(dict.fromkeys(path for path in said if _PATH.fullmatch(path) and path not in committed))


def kept(paths: Iterable[str]) -> tuple[str, ...]:
    """The commands that keep these files, after the project was installed."""
    folders = {path: f"{MADE}/{path}".rpartition("/")[0] for path in paths}
    return tuple(f"mkdir -p {folder} && cp {path} {folder}/" for path, folder in folders.items())


def laid(paths: Collection[str], command: str) -> str:
    """The command, with these files in the tree."""
    return f"cp -r {MADE}/. . && {command}" if paths else command


def _declared(pyproject: Mapping[str, Any]) -> Iterable[str]:
    for path in _TABLES:
        value: Any = pyproject.get("tool")
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            yield value
