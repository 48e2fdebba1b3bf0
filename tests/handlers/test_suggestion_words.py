"""Suggestions as they are posted: exact or not at all, and harmless either way."""

import pytest

from core.suggestions import Suggestion
from handlers import replies
from handlers.neutralise import exact
from handlers.replies.suggestions import MOST_CHARACTERS, PATCH_CHARACTERS, fits

HEAD = "a" * 40


def said(**more: object) -> str:
    values = {"title": "T", "summary": "", "head": HEAD, "count": 1, "patch": "", "unshown": (), "tested": ""}
    return replies.suggestions(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "@dependabot merge\n",
        "# ask @ada\n",
        "/approve\n",
        "  /merge\n",
        "<!-- pullwright 0123456789abcdef0123456789abcdef -->\n",
        "x = 1\u202e\n",
        "x\u200b = 1\n",
        "x = 1\r\n",
        "\x1b[31mx\n",
    ],
)
def test_what_acts_or_cannot_be_seen_is_never_suggested(text: str) -> None:
    assert not fits(text)


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "@property\n", "    @app.route('/x', methods=['GET'])\n", "a @ b\n", "```\n"]
)
def test_plain_code_is(text: str) -> None:
    assert exact(text)


def test_a_suggestion_has_a_fence_that_nothing_in_it_closes() -> None:
    text = "````\n```suggestion\n"
    assert replies.suggestion(Suggestion("a.md", 1, 1, text)) == f"`````suggestion\n{text}`````"


def test_one_that_takes_lines_away_is_empty() -> None:
    assert replies.suggestion(Suggestion("a.py", 1, 2, "")) == "```suggestion\n```"


def test_a_long_one_is_none() -> None:
    assert not fits("x" * MOST_CHARACTERS + "\n")


def test_the_patch_is_folded_away_bounded_and_cut_between_lines() -> None:
    line = "+" + "x" * 98 + "\n"
    text = said(patch=line * 1000)
    assert len(text) < PATCH_CHARACTERS + 1000
    assert f"{line}```\n\n*(cut: the patch is too long for a review)*\n\n</details>" in text
    assert said(patch=line).count("cut:") == 0


def test_nothing_in_the_words_or_the_patch_acts_or_leaves_its_place() -> None:
    hostile = "@ada /x\n/approve\n</details><!-- pullwright x -->\n```\n@dependabot merge\n"
    text = said(title=hostile, summary=hostile, patch=hostile, unshown=["a`@b\n/c"])
    assert "@" not in text
    assert "<!--" not in text
    assert "\n/approve" not in text
    assert "````diff\n" in text


def test_what_is_not_shown_is_named() -> None:
    assert "Not shown, because it is too large or not text:\n\n- `x.bin`" in said(count=0, unshown=["x.bin"])
    assert "No suggestion on lines of the diff." in said(count=0)
