"""Which workflows a repository has: the built-in ones, and its own beside or instead of them."""

import pytest

from core.workflow.catalogue import Catalogue, File, catalogue

BUILT_IN = """
name: implement
on: {command: implement, label: "pullwright:implement"}
steps: [{id: triage, uses: triage}]
"""
PLACE = ".github/pullwright/workflows"


def own(name: str, on: str, steps: str = "[{id: a, run: make}]") -> str:
    return f"name: {name}\non: {on}\nsteps: {steps}\n"


def found(**texts: str) -> Catalogue:
    files = [File(f"{PLACE}/{name}.yml", text) for name, text in texts.items()]
    return catalogue({"implement": BUILT_IN}, files, reserved=("implement", "approve"))


def mistakes(name: str, **texts: str) -> tuple[str, ...]:
    entry = found(**texts).get(name)
    assert entry is not None
    assert (entry.workflow is None) == bool(entry.mistakes)
    return entry.mistakes


def test_a_repositorys_workflows_stand_beside_the_built_in_ones() -> None:
    known = found(tidy=own("tidy", "{command: tidy}"), deploy=own("deploy", '{label: "pullwright:deploy"}'))
    assert [(entry.name, entry.own) for entry in known.entries] == [
        ("deploy", True),
        ("implement", False),
        ("tidy", True),
    ]
    assert not known.broken


def test_what_extends_a_built_in_workflow_leaves_that_as_it_is() -> None:
    first = found().get("implement")
    pinned = first.text if first else ""
    longer = "extends: implement\nname: longer\non: {command: longer}\nsteps: [{id: last, run: make, after: triage}]\n"
    second = found(longer=longer)
    assert second.broken == ()
    again = second.get("implement")
    assert first is not None
    assert again is not None
    assert (again.workflow, again.text) == (first.workflow, pinned)


def test_a_file_with_a_built_ins_name_replaces_it_and_may_listen_to_its_command() -> None:
    (entry,) = found(implement=own("implement", '{command: implement, label: "pullwright:implement"}')).entries
    assert (entry.own, entry.mistakes) == (True, ())


def test_a_broken_file_with_a_built_ins_name_leaves_nothing_in_its_place() -> None:
    (entry,) = found(implement="name: implement\non: {command: implement}\nstepz: []\n").entries
    assert (entry.workflow, entry.command) == (None, "implement")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (own("other", "{command: mine}"), "1:7: a workflow is called like its file: `mine`"),
        (own("mine", "{command: approve}"), "2:15: `/approve` is a command of the bot's own"),
        (own("mine", "{command: implement}"), "2:15: `/implement` is a command of the bot's own"),
        (own("mine", "{label: bug}"), "2:13: a workflow's label begins with `pullwright:`"),
        (
            own("mine", '{label: "Pullwright:Implement"}'),
            "2:13: the label `Pullwright:Implement` is taken: the built-in `implement` listens to it",
        ),
        ("name: [\n", "2:1: expected the node content, but found '<stream end>'"),
        ("just text", "1:1: the file must be a mapping of keys to values"),
        ("", "1:1: `name`: field required"),
    ],
)
def test_a_file_with_a_mistake_starts_nothing_and_says_where_it_is(text: str, mistake: str) -> None:
    assert mistakes("mine", mine=text)[0].startswith(f"{PLACE}/mine.yml:{mistake}")


def test_every_mistake_is_told_at_once() -> None:
    text = own("other", "{command: approve}", "[{id: a, rum: make}]")
    assert [one.removeprefix(f"{PLACE}/mine.yml:") for one in mistakes("mine", mine=text)] == [
        "1:7: a workflow is called like its file: `mine`",
        "2:15: `/approve` is a command of the bot's own",
        "3:22: unknown key `rum`; did you mean `run`?",
    ]


def test_two_files_that_listen_to_the_same_start_nothing_and_name_each_other() -> None:
    both = {"one": own("one", "{command: go}"), "two": own("two", '{command: go, label: "pullwright:two"}')}
    assert mistakes("one", **both) == (f"{PLACE}/one.yml:2:15: `/go` is taken: `{PLACE}/two.yml` listens to it",)
    assert mistakes("two", **both) == (f"{PLACE}/two.yml:2:15: `/go` is taken: `{PLACE}/one.yml` listens to it",)


@pytest.mark.parametrize("text", ["a: [", "just text", "", "- a\n- b\n"])
def test_a_file_that_cannot_be_read_is_heard_of_by_its_name(text: str) -> None:
    entry = found(tidy=text).get("tidy")
    assert entry is not None
    assert (entry.command, entry.label, entry.workflow) == ("tidy", "pullwright:tidy", None)


def test_what_an_unreadable_file_may_have_asked_for_takes_nothing_from_another() -> None:
    known = found(tidy="a: [", other=own("other", "{command: tidy}"))
    assert [entry.name for entry in known.broken] == ["tidy"]


def test_a_file_that_was_not_read_says_why() -> None:
    known = catalogue({}, [File(f"{PLACE}/big.yml", None, "the file is larger than 256 KiB")])
    assert known.entries[0].mistakes == (f"{PLACE}/big.yml:1:1: the file is larger than 256 KiB",)


def test_files_with_too_many_keys_and_values_between_them_are_not_read_to_their_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.workflow.composing.MOST_VALUES_TOGETHER", 350)
    much = "".join(f"  k{place}: {{type: string}}\n" for place in range(20))
    texts = {f"w{place}": own(f"w{place}", f"{{command: w{place}}}") + f"inputs:\n{much}" for place in range(4)}
    known = [entry for entry in found(**texts).entries if entry.own]
    assert [bool(entry.mistakes) for entry in known] == [False, False, False, True]
    assert known[-1].mistakes[0].endswith("with those before it, the files hold too many keys and values")
    assert known[-1].command == "w3"


def test_of_a_file_with_thousands_of_expressions_only_the_first_are_looked_at() -> None:
    many = "".join(f"${{{{ steps.q{place} }}}}" for place in range(3_000))
    told = mistakes("fix", fix=own("fix", "{command: fix}", f"[{{id: a, run: make, env: {{A: '{many}'}}}}]"))
    assert told == (f"{PLACE}/fix.yml:3:37: the file holds more than 500 expressions, or very long ones",)
