"""What is different in a file of somebody's pull request, as suggestions on lines that its diff shows.

A suggestion puts other lines in place of whole lines of the head, and its author takes it with a click. It can stand
only where the diff shows every line that it replaces. What has no such place is left over, as a patch of the head.
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/incorporating-feedback-in-your-pull-request
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

CLOSE = 2
"""Unchanged lines between two changes that become one suggestion: so that no two touch one another."""
MOST_LINES = 3_000
"""Of a file, on either side, between the first and the last difference: comparing more takes too long."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")

Stretch = Sequence[int]
"""The first and last of some lines that the diff shows, counted from 1."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """These lines of the head become `text`, which is whole lines, or nothing where they go."""

    path: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Suggested:
    suggestions: tuple[Suggestion, ...] = ()
    rest: str = ""
    """A patch of the head with what is no suggestion."""
    unshown: bool = False
    """Whether nothing of it can be shown, because there is too much."""


def suggested(
    path: str, before: str | None, after: str | None, shown: Sequence[Stretch], fits: Callable[[str], bool]
) -> Suggested:
    """All that differs in this file, each change once: as a suggestion where it has a place and its text `fits`.

    None stands for a file that is not there; one that comes or goes is left over whole. Whatever `fits` says yes to is
    suggested, so that it may keep count.
    """
    old, new = _lines(before), _lines(after)
    changes = list(_changes(old, new))
    if any(max(i2 - i1, j2 - j1) > MOST_LINES for i1, i2, j1, j2 in changes):
        return Suggested(unshown=True)
    whole = before is None or after is None
    placed = [None if whole else _placed(path, change, old, new, shown, fits) for change in changes]
    left = [change for change, found in zip(changes, placed, strict=True) if found is None]
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    rest = "".join(_patch(old, _changed(old, new, left), names)) if left else ""
    return Suggested(tuple(found for found in placed if found is not None), rest)


_Change = tuple[int, int, int, int]
"""The first line and the one behind the last, counted from 0, before and after."""


def _lines(text: str | None) -> list[str]:
    """With their ends; only the last may have none."""
    return _LINE.findall(text or "")


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Every difference, those that are close together as one."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(middle), len(other)) > MOST_LINES:
        yield head, len(old) - tail, head, len(new) - tail
        return
    held: _Change | None = None
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, middle, other).get_opcodes():
        if kind == "equal":
            continue
        now = (i1 + head, i2 + head, j1 + head, j2 + head)
        if held is not None and now[0] - held[1] > CLOSE:
            yield held
            held = None
        held = now if held is None else (held[0], now[1], held[2], now[3])
    if held is not None:
        yield held


def _placed(
    path: str,
    change: _Change,
    old: Sequence[str],
    new: Sequence[str],
    shown: Sequence[Stretch],
    fits: Callable[[str], bool],
) -> Suggestion | None:
    """The suggestion that makes this change, or None where there is no place for it."""
    for i1, i2, text in _ways(change, old, new):
        whole = all(line.endswith("\n") for line in (*old[i1:i2], *text))
        if whole and any(first <= i1 + 1 and i2 <= last for first, last in shown) and fits("".join(text)):
            return Suggestion(path, i1 + 1, i2, "".join(text))
    return None


def _ways(change: _Change, old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The lines to replace, and what by. New lines alone come with the line before them, or with the one behind."""
    i1, i2, j1, j2 = change
    text = list(new[j1:j2])
    if i1 < i2:
        yield i1, i2, text
        return
    if i1 > 0:
        yield i1 - 1, i1, [old[i1 - 1], *text]
    if i1 < len(old):
        yield i1, i1 + 1, [*text, old[i1]]


def _changed(old: Sequence[str], new: Sequence[str], changes: Iterable[_Change]) -> list[str]:
    """The lines with these changes alone."""
    found: list[str] = []
    at = 0
    for i1, i2, j1, j2 in changes:
        found += [*old[at:i1], *new[j1:j2]]
        at = i2
    return [*found, *old[at:]]


def _patch(old: Sequence[str], new: Sequence[str], names: tuple[str, str]) -> Iterator[str]:
    for line in unified_diff(old, new, *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
