"""What would be live in a text on GitHub, judged without anything of the product's: by the page that people see, and by
the letters, since other bots read those.

A text is allowed nothing but what `Ours` names: whom the bot addresses, the markers of what it did, the trailers that
code wrote, and the one line that closes the issue.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["markdown", "pull", "plain", "commit"]
"""A comment; the text of a pull request, which a merge may make a commit of; one line; a commit's message."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What code wrote."""

    people: frozenset[str] = frozenset()
    markers: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    """Lines that may close an issue, whole."""
    trailers: tuple[str, ...] = ()
    """Of a commit, in their order."""


_MENTION = re.compile(r"(?<![A-Za-z0-9])@([A-Za-z0-9][A-Za-z0-9-]*(?:/[\w.-]+)?)")
_CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b[:\s*_`~\[(\\]*(?:[\w.-]+/[\w.-]+)?"
    r"(?:#\d|GH-\d|https?://\S+/(?:issues|pull)/\d)",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"^[ \t]*/[A-Za-z][\w-]*", re.MULTILINE)
_SPOKEN = re.compile(
    r"^[ \t]*(?:bors[ \t]+(?:r\+|r=|merge|try)|atlantis[ \t]+(?:plan|apply)|digger[ \t]+apply|jenkins, |recheck[ \t]*$"
    r"|(?:re)?test[ \t]+this[ \t]+please|ok[ \t]+to[ \t]+test|add[ \t]+to[ \t]+(?:whitelist|allowlist))",
    re.MULTILINE | re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^[ \t]*(?:[a-z]+(?:-[a-z]+)*-by|pullwright-[\w-]+|change-id|release-as|skip-checks|breaking[ -]change"
    r"|git-[\w-]+|cc)[ \t]*:",
    re.MULTILINE | re.IGNORECASE,
)
_SKIPS = re.compile(r"\[(?:skip|no)[ -](?:ci|actions)\]|\[(?:ci|actions)[ -]skip\]|\*\*\*NO_CI\*\*\*", re.IGNORECASE)
_MARKER = re.compile(r"<!-- pullwright [0-9a-f]{32} -->")
_TAG = re.compile(r"<!--.*?-->|<[A-Za-z/!?][^>]*>?", re.DOTALL)
_PLAIN_TAGS = frozenset(f"<{end}{name}>" for name in ("details", "summary", "sub") for end in ("", "/"))
_OFTEN_READ = frozenset("\n\t")
_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def live(text: str, kind: Kind, ours: Ours) -> list[str]:
    """What in it would do something, in words; nothing where it is harmless."""
    found, prose = [*_letters(text)], text
    if kind in {"markdown", "pull"}:
        prose, more = _seen(text, ours)
        found += more
        # As a commit's message it has no code.
        found += _acts(prose + ("\n" + _MARKER.sub("", text) if kind == "pull" else ""), ours)
    else:
        found += _acts(text, ours)
    if kind in {"pull", "plain", "commit"}:
        found += [f"skips CI: {hit[0]!r}" for hit in _SKIPS.finditer(text)]
    trailers = [row for row in (prose if kind == "markdown" else text).split("\n") if _TRAILER.match(row)]
    if trailers != [*(ours.trailers if kind == "commit" else ())]:
        found.append(f"trailers: {trailers!r}")
    return found


def _letters(text: str) -> Iterator[str]:
    """What counts wherever it stands, in code too."""
    for character in sorted(set(text) - _OFTEN_READ):
        hidden = unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
        if hidden or 0xE0000 <= ord(character) <= 0xE0FFF:
            yield f"an invisible character: U+{ord(character):04X}"
    yield from (f"a command: {hit[0]!r}" for hit in _COMMAND.finditer(text))
    yield from (f"a command of another bot: {hit[0]!r}" for hit in _SPOKEN.finditer(text))


def _acts(prose: str, ours: Ours) -> Iterator[str]:
    for hit in _MENTION.finditer(prose):
        if hit[1] not in ours.people:
            yield f"a mention: {hit[0]!r}"
    kept = "\n".join(row for row in prose.split("\n") if row not in ours.closes)
    yield from (f"a closing keyword: {hit[0]!r}" for hit in _CLOSING.finditer(kept))


def _seen(text: str, ours: Ours) -> tuple[str, list[str]]:
    """What a reader of the page sees outside of code, and what is wrong with the page."""
    environment: dict[str, object] = {}
    tokens = _MARKDOWN.parse(text, environment)
    prose: list[str] = []
    wrong: list[str] = []
    if environment.get("references"):
        wrong.append("a definition of a link")
    for token in tokens:
        if token.type == "inline":
            prose.append("".join(_inline(token.children or [], ours, wrong)))
        elif token.type == "html_block":
            prose.append(_html(token.content, ours, wrong))
    markers = _MARKER.findall(text)
    wrong += [f"a marker of nothing of ours: {marker}" for marker in markers if marker not in ours.markers]
    if text.rstrip().endswith("-->") and (not tokens or tokens[-1].type != "html_block" or tokens[-1].level):
        wrong.append("what stands before our marker swallows it")
    if len(markers) > 1:
        wrong.append("more than one marker")
    return "\n".join(prose), wrong


def _inline(children: list[Token], ours: Ours, wrong: list[str]) -> Iterator[str]:
    for child in children:
        if child.type == "text":
            yield child.content
        elif child.type in {"softbreak", "hardbreak"}:
            yield "\n"
        elif child.type == "image":
            wrong.append(f"an image: {child.attrs.get('src')}")
        elif child.type == "html_inline":
            yield _html(child.content, ours, wrong)
        elif child.type == "link_open" and child.attrs.get("title"):
            wrong.append(f"a link with a title: {child.attrs['title']}")


def _html(content: str, ours: Ours, wrong: list[str]) -> str:
    """The words between the tags; nothing in there is Markdown."""
    tags = [tag for tag in _TAG.findall(content) if tag not in _PLAIN_TAGS and tag not in ours.markers]
    wrong += [f"raw HTML: {tag!r}" for tag in tags]
    return _TAG.sub("", content)
