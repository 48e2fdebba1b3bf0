"""Words of models and strangers lose their effect and keep their look."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from handlers.neutralise import code, fenced, line, neutral, quoted, whole


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("thanks @ada", "thanks ＠ada"),
        ("_@ada_ and @acme/core", "_＠ada_ and ＠acme/core"),
        ("mail a@b.example", "mail a@b.example"),
        ("@dependabot merge", "＠dependabot merge"),
        ("/approve", "／approve"),
        ("ok\n  /lgtm cancel", "ok\n  ／lgtm cancel"),
        ("a/b and /usr/bin", "a/b and /usr/bin"),
        ("ok\n bors r+\nAtlantis apply -d x", "ok\n ｂors r+\nＡtlantis apply -d x"),
        ("jenkins, retest this please\nretest this please", "ｊenkins, retest this please\nｒetest this please"),
        ("recheck\nrecheck the totals, test this please", "ｒecheck\nrecheck the totals, test this please"),
        ("a\U0001d173b\U0001bca0c\U00013430d", "abcd"),
        ("Fixes #1, closes: GH-2", "Fixes ＃1, closes: GH－2"),
        ("resolved acme/site#3", "resolved acme/site＃3"),
        ("fix https://github.com/acme/site/issues/4", "fix https：//github.com/acme/site/issues/4"),
        ("fixes **#5** and closes \\#6", "fixes **＃5** and closes \\＃6"),
        ("fixes\n#7", "fixes\n＃7"),
        ("see #8 and https://a.example", "see #8 and https://a.example"),
        ("Signed-off-by: A <a@b.example>", "Signed-off-by： A ＜a@b.example>"),
        ("x\nCo-Authored-By: B", "x\nCo-Authored-By： B"),
        ("Pullwright-Run: abc", "Pullwright-Run： abc"),
        ("BREAKING CHANGE: all", "BREAKING CHANGE： all"),
        ("skip-checks: true", "skip-checks： true"),
        ("done [skip ci]", "done ［skip ci］"),
        ("[ci skip] [no ci] [skip actions] [Actions Skip]", "［ci skip］ ［no ci］ ［skip actions］ ［Actions Skip］"),
        ("***NO_CI***", "＊＊＊NO_CI***"),
        ("![x](https://evil.example/p.png)", "！[x](https://evil.example/p.png)"),
        ("<img src=x>", "＜img src=x>"),
        ("List<String>", "List＜String>"),
        ("a < b", "a < b"),
        ("a<!-- hidden -->b", "ab"),
        ("<!-- pullwright 0123456789abcdef0123456789abcdef -->", ""),
        ("a <!-- never closed", "a"),
        ("<!<!-- -->-- x -->", "＜!-- x -->"),
        ("&#64;ada &commat;ada", "＆#64;ada ＆commat;ada"),
        ("a & b", "a & b"),
        ("[x]: https://evil.example", "［x]: https://evil.example"),
        ("[[skip ci]]: https://evil.example", "［［skip ci］]: https://evil.example"),
        ("fi\u200bxes #9 \u202eevil\x07", "fixes ＃9 evil"),
        ("@\u200bada", "＠ada"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_what_would_do_something_only_looks_like_it(text, harmless):
    assert neutral(text) == harmless


PIECES = (
    """@ ada #1 fixes / approve < !-- --> [ ] skip ci : ![x](y) Signed-off-by & #64; GH- https://a ` > * closes _"""
)
DANGEROUS = st.lists(
    st.sampled_from([*PIECES.split(), "\n", " ", "\r", "\u200b", "\\", "[skip ci]", "***NO_CI***"]), max_size=14
).map("".join)
TEXTS = st.one_of(DANGEROUS, st.text())


@settings(max_examples=600)
@given(TEXTS, st.integers(1, 40))
def test_applying_it_twice_changes_nothing_more(text, limit):
    for once in (neutral(text), neutral(text, limit)):
        assert neutral(once) == once
    assert line(line(text)) == line(text)


@settings(max_examples=400)
@given(TEXTS, st.integers(1, 40))
def test_the_length_is_capped(text, limit):
    assert len(neutral(text, limit)) <= limit
    assert len(line(text, limit)) <= limit


FORBIDDEN = (
    re.compile(r"(?<![A-Za-z0-9])@[A-Za-z0-9]"),
    re.compile(r"(?m)^\s*/[A-Za-z]"),
    re.compile(r"(?i)\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b:?\s+(?:#|GH-)[0-9]"),
    re.compile(r"<!--|<[A-Za-z/]"),
    re.compile(r"(?i)\[(?:skip ci|ci skip|no ci)\]"),
    re.compile(r"(?im)^signed-off-by:"),
    re.compile(r"!\["),
    re.compile("[\x00-\x08\u200b-\u200f\u202a-\u202e]"),
)


@settings(max_examples=600)
@given(TEXTS)
def test_nothing_that_acts_survives(text):
    for shown in (neutral(text), line(text), quoted(text)):
        assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(shown)] == []


