"""The user documentation as tests read it: fenced blocks, tables, links, and the shell lines in between."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = tuple(
    DOCS / f"{name}.md" for name in ("getting-started", "commands", "policy", "workflows", "security", "operations")
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=.*")
ELSEWHERE = "…"
"""A line of this alone stands for any number of lines."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. Two of one page with the same text are the same."""

    page: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A shell line as a page shows it, and the lines that it is said to print."""

    page: str
    line: str
    output: tuple[str, ...]

    @property
    def arguments(self) -> list[str] | None:
        """What follows `pullwright`, up to a pipe; None where the line calls something else."""
        words = list(shlex.shlex(self.line, posix=True, punctuation_chars="|;&>"))
        while words and _ASSIGNMENT.fullmatch(words[0]):
            words.pop(0)
        if not words or words[0] != "pullwright":
            return None
        end = next((number for number, word in enumerate(words) if set(word) <= set("|;&>")), len(words))
        return words[1:end]


def blocks(page: Path, language: str) -> list[Block]:
    return [Block(page.name, language, found[2]) for found in _FENCE.finditer(page.read_text()) if found[1] == language]


def shown(page: Path) -> Iterator[Shown]:
    """Every line after a `$` in a console block, with its output."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, *output = part.rstrip("\n").split("\n")
            yield Shown(page.name, line, tuple(output))


def rows(page: Path, *head: str) -> list[list[str]]:
    """The cells of the table with these column names, code marks and all."""
    lines = page.read_text().splitlines()
    begin = lines.index(f"| {' | '.join(head)} |") + 2
    found = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def agrees(said: tuple[str, ...], printed: list[str]) -> bool:
    """Whether the output is what the page says, where a lone `…` stands for anything."""
    pattern = "".join("(?:.*\n)*" if line == ELSEWHERE else re.escape(line) + "\n" for line in said)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, as GitHub names its headings."""
    prose = _FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
