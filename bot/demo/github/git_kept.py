"""What git answered to questions about objects alone, so that it is not started again for the same answer.

A pull request is shown with what git says of it, and it is shown dozens of times. A question counts only where it
names every commit, tree and blob by its whole SHA: what those hold can never become another.
"""

import re
from collections import OrderedDict
from pathlib import Path

Answer = tuple[int, bytes, bytes]
"""Exit code, output and error output."""

MOST_ANSWERS = 4096
MOST_BYTES = 65_536
"""A longer answer is not kept."""

_OBJECT = re.compile(r"\^?[0-9a-f]{40}(\^\{[a-z]+\})?(\.{2,3}[0-9a-f]{40})?")
_SAYS_NO = {"merge-base", "merge-tree"}
"""Commands that end with 1 where the answer is no; with others 1 may mean that an object is missing."""
_ASKS = _SAYS_NO | {"cat-file", "diff", "diff-tree", "log", "ls-tree", "rev-list", "rev-parse", "show"}
_KINDS = {"blob", "commit", "tree", "tag"}
_OF_NAMES = {"--all", "--branches", "--tags", "--stdin", "--batch", "--batch-check"}
"""Options with which an answer depends on more than the arguments."""

_kept: OrderedDict[tuple[Path, tuple[str, ...]], Answer] = OrderedDict()


def is_fixed(arguments: tuple[str, ...]) -> bool:
    """Whether the command, where its objects are there, answers the same for ever."""
    words = [word for word in arguments if word != "--literal-pathspecs"]
    if not words or words[0] not in _ASKS:
        return False
    asked = words[1 : words.index("--")] if "--" in words else words[1:]
    named = [word for word in asked if not word.startswith("-") and word not in _KINDS]
    return bool(named) and all(_OBJECT.fullmatch(word) for word in named) and not _OF_NAMES.intersection(asked)


def kept(path: Path, arguments: tuple[str, ...]) -> Answer | None:
    """What this repository answered to this question before, or None."""
    answer = _kept.get((path, arguments))
    if answer is not None:
        _kept.move_to_end((path, arguments))
    return answer


def keep(path: Path, arguments: tuple[str, ...], answer: Answer) -> None:
    """Remember the answer to a fixed question, unless it is that something is missing: it may come yet."""
    code, out, _ = answer
    command = next(word for word in arguments if word in _ASKS)
    if (code == 0 or (code == 1 and command in _SAYS_NO)) and len(out) <= MOST_BYTES:
        _kept[path, arguments] = answer
        while len(_kept) > MOST_ANSWERS:
            _kept.popitem(last=False)


def forget(path: Path) -> None:
    """Another repository begins at this path."""
    for key in [key for key in _kept if key[0] == path]:
        del _kept[key]
