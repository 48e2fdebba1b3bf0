"""The git of this machine, which everything that touches a repository runs."""

import asyncio
import re
from asyncio.subprocess import DEVNULL, PIPE

OLDEST = (2, 38)
"""The first with `merge-tree --write-tree`: https://github.com/git/git/blob/master/Documentation/RelNotes/2.38.0.txt."""

_NUMBERS = re.compile(r"([0-9]+)\.([0-9]+)")


async def installed() -> str | None:
    """Its version in git's own words, such as `2.39.5`; None where no git can be started, or it does not say."""
    try:
        child = await asyncio.create_subprocess_exec("git", "--version", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    except OSError:
        return None
    said, _ = await child.communicate()
    return said.decode("utf-8", "replace").strip().removeprefix("git version ") or None


def new_enough(version: str) -> bool:
    """Whether it is `OLDEST` or newer; what does not begin with a version is not."""
    found = _NUMBERS.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST
