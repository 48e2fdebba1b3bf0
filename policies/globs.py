"""Globs as in `.gitignore`: the only patterns a policy knows, since a regex could keep a worker busy for ever."""

from collections.abc import Iterable, Sequence

from pathspec import GitIgnoreSpec

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


def matching(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """The paths that one of the globs names, in their order. Upper and lower case are the same here.

    On a file system that ignores case, `.GitHub/Workflows` is `.github/workflows`; a guard must not depend on it.
    """
    spec = GitIgnoreSpec.from_lines([glob.lower() for glob in globs])
    return [path for path in paths if spec.match_file(path.lower())]
