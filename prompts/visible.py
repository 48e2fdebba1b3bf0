"""What a reader of a Markdown text does not see, taken out of it.

Hidden words are the usual way to give orders to an agent behind the back of the people who read the issue: HTML
comments, attributes, image descriptions, link titles, definitions of links, characters without width or shape.
Code in fences is shown by GitHub as it stands, so there only invisible characters are taken out.
"""

import html
import re
import string
import unicodedata
from itertools import pairwise

from markdown_it import MarkdownIt

_FENCES = MarkdownIt("commonmark", {"html": True}).disable("inline")

# Default_Ignorable_Code_Point of Unicode 15 where the general category does not tell (DerivedCoreProperties.txt):
# the grapheme joiner, Hangul fillers, Khmer inherent vowels, variation selectors; and the blank braille pattern.
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_OTHER_MARKUP = re.compile(r"<\?.*?(?:\?>|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<![A-Za-z][^>]*(?:>|\Z)", re.DOTALL)
_ATTRIBUTE = r"""\s+[A-Za-z_:@#][\w.:@#-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?"""
_TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9-]{{0,30}})((?:{_ATTRIBUTE})*)\s*/?>", re.DOTALL)
_LONG_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{31,}+[^<>]*+>", re.DOTALL)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
"""Keeps the length of a text, which `lower()` does not."""
_FOLDS = frozenset({"details", "summary"})

_HIDING = re.compile(
    r"<([A-Za-z][A-Za-z0-9-]{0,30})\s(?=[^<>]{0,2000}>)[^<>]*?(?:\bhidden\b|\bstyle\s*=[^<>]*?(?:display\s*:\s*none"
    r"|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0))[^<>]*>",
    re.IGNORECASE,
)
"""An element that asks not to be shown. GitHub may show it all the same; mail and other readers do not."""
_UNSHOWN = re.compile(r"<(script|style|template|noscript)(?:\s[^<>]{0,2000})?>", re.IGNORECASE)
_ENTITIES = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")

# Blanks are taken whole (`*+`): a row of them that could be cut anywhere would take minutes.
_TITLE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))"""
_TARGET = r"(?:<[^<>\n]*+>|[^\s()<>]*+(?:\([^\s()]*+\)[^\s()<>]*+)*+)"
_LINK_END = re.compile(rf"\]\(\s*+({_TARGET})(?:\s++|(?<=\s)){_TITLE}\s*+\)", re.DOTALL)
_IMAGE_END = re.compile(rf"\(\s*+{_TARGET}(?:(?:\s++|(?<=\s)){_TITLE})?\s*+\)|\[[^\[\]]*+\]", re.DOTALL)
_DEFINITION = re.compile(
    rf"^[ \t>*+\-\d.)]{{0,20}}\[(?:[^\[\]\\]|\\.)+\]:[ \t]*+\n?[ \t>]*\S++(?:[ \t]*+\n?[ \t>]*+{_TITLE})?[ \t]*+$",
    re.MULTILINE | re.DOTALL,
)
_FENCE_LINE = re.compile(
    r"(?P<mark>[ \t>]*+(?:[-*+]|\d+[.)])?[ \t>]*(?:`{3,}|~{3,}))[ \t]*(?P<language>[\w+#.-]{0,20}).*"
)
_PASSES = 10


def visible(markdown: str) -> str:
    """The text as its readers see it, still as Markdown."""
    text = plain(markdown)
    return "".join(_bare_fence(part) if is_code else _shown(part) for part, is_code in _parts(text)).strip("\n")


def plain(text: str) -> str:
    """The text without characters that have no shape of their own; line ends are `\\n`."""
    return "".join(c for c in _lines(text) if not _is_invisible(c))


def revealed(text: str) -> str:
    """The text with every such character spelled out, so that nothing in it is hidden and nothing is lost."""
    return "".join(f"⟨U+{ord(c):04X}⟩" if _is_invisible(c) else c for c in _lines(text))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_invisible(character: str) -> bool:
    if character in "\n\t":
        return False
    if character.isascii():
        return not character.isprintable()
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or _SHAPELESS.match(character) is not None


def _parts(text: str) -> list[tuple[str, bool]]:
    """The text in order, cut into what is code in a fence and what is not."""
    lines = text.splitlines(keepends=True)
    edges = [0]
    code: set[int] = set()
    for token in _FENCES.parse(text):
        if token.type == "fence" and token.map is not None and token.map[0] >= edges[-1]:
            code.add(token.map[0])
            edges += token.map
    edges.append(len(lines))
    return [("".join(lines[start:end]), start in code and start != end) for start, end in pairwise(edges)]


def _bare_fence(block: str) -> str:
    """A fence with the language alone: what follows it on the opening line is not shown."""
    first, newline, rest = block.partition("\n")
    opening = _FENCE_LINE.fullmatch(first)
    return f"{opening['mark']}{opening['language']}{newline}{rest}" if opening else block


def _shown(text: str) -> str:
    """The text without what hides in it. What is left can form a new comment or tag, so it is read again."""
    for _ in range(_PASSES):
        before = text
        text = _COMMENT.sub("", text)
        text = _OTHER_MARKUP.sub("", text)
        text = _ENTITIES.sub(_without_invisible, text)
        text = _without_elements(_without_elements(text, _HIDING), _UNSHOWN)
        text = _TAG.sub(_bare_tag, text)
        text = _LONG_TAG.sub("", text)
        text = _DEFINITION.sub("", text)
        text = _without_images(text)
        text = _LINK_END.sub(r"](\1)", text)
        if text == before:
            return text
    return text.replace("<", "&lt;")


def _without_invisible(entity: re.Match[str]) -> str:
    """Nothing for an entity that stands for a character without a shape: hidden words are spelled so, too."""
    return "" if all(_is_invisible(c) for c in html.unescape(entity[0])) else entity[0]


def _without_elements(text: str, opening: re.Pattern[str]) -> str:
    """The text without the elements that begin so, up to the first end tag of their name; without one all stays."""
    folded = text.translate(_LOWER)
    kept: list[str] = []
    unclosed: set[str] = set()
    at = 0
    for found in opening.finditer(text):
        name = found[1].lower()
        if found.start() < at or name in unclosed:
            continue
        end = folded.find(f"</{name}", found.end())
        if end < 0:
            unclosed.add(name)
            continue
        kept.append(text[at : found.start()])
        at = text.find(">", end) + 1 or len(text)
    return "".join([*kept, text[at:]])


def _bare_tag(tag: re.Match[str]) -> str:
    """A tag without attributes: GitHub shows none of them. `<details>` only folds what stands in it."""
    name = tag[2].lower()
    if name in _FOLDS:
        return "\n" if tag[1] else ""
    return "[image]" if name == "img" else f"<{tag[1]}{tag[2]}>"


def _without_images(text: str) -> str:
    """The text with `[image]` for every image: its description and its title are shown to nobody."""
    closing = _brackets(text)
    kept: list[str] = []
    at = 0
    for opening in re.finditer(r"!\[", text):
        close = closing.get(opening.start() + 1)
        if close is None or opening.start() < at:
            continue
        target = _IMAGE_END.match(text, close + 1)
        kept += [text[at : opening.start()], "[image]"]
        at = target.end() if target else close + 1
    return "".join([*kept, text[at:]])


def _brackets(text: str) -> dict[int, int]:
    """For each `[` that is closed, the place of its `]`. One pass, however the brackets are nested."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer(r"\\.|[\[\]]", text, re.DOTALL):
        if found[0] == "[":
            opened.append(found.start())
        elif found[0] == "]" and opened:
            pairs[opened.pop()] = found.start()
    return pairs
