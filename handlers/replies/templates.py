"""The repository's own template of a pull request, filled with what is known.

Its headings are kept in their order; below those that ask for something that we know stands that, below the others what
the template says there, made harmless: its words come from the repository, and must not close issues or mention people.
Boxes are empty: what a person vouches for, the bot does not.
https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/creating-a-pull-request-template-for-your-repository
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from handlers.neutralise import line, neutral, whole

PLACES = ("", "docs/", ".github/")
"""Folders that GitHub looks for a template in."""
NAME = "pull_request_template.md"
LONGEST = 10_000
"""Characters of a template that are looked at."""

Asked = Literal["what", "why", "tests"]

WORDS: Mapping[Asked, tuple[str, ...]] = MappingProxyType(
    {
        "tests": ("test", "verif", "evidence", "how has this been"),
        "why": ("why", "motivation", "context", "background", "related", "issue", "ticket", "fixes", "closes", "link"),
        "what": ("what", "summary", "description", "overview", "change", "proposed", "solution", "about"),
    }
)
"""What a heading asks for, by words in it; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The template's text, and which of what we know stands in it."""

    text: str
    placed: frozenset[Asked]


def path_of_template(paths: Iterable[str]) -> str | None:
    """The template among the paths of a repository, whatever its case; None where there is none."""
    wanted = [f"{place}{NAME}" for place in PLACES]
    found = {path.lower(): path for path in paths if path.lower() in wanted}
    return next((found[path] for path in reversed(wanted) if path in found), None)


def filled(template: str, known: Mapping[Asked, str]) -> Filled:
    """The template with what is known below the headings that ask for it, each once."""
    shown: list[str] = []
    placed: set[Asked] = set()
    for heading, body in _sections(template[:LONGEST]):
        asked = _asked(heading)
        if asked is not None and asked not in placed and known.get(asked):
            placed.add(asked)
            answer = "\n\n".join(part for part in (known[asked], _boxes(body)) if part)
        else:
            answer = whole(body)
        shown += [part for part in (_heading(heading), answer) if part]
    return Filled("\n\n".join(shown), frozenset(placed))


_HEADING = re.compile(r"^#{1,6}[ \t]+\S.*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_BOX = re.compile(r"^([ \t]*[-*+][ \t]+\[)[ xX](\][ \t])", re.MULTILINE)


def _sections(template: str) -> list[tuple[str, str]]:
    """Each heading with what stands below it; before the first one the heading is empty."""
    text = _COMMENT.sub("", _FRONT.sub("", template.replace("\r\n", "\n")))
    sections: list[tuple[str, list[str]]] = [("", [])]
    for row in text.split("\n"):
        if _HEADING.match(row):
            sections.append((row, []))
        else:
            sections[-1][1].append(row)
    return [(heading, _BOX.sub(r"\1 \2", "\n".join(rows)).strip()) for heading, rows in sections]


def _asked(heading: str) -> Asked | None:
    words = heading.lower()
    return next((asked for asked, signs in WORDS.items() if any(sign in words for sign in signs)), None)


def _heading(heading: str) -> str:
    marks, _, words = heading.partition(" ")
    return f"{marks} {line(words)}" if heading else ""


def _boxes(body: str) -> str:
    return neutral("\n".join(row for row in body.split("\n") if _BOX.match(row)))
