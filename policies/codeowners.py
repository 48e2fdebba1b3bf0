"""CODEOWNERS: who owns which path, as GitHub reads the file.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.globs import MAX_STARS

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may lie. The first that is there counts, the others are not looked at."""

MAX_BYTES = 3_000_000
"""GitHub does not load a larger one."""

_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)?|[^@\s]+@[^@\s]+")


class Unreadable(ValueError):
    """A line that we cannot be sure to read as GitHub does: then nobody knows who owns what."""


@dataclass(frozen=True, slots=True)
class Line:
    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    """None: what it names has no owner."""


def parse(text: str) -> tuple[Line, ...]:
    """The lines of the file, in its order. Raises Unreadable with the number of a line."""
    if len(text.encode()) > MAX_BYTES:
        raise Unreadable("the file is larger than the 3 MB that GitHub reads")
    lines = []
    for number, row in enumerate(text.splitlines(), 1):
        words = _words(row)
        if not words:
            continue
        pattern, *owners = words
        wrong = next((owner for owner in owners if not _OWNER.fullmatch(owner)), None)
        if wrong is not None:
            raise Unreadable(f"line {number} names something that is neither a person nor a team")
        if pattern.startswith("!") or "[" in pattern:
            raise Unreadable(f"line {number} has `!` or `[`, which GitHub does not take here")
        lines.append(Line(_pattern(pattern, number), tuple(owners)))
    return tuple(lines)


def owners_of(paths: Iterable[str], lines: Sequence[Line]) -> dict[str, tuple[str, ...]]:
    """The owners of each path: those of the last line that names it, which may be none. Case counts, as at GitHub."""
    return {path: next((line.owners for line in reversed(lines) if line.pattern.fullmatch(path)), ()) for path in paths}


def _words(row: str) -> list[str]:
    """The words before a comment; a space that is escaped belongs to its word."""
    words = [word.replace("\0", " ") for word in row.replace("\\ ", "\0").split()]
    until = next((index for index, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:until]


def _pattern(glob: str, number: int) -> re.Pattern[str]:
    """What the glob names. With a slash at its beginning or within it, it counts from the root; else at any depth.

    What it names may be a folder, and then all below it is meant, except where it ends with `/*`: that is only what
    lies in the folder itself.
    """
    if "\\" in glob:
        raise Unreadable(f"line {number} has a backslash")
    folder, inner = glob.endswith("/"), glob.strip("/")
    parts = inner.split("/")
    if parts.count("**") > MAX_STARS or any(part.count("*") > MAX_STARS for part in parts):
        raise Unreadable(f"line {number} has more than {MAX_STARS} wildcards in one part")
    anchored = glob.startswith("/") or len(parts) > 1
    found = "" if anchored else "(?:.*/)?"
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            found += ".*" if last else "(?:.*/)?"
        else:
            found += "".join("[^/]*" if sign == "*" else "[^/]" if sign == "?" else re.escape(sign) for sign in part)
            found += "" if last else "/"
    direct = parts[-1] == "*" and len(parts) > 1
    below = "/.*" if folder else "" if direct or parts[-1] == "**" else "(?:/.*)?"
    return re.compile(found + below, re.DOTALL)
