"""What a glob may say: paths as in `.gitignore`, names as a whole. No regexes, which could keep a worker busy."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_STARS = 4
"""Wildcards in one part of a glob, and `**` parts in all: matching backtracks, and each one multiplies its cost."""


def glob_mistake(glob: str) -> str | None:
    """What is wrong with a glob, as the end of a sentence that begins with it; None where nothing is."""
    if not glob.strip() or glob != glob.strip():
        return "begins or ends with a space"
    if glob.startswith(("!", "#")):
        return f"begins with `{glob[0]}`: a list of paths only adds"
    if any(not character.isprintable() for character in glob) or "\\" in glob:
        return "holds a backslash or a character that cannot be printed"
    parts = glob.split("/")
    if parts.count("**") > MAX_STARS or any(part.count("*") > MAX_STARS for part in parts):
        return f"has more than {MAX_STARS} wildcards in one part"
    return None


def _readable(glob: str) -> str:
    if why := glob_mistake(glob):
        raise ValueError(f"the glob `{glob}` {why}")
    return glob


Glob = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_readable)]
