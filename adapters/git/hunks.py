"""The lines of a change that a diff shows, as people see it on GitHub: with three lines around, and renames found.

Only counts are believed: a line of a file may look like any line of a diff, so each hunk is left after as many lines as
its header says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from adapters.git.command import git
from core.names import Sha

_HUNK = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")
_NEW = b"+++ b/"


async def shown_lines(git_dir: Path, base: Sha, head: Sha, limit_bytes: int) -> dict[str, list[tuple[int, int]]]:
    """By path in the head, the first and last line of every hunk. Of a patch cut at the limit, the hunks before it."""
    patch = await git(
        *("diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--patch", "--unified=3"),
        *("--end-of-options", base, head),
        git_dir=git_dir,
        limit_bytes=limit_bytes,
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for path, first, count in _hunks(iter(patch.out.split(b"\n"))):
        if count:
            found.setdefault(path, []).append((first, first + count - 1))
    return found


def _hunks(lines: Iterator[bytes]) -> Iterator[tuple[str, int, int]]:
    """Path, first line and number of lines of every hunk. Names that git has to quote are left out."""
    path: bytes | None = None
    for line in lines:
        if line.startswith(b"diff --git "):
            path = None
        elif line.startswith(_NEW):
            path = line.removeprefix(_NEW).removesuffix(b"\t")
        elif hunk := _HUNK.match(line):
            old, first, new = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            if path is not None:
                yield path.decode("utf-8", "replace"), first, new
            _leave(lines, old, new)


def _leave(lines: Iterator[bytes], old: int, new: int) -> None:
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            return
        if not line.startswith(b"\\"):  # says that a last line has no end, and is none itself
            old -= not line.startswith(b"+")
            new -= not line.startswith(b"-")
