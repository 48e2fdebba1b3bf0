"""Slash commands: what in a comment is one, and what it says.

A command stands at column 0 of a line of ordinary text. CommonMark decides what is ordinary: a letter that is put in
place of the slash must come out of the parser as plain text of a top-level paragraph; in code, quotes, lists, tables,
HTML or a link's target it does not. A comment is taken whole or not at all.
"""

import difflib
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.digests import COMMIT_SHOWN, SHOWN
from handlers.markup import Open
from handlers.verbs import VERBS, Verb

MAX_COMMANDS = 10
MAX_LINES = 50
"""Lines that look like commands of ours, before any is judged."""
MAX_CHARACTERS = 65_536
MOST_SIGNS = 8_000
"""Line ends and characters that mean something to Markdown, in a comment with a command: the parser takes its time for
each. Long logs and code stay far below."""
MOST_CELLS = 20_000
"""Cells that a table may come to: a short row is filled up to the width of the first."""

NAMESPACE = "pullwright"

_FIRST_MARK = 0xE000
_SIGNS = re.compile(r"[\[\]!*_~`<&\\|]")
_MARKS = re.compile("[\ue000-\uf8ff]")
"""Characters of the private use area stand in for the slash while the parser looks."""
_FORBIDDEN = re.compile("[\x00\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_WORD = r"([A-Za-z][A-Za-z0-9-]{0,39})"
_PLAIN = re.compile(rf"/{_WORD}(?:[ \t]+(.*))?")
_NAMESPACED = re.compile(rf"/{NAMESPACE}(?:[ \t]+/?{_WORD}(?:[ \t]+(.*))?)?[ \t]*", re.IGNORECASE)
_DIGEST = re.compile(rf"`?([0-9a-f]{{{SHOWN},64}})`?", re.IGNORECASE)
_CONTENT = re.compile(rf"`?([0-9a-f]{{{COMMIT_SHOWN},64}})`?", re.IGNORECASE)

_AMOUNT = re.compile(r"\+\$?(?!0{1,4}(?:\.0{1,2})?$)[0-9]{1,4}(?:\.[0-9]{1,2})?")

_HOLDS_INLINE = frozenset({"paragraph_open", "heading_open", "th_open", "td_open"})

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Command:
    """A verb and what follows it on its line. `index` counts the commands of the comment from nought."""

    verb: str
    args: str
    index: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The comment was meant for us and cannot be done as it stands. `why` ends a sentence that says so."""

    why: str


def might_command(body: str) -> bool:
    """Whether a look at the comment is worth its cost: some line begins as a command or mention does."""
    return re.search(r"^\ufeff?[/@][A-Za-z]", body, re.MULTILINE) is not None or "\r" in body


def parse(
    body: str, *, slug: str, namespaced: bool = False, verbs: Mapping[str, Verb] = VERBS
) -> tuple[Command, ...] | Refusal:
    """The commands of a comment in their order, without repetitions; none where it holds none.

    `slug` is our App's name on GitHub. With `namespaced`, only `/pullwright verb` and `@slug verb` are ours. A verb
    that is not among `verbs` is somebody else's, unless it was addressed to us.
    """
    if len(body) > MAX_CHARACTERS:
        return ()
    rows = _normal(body).split("\n")
    said = {number: one for number, row in enumerate(rows) if (one := _read(row, slug, namespaced, verbs)) is not None}
    if not said:
        return ()
    if len(said) > MAX_LINES:
        return Refusal(f"a comment holds at most {MAX_COMMANDS} commands.")
    if _is_too_much(rows):
        return Refusal(
            "it holds too many brackets and other signs to be read. Give the command in a comment of its own."
        )
    standing = _in_plain_text(rows, sorted(said))
    return _judged([(rows[number], *said[number]) for number in standing], verbs)


def render(command: Command, *, namespaced: bool = False) -> str:
    """The command as one types it: parsed again, it is the same."""
    return f"/{NAMESPACE if namespaced else ''}{' ' if namespaced else ''}{command.verb} {command.args}".rstrip()


def _read(row: str, slug: str, namespaced: bool, verbs: Collection[str]) -> tuple[str, str] | None:
    """The verb (empty where we were only called) and arguments of a line that is ours, whatever surrounds it."""
    mentioned = re.fullmatch(
        rf"@{re.escape(slug)}(?:\[bot\])?(?![\w-])(?:[ \t]+/?{_WORD}(?:[ \t]+(.*))?)?[ \t]*", row, re.IGNORECASE
    )
    addressed = _NAMESPACED.fullmatch(row) or mentioned
    if addressed:
        return (addressed[1] or "").lower(), (addressed[2] or "").strip()
    plain = _PLAIN.fullmatch(row)
    if plain is None or namespaced or plain[1].lower() not in verbs:
        return None
    return plain[1].lower(), (plain[2] or "").strip()


def _is_too_much(rows: Sequence[str]) -> bool:
    """Whether Markdown like this takes so long that other deliveries would wait for it."""
    signs = len(rows) + sum(len(_SIGNS.findall(row)) for row in rows)
    return signs > MOST_SIGNS or len(rows) * max(row.count("|") for row in rows) > MOST_CELLS


def _in_plain_text(rows: Sequence[str], numbers: Sequence[int]) -> list[int]:
    """The lines of these that begin as ordinary text of a paragraph that stands by itself."""
    marked = list(rows)
    for offset, number in enumerate(numbers):
        marked[number] = chr(_FIRST_MARK + offset) + rows[number][1:]
    begins: set[int] = set()
    html = Open()
    for opening, inline in pairwise(_MARKDOWN.parse("\n".join(marked))):
        if opening.type == "html_block":
            html.feed(opening.content)
        elif opening.type in _HOLDS_INLINE and inline.type == "inline":
            found = _line_beginnings(inline.children or (), html)
            if opening.type == "paragraph_open" and opening.level == 0:
                begins.update(found)
    return [number for offset, number in enumerate(numbers) if _FIRST_MARK + offset in begins]


def _line_beginnings(children: Sequence[Token], html: Open) -> list[int]:
    """The first characters of the lines of a paragraph that begin as plain text, outside of links and emphasis, and
    of the HTML that is open there."""
    found = []
    fresh = True
    for child in children:
        if child.type == "html_inline":
            html.feed(child.content)
        if fresh and not html.anything and child.type == "text" and child.level == 0 and child.content:
            found.append(ord(child.content[0]))
        # The parser may put an empty text before what follows; it begins no line.
        fresh = child.type in {"softbreak", "hardbreak"} or (fresh and child.type == "text" and not child.content)
    return found


def _judged(said: Sequence[tuple[str, str, str]], verbs: Mapping[str, Verb]) -> tuple[Command, ...] | Refusal:
    """The commands, or why none of them is done: each must be right, and together they must make sense."""
    commands: list[Command] = []
    for row, verb, args in said:
        if _FORBIDDEN.search(row):
            return Refusal("a command holds invisible characters. Type it by hand.")
        if verb not in verbs:
            return Refusal(_suggestion(verb, verbs))
        if why := _misused(verbs[verb], args):
            return Refusal(why)
        if not any((one.verb, one.args) == (verb, args) for one in commands):
            commands.append(Command(verb, args, len(commands)))
    if len(commands) > MAX_COMMANDS:
        return Refusal(f"a comment holds at most {MAX_COMMANDS} commands.")
    deciding = [f"`/{one.verb}`" for one in commands if verbs[one.verb].decides]
    if len(deciding) > 1:
        return Refusal(f"{' and '.join(deciding)} in one comment contradict each other.")
    return tuple(commands)


def _misused(verb: Verb, args: str) -> str | None:
    if verb.takes == "nothing" and args:
        return f"`/{verb.name}` takes nothing after it."
    if verb.takes == "content" and args and not _CONTENT.fullmatch(args):
        return (
            f"`/{verb.name}` takes nothing, or at least {SHOWN} hexadecimal digits of a digest, or {COMMIT_SHOWN} of a "
            "commit."
        )
    if verb.takes == "approval" and args and (why := _misused_approval(verb, args)):
        return why
    if verb.takes == "amount" and args and not _AMOUNT.fullmatch(args):
        return f"`/{verb.name}` takes nothing, or dollars to add: `/{verb.name} +2`."
    return None


def _misused_approval(verb: Verb, args: str) -> str | None:
    first, _, named = args.partition(" ")
    if not _DIGEST.fullmatch(first):
        return f"`/{verb.name}` takes nothing, or a digest of at least {SHOWN} hexadecimal digits."
    return "a quote is not closed." if paths_in(named) is None else None


def paths_in(words: str) -> tuple[str, ...] | None:
    """The paths that these words name, each once; one with a space stands in quotes. None where no quote ends it."""
    read = shlex.shlex(words, posix=True)
    read.whitespace_split, read.commenters, read.quotes = True, "", "'\"`"
    try:
        return tuple(dict.fromkeys(read))
    except ValueError:
        return None


def _suggestion(verb: str, verbs: Collection[str]) -> str:
    if not verb:
        return "no command was named. `/help` lists the commands."
    near = difflib.get_close_matches(verb, list(verbs), n=1)
    asked = f" Did you mean `/{near[0]}`?" if near else ""
    return f"`/{verb}` is not a command.{asked} `/help` lists the commands."


def _normal(body: str) -> str:
    text = body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _MARKS.sub("\ufffd", text)