@settings(max_examples=300)
@given(TEXTS)
def test_the_rendered_html_has_no_image_and_no_raw_html(text):
    tokens = MarkdownIt("commonmark").parse(neutral(text))
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"html_block", "html_inline", "image"}


@given(TEXTS)
def test_a_line_is_one_line(text):
    assert "\n" not in line(text)


@settings(max_examples=300)
@given(TEXTS)
def test_nothing_in_a_fence_can_close_it(text):
    tokens = MarkdownIt("commonmark").parse(fenced(text) + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[2].content == "after"


@settings(max_examples=300)
@given(TEXTS)
def test_what_follows_a_quote_is_not_swallowed_by_it(text):
    tokens = MarkdownIt("commonmark").parse(quoted(text) + "\n\nTo approve: `/approve 0123456789ab`.")
    assert [token.type for token in tokens[-3:]] == ["paragraph_open", "inline", "paragraph_close"]
    assert tokens[-3].level == 0
    assert tokens[-2].content == "To approve: `/approve 0123456789ab`."


@given(TEXTS)
def test_inline_code_stays_inline_code(text):
    tokens = MarkdownIt("commonmark").parse(f"see {code(text)} here")
    assert [child.type for child in tokens[1].children] == ["text", "code_inline", "text"]


def test_the_end_of_an_output_is_kept_and_colours_are_taken_out():
    assert fenced("first\n" * 10 + "\x1b[31mFAILED\x1b[0m", limit=12) == "```text\n…\nfirst\nFAILED\n```"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n```\nb", "a\n```\nb\n```"),
        ("a\n~~~~ x\n```", "a\n~~~~ x\n```\n~~~~"),
        ("a\n```\nb\n```", "a\n```\nb\n```"),
        ("- a\n  ```\n  b", "- a\n  ```\n  b"),
        ("a `b", "a `b"),
    ],
)
def test_what_stands_by_itself_ends_the_code_that_it_begins(text, shown):
    assert whole(text) == shown


@settings(max_examples=300)
@given(TEXTS)
def test_what_follows_a_whole_text_is_not_swallowed_by_it(text):
    tokens = MarkdownIt("commonmark").parse(whole(text) + "\n\n<!-- after -->")
    assert (tokens[-1].type, tokens[-1].level) == ("html_block", 0)


def test_an_output_full_of_backticks_gets_a_longer_fence():
    assert fenced("````\n/approve\n````") == "`````text\n````\n／approve\n````\n`````"


@pytest.mark.parametrize("hostile", ["fix-" * 50_000, "[" * 100_000, "<!--" * 50_000, "@" * 100_000, "&" * 100_000])
def test_hostile_texts_take_no_time(hostile):
    assert len(neutral(hostile)) <= 20_000
    assert len(fenced(hostile)) < 21_000


@pytest.mark.parametrize("beginning", ["[", "[no", "[skip ", "[ ", "fix", "closes "])
@pytest.mark.parametrize("rest", ["_", " ", "a_", "-", "*"])
def test_marks_and_keywords_without_an_end_take_no_time(beginning: str, rest: str) -> None:
    began = time.process_time()
    neutral(beginning + rest * 50_000)
    assert time.process_time() - began < 2


def test_a_keyword_closes_nothing_however_far_the_number_is_moved_away() -> None:
    assert neutral("Fixes" + " " * 60 + "#1") == "Fixes" + " " * 60 + "＃1"


TICKS = st.text(alphabet="`\\[]()<>!*_~ a'\"\n", max_size=24)
PATH = "<img src=x onerror=y>"


@given(st.lists(TICKS, min_size=1, max_size=3), st.sampled_from([" ", ": ", " (", " **x** ", ", "]))
@settings(max_examples=400)
def test_behind_whatever_words_code_stays_code(words, between):
    said = "".join(f"{line(one)}{between}{code(f'{PATH}{number}`')}, " for number, one in enumerate(words))
    inline = MarkdownIt("commonmark").parse(said)
    children = [child for token in inline for child in token.children or ()]
    shown = [child.content for child in children if child.type == "code_inline"]
    expected = [f"{PATH}{number}'" for number in range(len(words))]
    assert [one for one in shown if one in expected] == expected
    assert not any(child.type == "html_inline" for child in children)
    assert not any(token.type in {"fence", "html_block"} for token in inline)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a lone ` here", "a lone ｀ here"),
        ("some `code` here, ``more ` of it``", "some `code` here, ``more ` of it``"),
        ("``` begins a block", "｀｀｀ begins a block"),
        ("~~~ begins a block", "～~~ begins a block"),
        ("`` one `and` two", "｀｀ one `and` two"),
        ("no \\` code", "no \\` code"),
        ("not \\\\` code", "not \\\\｀ code"),
        ("[x](`) `y", "[x](｀) ｀y"),
    ],
)
def test_a_line_leaves_no_code_open(text, shown):
    assert line(text) == line(line(text)) == shown


def test_a_line_of_nothing_but_backticks_takes_no_time():
    began = time.process_time()
    line(" ".join("`" * size for size in range(1, 1_500)), limit=1_000_000)
    assert time.process_time() - began < 2
