"""What in a comment is a command."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.commands import MAX_CHARACTERS, Command, Refusal, might_command, parse, paths_in, render
from handlers.verbs import VERBS

DIGEST = "0123456789ab"
TOO_MUCH = "it holds too many brackets and other signs to be read. Give the command in a comment of its own."


def commands(body: str, **more):
    return parse(body, slug="pullwright-dev", **more)


def said(body: str, **more) -> list[str]:
    found = commands(body, **more)
    assert not isinstance(found, Refusal), found.why
    return [render(one) for one in found]


def why(body: str, **more) -> str:
    found = commands(body, **more)
    assert isinstance(found, Refusal)
    return found.why


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/approve", ["/approve"]),
        ("/APPROVE", ["/approve"]),
        (f"/approve {DIGEST}", [f"/approve {DIGEST}"]),
        (f"/approve `{DIGEST}`", [f"/approve `{DIGEST}`"]),
        ("Looks good.\n/approve\nThanks!", ["/approve"]),
        ("Looks good.\r\n/approve\r\n", ["/approve"]),
        ("\ufeff/status", ["/status"]),
        ("/reject it breaks **everything** in `src`", ["/reject it breaks **everything** in `src`"]),
        ("/pullwright retry", ["/retry"]),
        ("/pullwright /retry", ["/retry"]),
        ("@pullwright-dev status", ["/status"]),
        ("@Pullwright-Dev /approve", ["/approve"]),
        ("@pullwright-dev[bot] help", ["/help"]),
        ("# Title\n/help", ["/help"]),
        ("| not a table\n/help", ["/help"]),
        ("/status\n/help\n/status", ["/status", "/help"]),
        ("```\nx\n```\n/help", ["/help"]),
        ("- a list\n\n/help", ["/help"]),
        ("<details>\n\n/help\n\n</details>", ["/help"]),
    ],
)
def test_these_are_commands(body, expected):
    assert said(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "approve",
        "please /approve",
        " /approve",
        "\t/approve",
        "/approved",
        "/approve.",
        "/approve/reject",
        "//approve",
        "\\/approve",
        "/lgtm",
        "/usr/bin/env",
        "/pullwrighter approve",
        "@pullwright-developer approve",
        "@pullwright approve",
        "hello @pullwright-dev approve",
        "```\n/approve\n```",
        "```\n/approve",
        "~~~ text\n/approve\n~~~~",
        "    /approve",
        "> /approve",
        "> quoted\n/approve",
        "> > deep\n/approve",
        "- item\n/approve",
        "- item\n\n  /approve",
        "1. item\n/approve",
        "`code\n/approve`",
        "``a\n/approve\n``",
        "<!--\n/approve\n-->",
        "text <!--\n/approve\n-->",
        "<div>\n/approve\n</div>",
        "<pre>\n\n/approve\n\n</pre>",
        "<script>\n/approve\n</script>",
        "a <b title='\n/approve\n'>",
        "[link](\n/approve\n)",
        "[link\n/approve](x)",
        "[ref]:\n/approve",
        "![alt\n/approve](x)",
        "*loud\n/approve*",
        "/approve\n===",
        "/approve\n---",
        "| a |\n| - |\n/approve",
        "text\n /approve",
        "\u200b/approve",
    ],
)
def test_these_are_not(body):
    assert commands(body) == ()


def test_where_other_bots_listen_only_what_is_addressed_counts():
    assert said("/approve", namespaced=True) == []
    assert said("/pullwright approve", namespaced=True) == ["/approve"]
    assert said("@pullwright-dev approve", namespaced=True) == ["/approve"]


def test_an_unknown_verb_is_somebody_elses_unless_it_was_addressed():
    assert commands("/aprove") == ()
    assert why("@pullwright-dev aprove") == (
        "`/aprove` is not a command. Did you mean `/approve`? `/help` lists the commands."
    )
    assert why("/pullwright xyzzy") == "`/xyzzy` is not a command. `/help` lists the commands."
    assert why("@pullwright-dev") == "no command was named. `/help` lists the commands."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("/approve\n/reject no", "`/approve` and `/reject` in one comment contradict each other."),
        ("/implement\n/cancel", "`/implement` and `/cancel` in one comment contradict each other."),
        (f"/approve\n/approve {DIGEST}", "`/approve` and `/approve` in one comment contradict each other."),
        ("/approve all of it", "`/approve` takes nothing, or a digest of at least 12 hexadecimal digits."),
        ("/approve 0123456789ab 'src/a.py", "a quote is not closed."),
        ("/approve src/a.py", "`/approve` takes nothing, or a digest of at least 12 hexadecimal digits."),
        ("/approve 0123456789a", "`/approve` takes nothing, or a digest of at least 12 hexadecimal digits."),
        ("/retry please", "`/retry` takes nothing after it."),
        ("/reject \u202eevil", "a command holds invisible characters. Type it by hand."),
        ("/help\n/approve x", "`/approve` takes nothing, or a digest of at least 12 hexadecimal digits."),
        ("\n\n".join(["/help"] * 60), "a comment holds at most 10 commands."),
    ],
)
def test_a_comment_with_a_mistake_runs_nothing_and_says_why(body, reason):
    assert why(body) == reason


def test_a_mistake_inside_code_is_no_mistake():
    assert said("/approve\n\n```\n/reject no\n```") == ["/approve"]


def test_commands_are_counted_in_their_order():
    assert commands("/status\n/approve\n/help") == (
        Command("status", "", 0),
        Command("approve", "", 1),
        Command("help", "", 2),
    )


def test_a_comment_longer_than_github_allows_holds_none():
    assert commands("x" * MAX_CHARACTERS + "\n/approve") == ()


digests = st.text("0123456789abcdef", min_size=12, max_size=64)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp"]), max_size=80).map(
    str.strip
)
ARGS = {
    "nothing": st.just(""),
    "content": st.one_of(st.just(""), digests, st.text("0123456789abcdef", min_size=7, max_size=40)),
    "approval": st.one_of(st.just(""), digests, digests.map("{} src/a.py `b c/d.py`".format)),
    "amount": st.one_of(st.just(""), st.integers(1, 9999).map("+{}".format), st.just("+$2.50")),
    "text": words,
}
typed = st.sampled_from(list(VERBS.values())).flatmap(
    lambda verb: st.builds(Command, st.just(verb.name), ARGS[verb.takes], st.just(0))
)


@settings(max_examples=300)
@given(typed, st.sampled_from([{}, {"namespaced": True}]))
def test_what_is_rendered_is_parsed_again(command, more):
    assert commands(render(command, **more), **more) == (command,)


@settings(max_examples=300)
@given(typed, st.sampled_from(["Hello.\n{}", "{}\nThanks.", "# T\n\n{}\n\n- x"]))
def test_what_stands_in_a_text_is_that_command_or_none(command, around):
    """Where the words after a verb change what Markdown makes of the whole, at most nothing is parsed."""
    found = commands(around.replace("{}", render(command)))
    assert found in ((command,), ())


filler = st.lists(st.sampled_from(["some words", "more *words*", "1 < 2", "x"]), min_size=1, max_size=4)
a_command = st.builds(
    lambda verb, form: form.format(verb),
    st.sampled_from(list(VERBS)),
    st.sampled_from(["/{}", "/pullwright {}", "@pullwright-dev {}", "@pullwright-dev /{}"]),
)
CONTEXTS = [
    "```\n{}\n```",
    "````py\n{}\n```\n{}\n````",
    "~~~\n{}",
    "<!--\n{}\n-->",
    "<div>\n{}\n</div>",
    "<pre>\n\n{}\n\n</pre>",
    "before `start\n{}\nend` after",
    "before <!-- start\n{}\nend --> after",
]


@settings(max_examples=300)
@given(a_command, filler, st.sampled_from(CONTEXTS))
def test_no_command_inside_code_or_html_is_ever_one(command, words, context):
    body = "\n".join([*words, "", context.replace("{}", command), ""])
    assert commands(body) == ()


@settings(max_examples=200)
@given(a_command, filler, st.sampled_from(["> ", "> > ", "- ", "1. ", "    ", " ", "\t", "  * "]))
def test_no_command_behind_a_quote_list_or_indent_is_ever_one(command, words, prefix):
    body = "\n".join([*words, "", *(prefix + row for row in [*words, command])])
    assert commands(body) == ()


@settings(max_examples=200)
@given(a_command, filler, st.sampled_from(["> ", "- ", "1. "]))
def test_a_lazy_continuation_belongs_to_the_quote_or_list(command, words, prefix):
    assert commands("\n".join([prefix + words[0], command])) == ()


@settings(max_examples=300)
@given(st.text())
def test_any_text_can_be_read(text):
    commands(text)


@given(st.text())
def test_a_text_that_might_not_hold_a_command_holds_none(text):
    if not might_command(text):
        assert commands(text) == ()


@pytest.mark.parametrize("piece", ["[", "![", "*a ", "a**b", "`", "<a ", "> ", "[a](", "*_", "&", "<!--", "- "])
def test_hostile_markdown_takes_no_time(piece):
    found = commands((piece * 30_000)[: MAX_CHARACTERS - 20] + "\n\n/approve")
    assert found in ((), (Command("approve", "", 0),), Refusal(TOO_MUCH))


@pytest.mark.parametrize(
    "much",
    [
        "[" * 9_000,
        "[]" * 5_000,
        "*_" * 5_000,
        "[a\n" * 5_000,
        "a\n" * 9_000,
        "> a\n" + "a\n" * 9_000,
        "a|" * 1_000 + "\n" + "-|" * 1_000 + "\n" + "a\n" * 40,
    ],
)
def test_beside_markdown_that_takes_long_to_read_a_command_is_refused_and_that_is_said(much):
    assert why(f"/approve\n\n{much}") == TOO_MUCH
    assert commands(much) == ()


@pytest.mark.parametrize(
    "usual",
    [
        "```\n" + "2026-01-01 12:00:00 [INFO] app.main: a_name = {'key': [1, 2]}\n" * 900 + "```",
        "word and *word* with `code`, [a link](https://a.example/b). " * 700,
        "| a | b | c |\n|---|---|---|\n" + "| one | two | three |\n" * 300,
    ],
)
def test_a_command_beside_a_long_log_a_long_text_or_a_long_table_is_one(usual):
    assert said(f"/implement\n\n{usual}") == ["/implement"]


def test_paths_behind_a_digest_stand_apart_and_those_with_spaces_in_quotes():
    assert paths_in("src/a.py `b c/d.py` 'e f' src/a.py #1") == ("src/a.py", "b c/d.py", "e f", "#1")
    assert paths_in("") == ()
    assert paths_in("`src/a.py") is None
