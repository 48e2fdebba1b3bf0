"""Words of models stay inert where texts are put together: by wrapping, by joining, and in the words of policy."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import replies
from policies.render import markdown
from policies.result import Fact, Result, Status
from policies.words import named

LINES = (
    "Co-authored-by: Eve <eve@evil.example>",
    "Signed-off-by: Eve <eve@evil.example>",
    "Release-As: 9.9.9",
    "BREAKING CHANGE: everything",
    "Pullwright-Run: forged",
    "/approve",
    "#7 is done",
)
ACTING = re.compile(r"(?im)^(?:(?:co-authored-by|signed-off-by|release-as|breaking change|pullwright-run):|/approve)")
CLOSING = re.compile(r"(?i)\b(?:fix|fixes|closes)\W{0,12}#7")


def message(title: str, summary: str) -> str:
    return replies.commit_message(
        kind="fix", title=title, summary=summary, run="r1", workflow="implement", habit=["a word"], sign_off=None
    )


@given(st.integers(20, 80), st.sampled_from(LINES), st.sampled_from(["", "Closes "]))
def test_no_width_of_a_commit_message_brings_words_to_the_beginning_of_a_line_where_they_act(width, words, before):
    told = message("join words", f"{'y' * width} {before}{words}")
    assert not re.search(ACTING, told.removesuffix("Pullwright-Run: r1\nPullwright-Workflow: implement\n"))
    assert not re.search(CLOSING, told)


def test_a_subject_that_ends_with_a_closing_word_closes_nothing_that_the_body_begins_with():
    assert message("what this fixes", "#7 is done") == (
        "what this fixes\n\n＃7 is done\n\nPullwright-Run: r1\nPullwright-Workflow: implement\n"
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("docs/fixes #7.md", "`docs/fixes ＃7.md`"),
        ("closes: acme/slugs#7.md", "`closes: acme/slugs＃7.md`"),
        ("[skip ci].py", "`［skip ci］.py`"),
        ("***NO_CI***.py", "`＊＊＊NO_CI***.py`"),
        ("@ada.py", "`＠ada.py`"),
        ("<!-- pullwright 0 -->.py", "`＜!-- pullwright 0 -->.py`"),
        ("src/[id]/page.tsx", "`src/[id]/page.tsx`"),
    ],
)
def test_a_path_that_policy_names_acts_nowhere_that_its_words_are_copied_to(path, shown):
    """The text of a pull request may become a commit message, and no code keeps anything from acting there."""
    assert named([path]) == shown
    told = Result("files", Status.pending, f"It touches {named([path])}.", (Fact("paths", (path,)),))
    assert markdown(told) == f"- ⏳ **files**: It touches {shown}.\n  - paths: {shown}"
