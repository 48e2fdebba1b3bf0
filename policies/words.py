"""Paths in sentences."""

from collections.abc import Sequence

from core.inert import inert

SHOWN = 10
"""Paths that a sentence names before it only counts the rest."""


def code(text: str) -> str:
    """A text as inline code that nothing in it can end and that acts nowhere: no backtick, no line end, nothing
    invisible, and what `core.inert` takes the effect from.
    """
    return f"`{inert(printable(text).replace('`', '')) or ' '}`"


def printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def named(paths: Sequence[str]) -> str:
    shown = ", ".join(code(path) for path in paths[:SHOWN])
    return shown if len(paths) <= SHOWN else f"{shown} and {len(paths) - SHOWN} more"
