"""Words of models and strangers, made harmless: the one door to a comment, a check run, a pull request or a commit.

What would make GitHub, or another bot, *do* something keeps its look and loses its effect: the character that
triggers it is replaced by its full-width twin (`@` by `＠`, `#` by `＃` …). Nothing is guessed about where the text
ends up, so code and prose are treated alike. Applying it twice changes nothing more.
"""

import re

from markdown_it import MarkdownIt

from core.inert import MENTION, NO_CI, OPENING, SKIP, closing_nothing, inert

LIMIT = 20_000
"""Characters of one text, unless the caller says less."""
LINE_LIMIT = 300
MAX_INPUT = 200_000
"""Characters that are looked at; what is behind them is dropped."""
ELLIPSIS = "…"

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Control characters but tab and newline, zero-width and bidi characters, blanks in disguise, what only lays out music,
shorthand and hieroglyphs, tags, lone surrogates."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#[0-9]|#[xX][0-9A-Fa-f]|[A-Za-z][A-Za-z0-9]*;)")
_IMAGE = re.compile(r"!(?=\[)")
_DEFINITION = re.compile(r"^([ \t>]*(?:[-*+][ \t]+|[0-9]{1,9}[.)][ \t]+)*)\[(?=[^\]\n]+\]:)", re.MULTILINE)
_DECORATOR = re.compile(r"^[ \t]*@[A-Za-z_][A-Za-z0-9_.]*(?:\([^@\n]*)?$", re.MULTILINE)
_COMMAND = re.compile(r"^([ \t]*)/(?=[A-Za-z])", re.MULTILINE)
_SPOKEN = re.compile(
    r"^([ \t]*)([a-z])(?=(?<=b)ors[ \t]+(?:r[+=-]|merge|try|retry|delegate|cancel|p=)"
    r"|(?<=a)tlantis[ \t]+(?:plan|apply|unlock|approve_policies|import|state)\b"
    r"|(?<=d)igger[ \t]+(?:plan|apply|unlock)\b|(?<=j)enkins[,:]"
    r"|(?<=r)echeck[ \t]*$|(?<=r)etest[ \t]+this[ \t]+please|(?<=t)est[ \t]+this[ \t]+please"
    r"|(?<=o)k[ \t]+to[ \t]+test|(?<=a)dd[ \t]+to[ \t]+(?:white|allow)list)",
    re.MULTILINE | re.IGNORECASE,
)
"""What is said at the beginning of a line to bots that need no sign: bors, Atlantis, Digger, Jenkins, Zuul. Not every
one of them asks who says it."""
_TRAILER = re.compile(
    r"^([ \t]*(?:[A-Za-z][A-Za-z-]*-by|pullwright-[A-Za-z-]+|change-id|release-as|skip-checks|breaking[ -]change"
    r"|git-[A-Za-z-]+|cc)[ \t]*):",
    re.MULTILINE | re.IGNORECASE,
)


_ESCAPED_OR_TICKS = re.compile(r"\\[!-/:-@\[-`{-~]|`+")
_TICKS = re.compile(r"`+")
_TILDES = re.compile(r"^([ \t>]*)~(?=~~)")


def neutral(text: str, limit: int = LIMIT) -> str:
    """The text as harmless Markdown of any number of lines, at most `limit` characters."""
    text = text[:MAX_INPUT].replace("\r\n", "\n").replace("\r", "\n")
    text = _COMMENT.sub("", _INVISIBLE.sub("", text)).strip()
    for pattern, replacement in (
        (_TAG, "＜"),
        (_ENTITY, "＆"),
        (_IMAGE, "！"),
        (SKIP, r"［\1］"),
        (_DEFINITION, r"\1［"),  # behind the one before: a bracket that it takes away may leave a definition
        (MENTION, "＠"),
        (_COMMAND, r"\1／"),
        (_SPOKEN, _wide),
        (_TRAILER, r"\1："),
        (NO_CI, "＊＊＊"),
    ):
        text = pattern.sub(replacement, text)
    return _cut(closing_nothing(text), limit)


