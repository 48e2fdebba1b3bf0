import pytest

from bot.demo.model import Script, ScriptInvalid
from bot.demo.model.script import Call, Turn


def test_a_bare_word_stands_for_the_first_argument() -> None:
    script = Script.parse("change:\n  - read: a.py\n  - run: make\n  - list: src\n  - search: slug\n")
    assert [turn.calls[0] for turn in script.sections["change"]] == [
        Call("read", '{"path": "a.py"}'),
        Call("run", '{"command": "make"}'),
        Call("list", '{"path": "src"}'),
        Call("search", '{"pattern": "slug"}'),
    ]


def test_one_turn_can_say_something_and_make_several_calls() -> None:
    script = Script.parse(
        "change:\n  - - say: Both.\n    - read: a.py\n    - read: b.py\n  - {say: One., read: c.py}\n"
    )
    assert script.sections["change"] == (
        Turn(say="Both.", calls=(Call("read", '{"path": "a.py"}'), Call("read", '{"path": "b.py"}'))),
        Turn(say="One.", calls=(Call("read", '{"path": "c.py"}'),)),
    )


def test_triage_research_and_review_need_no_section() -> None:
    assert set(Script.parse("change: [say: hi]").sections) == {"triage", "research", "review", "change"}


def test_a_section_of_the_script_wins_over_its_default() -> None:
    assert Script.parse("triage: [say: hm]").sections["triage"] == (Turn(say="hm"),)


def test_a_numbered_step_falls_back_to_the_section_without_a_number() -> None:
    script = Script.parse("tests/repair: [say: any]\ntests/repair:2: [say: second]\n")
    assert script.section("tests/repair:1") == ("tests/repair", (Turn(say="any"),))
    assert script.section("tests/repair:2") == ("tests/repair:2", (Turn(say="second"),))
    assert script.section("plan") is None


def test_every_mistake_is_reported_with_line_and_column() -> None:
    text = """plan: nothing
change:
  - dance: now
  - edit: {path: a, from: b}
  - status: 200
  - hang: soon
  - read: [a]
  - 7
change: [say: again]
tests/repair:1: []
"""
    with pytest.raises(ScriptInvalid) as raised:
        Script.parse(text, "story.yml")
    words = "say, read, list, search, edit, write, run, submit, garbage, status, hang, broken_call"
    assert str(raised.value).splitlines() == [
        "story.yml:1:7: the section `plan` must be a list of at least one turn",
        f"story.yml:3:5: unknown word `dance`; a turn says one of: {words}",
        "story.yml:4:21: `edit` has no argument `from`; it has: path, old, new, all",
        "story.yml:5:13: `status` cannot be 200",
        "story.yml:6:11: `hang` cannot be 'soon'",
        "story.yml:7:11: `read` takes a text or a mapping of: path, start, lines",
        f"story.yml:8:5: a turn says one of: {words}",
        "story.yml:9:1: the section `change` stands here twice",
        "story.yml:10:17: the section `tests/repair:1` must be a list of at least one turn",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a: [b", "story.yml:1:6: expected ',' or ']', but got '<stream end>'"),
        ("- a", "story.yml:1:1: a script is a mapping from step keys to lists of turns"),
        ("", "story.yml:1:1: a script is a mapping from step keys to lists of turns"),
    ],
)
def test_what_is_no_script_at_all_is_refused(text: str, mistake: str) -> None:
    with pytest.raises(ScriptInvalid) as raised:
        Script.parse(text, "story.yml")
    assert str(raised.value) == mistake
