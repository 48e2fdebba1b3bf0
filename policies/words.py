"""Paths in sentences."""

from collections.abc import Sequence

SHOWN = 10
"""Paths that a sentence names before it only counts the rest."""


def code(text: str) -> str:
    """A text as inline code that nothing in it can end: no backtick, no line end, nothing invisible, no marker."""
    harmless = printable(text).replace("`", "").replace("<!--", "＜!--")
    return f"`{harmless or ' '}`"


def printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def named(paths: Sequence[str]) -> str:
    shown = ", ".join(code(path) for path in paths[:SHOWN])
    return shown if len(paths) <= SHOWN else f"{shown} and {len(paths) - SHOWN} more"
