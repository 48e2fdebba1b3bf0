"""What commands print: one JSON document, or aligned lines. Foreign text cannot move the cursor."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Control and format characters: escape sequences, bidi overrides, zero-width."""


def printable(text: str) -> str:
    """The text on one line, its control and format characters shown as escapes."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _UNPRINTABLE else char for char in text
    )


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def print_json(value: Any) -> None:
    """One document, and nothing else, on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as they must be; the last one may be as long as it is."""
    lines = [list(head), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        click.echo("  ".join([*padded, line[-1]]).rstrip())
