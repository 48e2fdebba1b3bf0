"""The filters of workflow triggers: which branches and paths a list of patterns lets through.

Patterns are GitHub's own kind, which is neither gitignore nor fnmatch (`?` and `+` count what stands before them):
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
Matching takes time in proportion to pattern times name, whatever the pattern is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_PATTERNS = 100
MOST_CHARACTERS = 200
_CLASS = re.compile(r"\[([A-Za-z0-9-]+)\]")


class Unclear(Exception):
    """A pattern that GitHub may read differently; whoever asked takes it for one that lets everything through."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """One part of a pattern: a character that is there once, at most once, or any number of times."""

    fits: Callable[[str], bool]
    skippable: bool = False
    repeats: bool = False
    jump: int = 1
    """How many parts are passed over with it where it is left out."""


def lets_through(name: str, patterns: Sequence[str]) -> bool:
    """Whether these patterns name it. The last one that fits decides, and one with a `!` takes back. Raises Unclear."""
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        raise Unclear("only patterns that exclude")
    if len(patterns) > MOST_PATTERNS or any(len(pattern) > MOST_CHARACTERS for pattern in patterns):
        raise Unclear("more than a filter needs")
    found = False
    for pattern in patterns:
        takes_back = pattern.startswith("!")
        if found == takes_back and fits(name, pattern[takes_back:]):
            found = not takes_back
    return found


def fits(name: str, pattern: str) -> bool:
    """Whether the pattern stands for the whole of the name, upper and lower case told apart. Raises Unclear."""
    atoms = _parts(pattern)
    states = _closure(atoms, {0})
    for character in name:
        moved = {
            state if atoms[state].repeats else state + 1
            for state in states
            if state < len(atoms) and atoms[state].fits(character)
        }
        states = _closure(atoms, moved)
        if not states:
            return False
    return len(atoms) in states


def _closure(atoms: Sequence[_Atom], states: set[int]) -> set[int]:
    """The states, and those that are reached from them without a character."""
    found, ahead = set(states), list(states)
    while ahead:
        state = ahead.pop()
        if state < len(atoms) and atoms[state].skippable:
            for target in (state + 1, state + atoms[state].jump):
                if target not in found:
                    found.add(target)
                    ahead.append(target)
    return found


def _parts(pattern: str) -> list[_Atom]:
    atoms: list[_Atom] = []
    at = 0
    while at < len(pattern):
        here = pattern[at]
        if pattern.startswith("**", at):
            if pattern.startswith("**/", at):
                # `**/x` is an `x` in any folder, and in none: a fork that passes over the folders and the slash.
                atoms.append(_Atom(lambda _: False, skippable=True, jump=3))
            atoms.append(_Atom(lambda _: True, skippable=True, repeats=True))
            at += 2
        elif here == "*":
            atoms.append(_Atom(lambda character: character != "/", skippable=True, repeats=True))
            at += 1
        elif here in "?+":
            if not atoms or atoms[-1].repeats or atoms[-1].skippable:
                raise Unclear(pattern)
            before = atoms.pop()
            atoms += (
                [_Atom(before.fits, skippable=True)]
                if here == "?"
                else [before, _Atom(before.fits, skippable=True, repeats=True)]
            )
            at += 1
        elif here == "[":
            if (found := _CLASS.match(pattern, at)) is None:
                raise Unclear(pattern)
            atoms.append(_Atom(_one_of(found[1])))
            at = found.end()
        else:
            escaped = here == "\\" and at + 1 < len(pattern)
            atoms.append(_Atom(pattern[at + escaped].__eq__))
            at += 1 + escaped
    return atoms


def _one_of(inside: str) -> Callable[[str], bool]:
    readable = re.fullmatch(r"(?:[A-Za-z0-9](?:-[A-Za-z0-9])?)+", inside)
    if readable is None or any(low > high for low, high in re.findall(r"(.)-(.)", inside)):
        raise Unclear(inside)
    allowed = re.compile(f"[{inside}]")
    return lambda character: allowed.match(character) is not None
