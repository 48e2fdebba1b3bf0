"""The words of a review of somebody's pull request: what stands elsewhere is listed, and nothing in it can act."""

from core.outputs import Finding, Opinion, ReviewVerdict
from handlers import replies

HEAD = "a" * 40
OPINION = Opinion(verdict=ReviewVerdict.approve, summary="Fine.\n\n@ada closes #1 <!-- pullwright 00 -->")


def test_an_opinion_that_finds_nothing_approves_nothing_either():
    assert replies.review(OPINION, (), HEAD) == (
        "**Review by a model**: I found nothing that should keep this from being merged.\n\n"
        "> Fine.\n>\n> ＠ada closes ＃1\n\n"
        "<sub>Read at aaaaaaaaaaaa. It approves nothing and requests no changes.</sub>"
    )


def test_findings_that_stand_at_no_line_of_the_diff_are_listed_harmlessly():
    found = Finding(path="a`b.py", line=3, note="/approve it, @ada")
    assert "- `a'b.py:3` ／approve it, ＠ada" in replies.review(OPINION, [found], HEAD)
    assert replies.review_note(found) == "／approve it, ＠ada"


def test_comments_that_github_takes_on_no_line_stand_below_the_text():
    assert replies.review_without_lines("Text.", [("a.py", 3, "Why?")]) == "Text.\n\n- `a.py:3` Why?"
