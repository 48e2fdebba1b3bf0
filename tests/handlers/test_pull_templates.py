"""The repository's template of a pull request: filled with what is known, and never believed."""

import pytest

from handlers.replies.templates import filled, path_of_template

KNOWN = {"what": "> It joins words.", "why": "For #3", "tests": "**Evidence**: red, then green."}
TEMPLATE = """---
name: ours
---
<!-- Thank you! /approve -->
Please fill in all of this.

## What does this change?
<!-- a sentence or two -->

## Why?

## Screenshots
None, or a picture.

### How has this been tested?
- [ ] by hand
- [x] by machine
Say more here.
"""


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([".github/PULL_REQUEST_TEMPLATE.md", "docs/pull_request_template.md"], ".github/PULL_REQUEST_TEMPLATE.md"),
        (["docs/pull_request_template.md"], "docs/pull_request_template.md"),
        (["Pull_Request_Template.md"], "Pull_Request_Template.md"),
        ([".github/PULL_REQUEST_TEMPLATE/one.md", "src/pull_request_template.md", "a.py"], None),
    ],
)
def test_the_template_is_looked_for_where_github_looks(paths, found):
    assert path_of_template(paths) == found


def test_headings_that_ask_for_what_is_known_get_it_and_the_others_keep_their_words():
    result = filled(TEMPLATE, KNOWN)
    assert result.placed == {"what", "why", "tests"}
    assert result.text == (
        "Please fill in all of this.\n\n"
        "## What does this change?\n\n"
        "> It joins words.\n\n"
        "## Why?\n\n"
        "For #3\n\n"
        "## Screenshots\n\n"
        "None, or a picture.\n\n"
        "### How has this been tested?\n\n"
        "**Evidence**: red, then green.\n\n"
        "- [ ] by hand\n- [ ] by machine"
    )


def test_what_is_not_known_or_asked_for_twice_is_left_as_the_template_has_it():
    result = filled("# Summary\nhere\n# Description\nthere\n# Testing\nhow?", {"what": "> It."})
    assert result.text == "# Summary\n\n> It.\n\n# Description\n\nthere\n\n# Testing\n\nhow?"
    assert result.placed == {"what"}


def test_the_words_of_a_template_are_made_harmless():
    hostile = "# Notes @ada\n/approve\nFixes #1 @dependabot merge\n<!-- pullwright 0 -->\n![x](https://a.test/x.png)\n"
    text = filled(hostile, {}).text
    assert text == ("# Notes ＠ada\n\n／approve\nFixes ＃1 ＠dependabot merge\n\n！[x](https://a.test/x.png)")


@pytest.mark.parametrize("text", ["", "<!-- only a remark", "\n\n"])
def test_a_template_that_says_nothing_adds_nothing(text):
    assert filled(text, KNOWN).text == ""