def whole(text: str, limit: int = LIMIT) -> str:
    """The text as harmless Markdown that stands by itself: a block of code that it leaves open ends with it."""
    shown = neutral(text, limit)
    last = _MARKDOWN.parse(f"{shown}\n\n.")[-1]
    return f"{shown}\n{last.markup}" if last.type == "fence" and last.level == 0 else shown


def line(text: str, limit: int = LINE_LIMIT) -> str:
    """The text as one harmless line, for titles, list items and sentences. It leaves no code open, whatever follows."""
    return closed(neutral(" ".join(_INVISIBLE.sub(" ", text).split()), limit))


def closed(row: str) -> str:
    """The row with only such backticks as begin and end code within it, and no row of tildes that begins a block.

    A lone one would make code of the words between it and the next code of its paragraph, and words of that code.
    A link may take a backtick into its target, unseen: beside the sign of one, none is left.
    """
    row = _TILDES.sub(r"\1～", row)
    if "](" in row:
        return row.replace("`", "｀")
    ends: dict[int, list[int]] = {}
    for ticks in reversed([*_TICKS.finditer(row)]):
        ends.setdefault(len(ticks[0]), []).append(ticks.end())
    made, at = [], 0
    while (found := _ESCAPED_OR_TICKS.search(row, at)) is not None:
        made.append(row[at : found.start()])
        at = found.end()
        if found[0].startswith("`"):
            alike = ends.get(len(found[0]), [])
            while alike and alike[-1] <= at:
                alike.pop()
            at = alike[-1] if alike else at
            made.append(row[found.start() : at] if alike else "｀" * len(found[0]))
        else:
            made.append(found[0])
    return "".join([*made, row[at:]])


def quoted(text: str, limit: int = LIMIT) -> str:
    """The text as a block quote: a fence or list that it leaves open ends with it, and cannot swallow what follows."""
    return "\n".join(f"> {row}".rstrip() for row in neutral(text, limit).split("\n"))


def exact(text: str) -> bool:
    """Whether a block of code can hold the text as it is: all of it can be seen, and no bot that reads comments without
    reading Markdown acts on it. A decorator, alone on its line, is no mention: GitHub reads none in code."""
    inside = _DECORATOR.sub("", text)
    return not any(acts.search(inside) for acts in (_INVISIBLE, _ANSI, OPENING, MENTION, _COMMAND, _SPOKEN))


def fence(text: str) -> str:
    """What begins and ends a block of code that nothing in this text can close."""
    return "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])


def fenced(text: str, limit: int = LIMIT, language: str = "text") -> str:
    """The end of a program's output, as a block of code that nothing in it can close."""
    ending = text[-MAX_INPUT:].replace("\r\n", "\n").replace("\r", "\n")
    clean = _INVISIBLE.sub("", _ANSI.sub("", ending)).strip("\n")
    kept = clean if len(clean) <= limit else f"{ELLIPSIS}\n{clean[-limit:]}"
    kept = OPENING.sub("＜", MENTION.sub("＠", _SPOKEN.sub(_wide, _COMMAND.sub(r"\1／", kept))))
    around = fence(kept)
    return f"{around}{language}\n{kept}\n{around}"


def code(text: str, limit: int = LINE_LIMIT) -> str:
    """A path or a name as inline code."""
    clean = " ".join(_INVISIBLE.sub(" ", text).replace("`", "'").split())
    return f"`{inert(_cut(clean, limit)) or ' '}`"


_MARKDOWN = MarkdownIt("commonmark")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def _wide(found: re.Match[str]) -> str:
    """The letter behind the blanks as its full-width twin."""
    return f"{found[1]}{chr(ord(found[2]) + 0xFEE0)}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS
