"""What globs name: paths as in `.gitignore`, and names as a whole. What a glob may say stands in `core.globs`."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pathspec import GitIgnoreSpec

from core.globs import glob_mistake

__all__ = ["glob_mistake", "matching", "naming"]


def matching(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """The paths that one of the globs names, in their order. Upper and lower case are the same here.

    On a file system that ignores case, `.GitHub/Workflows` is `.github/workflows`; a guard must not depend on it.
    """
    spec = GitIgnoreSpec.from_lines([glob.lower() for glob in globs])
    return [path for path in paths if spec.match_file(path.lower())]


def naming(names: Iterable[str], globs: Sequence[str]) -> list[str]:
    """The names (of branches, labels, people, checks) that one of the globs stands for, in their order.

    The glob is the whole of the name: `main` is not `next/main` nor `main/next`. `*` is anything, a slash too, and `?`
    one character; brackets are themselves, since bots have them in their names. Case does not count.
    """
    plain = [glob.lower().replace("[", "[[]") for glob in globs]
    return [name for name in names if any(fnmatchcase(name.lower(), glob) for glob in plain)]
