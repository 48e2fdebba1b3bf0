"""No command acts that CommonMark takes for code, a quote, a list, a link or HTML.

What a reader sees is the judge: a document is rendered to HTML, and a command may act only where a line of a plain
paragraph begins with it there. The renderer itself is held against every example of CommonMark's specification, whose
documents then have commands put into every place. `commonmark_examples.json` names its source and licence.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from handlers.commands import Refusal, parse

EXAMPLES = json.loads((Path(__file__).parent / "commonmark_examples.json").read_text(encoding="utf-8"))["examples"]
SECTIONS = sorted({example["section"] for example in EXAMPLES})
COMMAND = "/approve"
HARMLESS = {"p", "div", "details"}
"""Elements that may be open around a command without making anything else of it."""

COMMONMARK = MarkdownIt("commonmark")
AS_ON_GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Reader(HTMLParser):
    """Counts the lines of plain paragraphs that begin with the command, as somebody sees them who reads the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen = 0
        self.at_line_start = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in {"br", "hr", "img", "input", "meta", "link"}:
            self.at_line_start = False
            return
        self.open.append(tag)
        self.at_line_start = tag == "p"

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        self.at_line_start = False

    def handle_data(self, data: str) -> None:
        for number, line in enumerate(data.split("\n")):
            begins = self.at_line_start or number > 0
            if begins and line.startswith(COMMAND) and set(self.open) <= HARMLESS and "p" in self.open:
                self.seen += 1
            self.at_line_start = begins and not line
        self.at_line_start = data.endswith("\n")


def seen(document: str) -> int:
    """How many commands somebody sees who reads the rendered document."""
    reader = Reader()
    reader.feed(AS_ON_GITHUB.render(document))
    reader.close()
    return reader.seen


def acts(document: str) -> bool:
    found = parse(document, slug="pullwright-dev")
    assert not isinstance(found, Refusal)
    return bool(found)


def with_commands(markdown: str) -> list[str]:
    """The document with a command before, after, and in place of the words of each of its lines."""
    rows = markdown.removesuffix("\n").split("\n")
    found = []
    for number, row in enumerate(rows):
        before, after = rows[:number], rows[number + 1 :]
        marks = re.match(r"[ \t>]*(?:(?:[-*+#~`<]+|[0-9]+[.)])[ \t>]*)*", row)
        found.append([*before, COMMAND, row, *after])
        found.append([*before, (marks[0] if marks else "") + COMMAND, *after])
    return ["\n".join(one) + "\n" for one in [*found, [*rows, COMMAND]]]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_example_of_the_specification_is_rendered_as_it_says(section):
    for example in EXAMPLES:
        if example["section"] == section:
            rendered = COMMONMARK.render(example["markdown"])
            assert _tight(rendered) == _tight(example["html"]), example["example"]


def _tight(html: str) -> str:
    """Without the space between two tags, which the specification leaves open."""
    return re.sub(r">\s+<", "><", html)


@pytest.mark.parametrize("section", SECTIONS)
def test_in_no_example_of_the_specification_a_command_acts_that_a_reader_does_not_see_as_one(section):
    for example in EXAMPLES:
        if example["section"] != section:
            continue
        for document in with_commands(example["markdown"]):
            assert not acts(document) or seen(document), f"example {example['example']}: {document!r}"


def test_commands_act_between_the_examples_that_leave_them_alone():
    """The test above would hold as well where nothing ever acted."""
    placed = [document for example in EXAMPLES for document in with_commands(example["markdown"])]
    assert sum(acts(document) for document in placed) > len(placed) // 10


# Documents made of contexts within contexts -----------------------------------------------------------------------

word = st.sampled_from(["words", "*loud*", "1 < 2", "[a](b)", "a `b` c", "x", "&amp;"])
plain = st.lists(word, min_size=1, max_size=3).map(lambda words: [" ".join(words)])
inner = st.lists(st.one_of(plain, st.just([COMMAND]), st.just([""])), min_size=1, max_size=4).map(
    lambda blocks: [row for block in [*blocks, [COMMAND]] for row in block]
)


@st.composite
def fenced(draw, rows):
    mark, length, indent = draw(st.sampled_from("`~")), draw(st.integers(3, 6)), " " * draw(st.integers(0, 3))
    closing = [indent + mark * draw(st.integers(length, 7))] if draw(st.booleans()) else []
    return [indent + mark * length + draw(st.sampled_from(["", "py", " sh"])), *draw(rows), *closing], not closing


def prefixed(first: str, others: str):
    return lambda rows: [(first if number == 0 else others) + row for number, row in enumerate(rows)]


def solid(rows):
    """Without empty lines, which would end an HTML block or a paragraph."""
    return [row for row in rows if row]


def enclosed(opening: str, closing: str):
    return lambda rows: [opening, *rows, closing]


closed_block = st.deferred(
    lambda: st.one_of(
        fenced(inner).filter(lambda made: not made[1]).map(lambda made: made[0]),
        inner.map(prefixed("    ", "    ")),
        inner.map(prefixed("> ", ">")),
        inner.map(prefixed("- ", "  ")),
        inner.map(prefixed("12. ", "    ")),
        inner.map(enclosed("<!--", "-->")),
        inner.map(enclosed("<pre>", "</pre>")),
        inner.map(enclosed("<script>", "</script>")),
        inner.map(enclosed("<style>", "</style>")),
        inner.map(enclosed("<?php", "?>")),
        inner.map(enclosed("<!DOCTYPE", ">")),
        inner.map(enclosed("<![CDATA[", "]]>")),
        inner.map(solid).map(enclosed("<div>", "</div>")),
        inner.map(solid).map(enclosed("<table>", "</table>")),
        inner.map(solid).map(enclosed("before `start", "end` after")),
        inner.map(solid).map(enclosed("before <!-- start", "end --> after")),
        inner.map(solid).map(enclosed('before <a title="', '"> after</a>')),
        closed_block.map(prefixed("> ", "> ")),
        closed_block.map(prefixed("- ", "  ")),
        closed_block.map(prefixed("    ", "    ")),
    )
)
last_block = st.one_of(closed_block, fenced(inner).map(lambda made: made[0]))


@settings(max_examples=200)
@given(st.lists(st.one_of(plain, closed_block), max_size=4), last_block)
def test_no_command_acts_in_contexts_within_contexts(blocks, last):
    # A heading ends whatever list or paragraph the block before it left open.
    document = "\n".join(row for block in [*blocks, last] for row in ["# A title", "", *block, ""])
    assert not acts(document), document


@settings(max_examples=200)
@given(st.lists(st.one_of(plain, closed_block, st.just([COMMAND])), max_size=5), st.booleans())
def test_in_any_mixture_a_command_acts_only_where_a_reader_sees_it(blocks, spaced):
    document = "\n".join(row for block in blocks for row in [*block, *([""] if spaced else [])])
    assert not acts(document) or seen(document), document
