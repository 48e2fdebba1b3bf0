"""CODEOWNERS as GitHub reads it."""

import pytest

from policies.codeowners import Unreadable, owners_of, parse

FILE = """
# everything
*            @ada @acme/all
*.js         @js    # the last match wins
/build/logs/ @doc
docs/*       docs@example.com
apps/        @apps
**/deep      @deep
/made/by/    @gen
/made/by/hand
with\\ space/ @sp
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@ada", "@acme/all")),
        ("src/x.py", ("@ada", "@acme/all")),
        ("src/x.js", ("@js",)),
        ("build/logs/a/b.txt", ("@doc",)),
        ("x/build/logs/a", ("@ada", "@acme/all")),
        ("docs/start.md", ("docs@example.com",)),
        ("docs/more/start.md", ("@ada", "@acme/all")),
        ("apps/a.py", ("@apps",)),
        ("lib/apps/a/b.py", ("@apps",)),
        ("a/deep/b.py", ("@deep",)),
        ("deep", ("@deep",)),
        ("made/by/a", ("@gen",)),
        ("made/by/hand", ()),
        ("made/by/hand/a", ()),
        ("with space/a", ("@sp",)),
        ("README.JS", ("@ada", "@acme/all")),
    ],
)
def test_a_path_belongs_to_whom_the_last_line_that_names_it_says(path, owners):
    assert owners_of([path], parse(FILE))[path] == owners


def test_what_no_line_names_has_no_owner():
    assert owners_of(["a"], parse("# nothing\n")) == {"a": ()}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("!a @ada", "line 1 has `!` or `[`, which GitHub does not take here"),
        ("\n[ab] @ada", "line 2 has `!` or `[`, which GitHub does not take here"),
        ("a ada", "line 1 names something that is neither a person nor a team"),
        ("\\#a @ada", "line 1 has a backslash"),
        ("a*a*a*a*a*a @ada", "line 1 has more than 4 wildcards in one part"),
    ],
)
def test_a_line_that_may_mean_something_else_is_not_guessed(text, why):
    with pytest.raises(Unreadable, match="line") as refused:
        parse(text)
    assert str(refused.value) == why
