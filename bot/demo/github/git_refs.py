"""Where the references of a bare repository point, read from its files: the API asks for them at every request.

The layout is git's "files" backend, which `git.environment` asks for: a file with a SHA for each name, and a list of
packed ones that such a file goes before. https://git-scm.com/docs/gitrepository-layout
"""

import re
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}")


def tip(path: Path, name: str) -> str | None:
    """The object that the full reference `name` points at, or None where there is none, or it is a symbolic one.

    A file that git is writing has another name until it is whole.
    """
    if name.endswith(".lock") or ".." in name or not name.startswith("refs/"):
        return None
    try:
        said = (path / name).read_text()
    except (OSError, ValueError):  # no file, a folder, or no name that a file can have
        return _packed(path).get(name)
    found = said.strip()
    return found if _SHA.fullmatch(found) else None


def tips(path: Path, prefix: str) -> dict[str, str]:
    """Every full name that is `prefix` or lies below it, in order, with the object it points at."""
    if ".." in prefix:
        return {}
    below = prefix.rstrip("/")
    loose = {
        file.relative_to(path).as_posix()
        for file in (path / below).rglob("*")
        if file.is_file() and not file.name.endswith(".lock")
    }
    listed = {name for name in _packed(path) if name.startswith(f"{below}/")}
    itself = set() if prefix.endswith("/") else {below}
    found = {name: tip(path, name) for name in sorted(loose | listed | itself)}
    return {name: sha for name, sha in found.items() if sha is not None}


def _packed(path: Path) -> dict[str, str]:
    try:
        said = (path / "packed-refs").read_text()
    except FileNotFoundError:
        return {}
    lines = (line.split(" ", 1) for line in said.splitlines() if not line.startswith(("#", "^")))
    return {name: sha for sha, name in lines}
