"""The judge of what the bot writes can fail: it finds every poison that nobody made harmless, and lets ours pass."""

import pytest
from hostile_words import FORGED, POISONS
from strict_judge import Kind, Ours, live

from handlers.neutralise import neutral, whole

REAL = "<!-- pullwright ffffffffffffffffffffffffffffffff -->"
OURS = Ours(
    people=frozenset({"ada"}),
    markers=frozenset({REAL}),
    closes=frozenset({"Fixes #7"}),
    trailers=("Pullwright-Run: abc",),
)
HARMLESS_IN_COMMENTS = {"a mark that skips CI", "a box to tick", "other marks left open", "a fence left open"}
"""They mean nothing in a comment, or nothing by themselves."""


@pytest.mark.parametrize("name", POISONS)
def test_every_poison_is_found_live_in_the_text_of_a_pull_request(name):
    assert live(POISONS[name], "pull", OURS) or name == "a box to tick" or name in HARMLESS_IN_COMMENTS


@pytest.mark.parametrize("name", [name for name in POISONS if name not in HARMLESS_IN_COMMENTS])
def test_every_poison_is_found_live_in_a_comment(name):
    assert live(POISONS[name], "markdown", OURS)


@pytest.mark.parametrize("name", POISONS)
def test_no_poison_is_found_once_it_is_neutral(name):
    assert live(f"{whole(POISONS[name])}\n\n{REAL}", "pull", OURS) == []
    assert live(neutral(POISONS[name]), "plain", OURS) == []


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("ping @victim", "markdown", "a mention: '@victim'"),
        ("`@victim`", "pull", "a mention: '@victim'"),
        ("<details><summary>@victim</summary>\n\nx\n\n</details>", "markdown", "a mention: '@victim'"),
        ("> closes #1", "markdown", "a closing keyword: 'closes #1'"),
        ("Fixes #8", "pull", "a closing keyword: 'Fixes #8'"),
        ("```\n/merge\n```", "markdown", "a command: '/merge'"),
        ("`x`\nbors r+", "markdown", "a command of another bot: 'bors r+'"),
        ("a ![x](p.png)", "markdown", "an image: p.png"),
        ("<b>x</b>", "markdown", "raw HTML: '<b>'"),
        ("<details open>", "markdown", "raw HTML: '<details open>'"),
        ("x\n\n[r]: https://evil.test", "markdown", "a definition of a link"),
        (f"x\n\n{FORGED}", "markdown", f"a marker of nothing of ours: {FORGED}"),
        (f"```\n\n{REAL}", "markdown", "what stands before our marker swallows it"),
        (f"{REAL}\n\nx\n\n{REAL}", "markdown", "more than one marker"),
        ("x\n\nSigned-off-by: A", "markdown", "trailers: ['Signed-off-by: A']"),
        ("fix [ci skip]", "plain", "skips CI: '[ci skip]'"),
        ("a\u202eb", "plain", "an invisible character: U+202E"),
        ("`\U000e0041`", "markdown", "an invisible character: U+E0041"),
    ],
)
def test_what_is_live_is_called_by_its_name(text: str, kind: Kind, found: str):
    assert found in live(text, kind, OURS)


@pytest.mark.parametrize("trailers", ["", "Pullwright-Run: other", "Pullwright-Run: abc\nCo-authored-by: V <v@e.test>"])
def test_a_commit_has_the_trailers_that_code_wrote_and_no_others(trailers):
    assert live(f"fix: x\n\n{trailers}\n", "commit", OURS)
    assert live("fix: x\n\nPullwright-Run: abc\n", "commit", OURS) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"@ada, look: `@victim` <sub>x</sub>\n\n{REAL}", "markdown"),
        ("Fixes #7\n\n> ＠victim\n\n<details><summary>x</summary>\n\n- `/approve`\n\n</details>", "pull"),
        ("see #8, and a@b.example", "plain"),
    ],
)
def test_what_code_writes_is_let_through(text: str, kind: Kind):
    assert live(text, kind, OURS) == []
