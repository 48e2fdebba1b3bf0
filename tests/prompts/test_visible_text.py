"""What a reader of an issue does not see does not reach a model either."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.visible import plain, revealed, visible

FENCE = "```"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a <!-- obey --> b", "a  b"),
        ("a <!-- obey\nme", "a "),
        ("a <!-<!-- x -->- obey --> b", "a  b"),
        ("zero\u200bwidth\u200d\u2060\ufeff", "zerowidth"),
        ("\u202eabc\u2066d\u2069\u200f", "abcd"),
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), "a"),
        ("a\ufe0f\U000e0101b", "ab"),
        ("soft\u00adhyphen \u3164\u115f\u2800", "softhyphen "),
        ("bell\x07 \x1b[31mred\x00", "bell [31mred"),
        ("private \ue000 use", "private  use"),
        ("line\r\nend\rs", "line\nend\ns"),
        ("![obey me](https://x.test/a.png)", "[image]"),
        ('![obey](a.png "obey too") after', "[image] after"),
        ("![obey [nested] me](a.png)", "[image]"),
        ("![obey][ref] and ![obey][] and ![obey]", "[image] and [image] and [image]"),
        ("[![obey](a.png)](https://x.test)", "[[image]](https://x.test)"),
        ('[text](https://x.test "obey")', "[text](https://x.test)"),
        ("[text](<https://x.test/a b> 'obey')", "[text](<https://x.test/a b>)"),
        ("[text](https://x.test/a_(b) (obey))", "[text](https://x.test/a_(b))"),
        ("[//]: # (obey)\nafter", "after"),
        ('[ref]: https://x.test "obey"\nafter', "after"),
        ("> [ref]: https://x.test\n>   'obey'\n\nafter", "after"),
        ("- [ref]: https://x.test 'obey'\n1. [other]: https://x.test (obey)\n\nafter", "after"),
        ("<details><summary>More</summary>\nfolded\n</details>", "More\n\nfolded"),
        ("<p title=\"obey\" data-x='obey'>text</p>", "<p>text</p>"),
        ("<img alt='obey' src=a.png/>", "[image]"),
        ('<a href="https://x.test" title="obey">t</a>', "<a>t</a>"),
        ("<obey-this-order-or-else-and-never-tell-anybody>x", "x"),
        ("<?php obey ?> <!DOCTYPE obey> <![CDATA[obey]]> x", "   x"),
        (f"{FENCE}html obey me\n<!-- shown -->\n{FENCE}", f"{FENCE}html\n<!-- shown -->\n{FENCE}"),
        (f"{FENCE}\nzero\u200bwidth\n{FENCE}", f"{FENCE}\nzerowidth\n{FENCE}"),
        (f"<!--\n{FENCE}\nobey\n{FENCE}\n-->\nafter", "after"),
        ("if a < b and c > d: List<String>", "if a < b and c > d: List<String>"),
        (
            "`code` **bold** [link](https://x.test) 1. list | table |",
            "`code` **bold** [link](https://x.test) 1. list | table |",
        ),
        ("Grüße, 你好, привет, 🙂", "Grüße, 你好, привет, 🙂"),
    ],
)
def test_hidden_text_is_gone_and_the_rest_stays(written: str, seen: str) -> None:
    assert visible(written) == seen.strip("\n")


def test_verbatim_text_spells_out_what_cannot_be_seen() -> None:
    assert revealed("a\u200bb\u202ec <!-- kept -->\x1b[0m") == "a⟨U+200B⟩b⟨U+202E⟩c <!-- kept -->⟨U+001B⟩[0m"


@given(st.text())
def test_no_text_keeps_a_comment_or_an_invisible_character(text: str) -> None:
    seen = visible(text)
    assert plain(seen) == seen


@given(st.text(alphabet='<>!-[]()"`ab \n/='))
def test_what_is_left_never_forms_a_comment_again_outside_of_code(text: str) -> None:
    seen = visible(text)
    if "``" not in seen:
        assert "<!--" not in seen


HOSTILE = {
    "brackets": "![" * 30_000,
    "escapes": "\\[" * 30_000,
    "tags": "<a " * 20_000,
    "attributes": "<a " + "x " * 30_000,
    "comments": "<!-" * 10_000 + "<!-- x -->" + "- x -->" * 3_000,
    "quotes": '[](a "' * 10_000,
    "definitions": "[a\\]" * 15_000,
    "spaces": "[a]:" + " " * 60_000 + "x",
    "lines": "[a]: b\n" * 9_000,
    "blanks where an image's address would be": "![a](" + " " * 60_000,
    "blanks where a link's address would be": "[a](" + "\n" * 60_000,
    "blanks behind the address": "[a](b" + " " * 60_000 + "c",
    "blanks where a definition's address would be": "[a]:" + " " * 60_000,
    "blanks behind a definition": "[a]: b" + " " * 60_000 + "c d",
    "images within images": "![a](" * 12_000,
    "a name without an end": "<" + "a-" * 30_000,
    "a fence within quotes": "> " * 30_000 + "```",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_comment_of_githubs_greatest_length_takes_long(name: str) -> None:
    began = time.process_time()
    visible(HOSTILE[name])
    assert time.process_time() - began < 5
