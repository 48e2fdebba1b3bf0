"""YAML with places: what is wrong is named with its line and column, and what could harm is refused."""

import pytest
from pydantic import ValidationError

from core.documents import MAX_BYTES, MOST_MISTAKES, MOST_SUGGESTIONS, MOST_VALUES, Room, load, mistakes
from core.errors import DocumentInvalid
from core.names import Value


class Named(Value):
    name: str


def _mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        load(text, "a.yml")
    return caught.value.mistakes


def test_every_value_keeps_its_place_counted_from_one() -> None:
    document = load("a: 1\nb:\n  - x\n  - c: y\n", "a.yml")
    assert document.value == {"a": 1, "b": ["x", {"c": "y"}]}
    assert document.place(("a",)) == (1, 4)
    assert document.place(("b", 1, "c")) == (4, 8)
    assert document.place(("b", 1, "missing")) == (4, 5)
    assert document.place(("nothing",)) == (1, 1)


def test_the_key_on_is_a_word_and_not_true() -> None:
    assert load("on: {command: fix}\nyes: 1\n", "a.yml").value == {"on": {"command": "fix"}, "yes": 1}


def test_a_date_stays_a_text_and_an_empty_file_is_nothing() -> None:
    assert load("at: 2026-01-01\n", "a.yml").value == {"at": "2026-01-01"}
    assert load("", "a.yml").value is None


def test_duplicate_keys_are_named_each() -> None:
    assert _mistakes("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == [
        "a.yml:4:3: the key `c` stands here twice",
        "a.yml:5:1: the key `a` stands here twice",
    ]


def test_aliases_are_refused_so_that_nothing_grows_when_it_is_read() -> None:
    bomb = "a: &a [x, x]\nb: [*a, *a]\n"
    assert _mistakes(bomb) == [
        "a.yml:1:4: aliases (`*name`) are not allowed",
        "a.yml:1:4: aliases (`*name`) are not allowed",
    ]


def test_merge_keys_and_keys_that_are_no_words_are_refused() -> None:
    assert _mistakes("<<: {a: 1}\n? [x]\n: 1\n") == [
        "a.yml:1:1: a key must be a plain word",
        "a.yml:2:3: a key must be a plain word",
    ]


def test_tags_that_would_build_objects_are_refused() -> None:
    assert _mistakes("a: !!python/name:os.system\n") == [
        "a.yml:1:4: cannot read this value (tag:yaml.org,2002:python/name:os.system)"
    ]


def test_a_file_that_is_too_large_too_deep_or_no_text_is_refused() -> None:
    assert _mistakes("a: " + "x" * MAX_BYTES) == ["a.yml:1:1: the file is larger than 256 KiB"]
    assert _mistakes(b"\xff\xfe\xff") == ["a.yml:1:1: the file is not UTF-8"]
    assert "a.yml:1:42: nested too deeply" in _mistakes("[" * 60 + "]" * 60)
    assert _mistakes("[" * 5000 + "]" * 5000) == ["a.yml:1:1: not YAML"]


def test_a_syntax_mistake_is_named_where_it_stands() -> None:
    assert _mistakes("a: [1,\nb: 2\n") == ["a.yml:3:1: expected ',' or ']', but got '<stream end>'"]


@pytest.mark.parametrize("number", [".inf", "-.INF", ".nan", "1" + "0" * 30, "1" + ":59" * 40_000, "0x" + "f" * 50_000])
def test_what_no_limit_can_be_compared_with_is_no_number(number: str) -> None:
    assert _mistakes(f"a: {number}\n") == ["a.yml:1:4: this is no number that can be counted with"]


def test_only_for_the_first_unknown_keys_it_is_looked_what_was_meant() -> None:
    document = load("".join(f"nam{place}: 1\n" for place in range(25)), "a.yml")
    with pytest.raises(ValidationError) as found:
        Named.model_validate(document.value)
    told = mistakes(document, found.value, known=("name",))
    assert told[1] == "a.yml:1:7: unknown key `nam0`; did you mean `name`?"
    assert sum("did you mean" in line for line in told) == MOST_SUGGESTIONS
    assert len(told) == 26


def test_of_many_mistakes_the_first_are_told_and_the_rest_counted() -> None:
    document = load("".join(f"k{place}: 1\n" for place in range(1_200)), "a.yml")
    with pytest.raises(ValidationError) as found:
        Named.model_validate(document.value)
    told = mistakes(document, found.value, known=("name",))
    assert len(told) == MOST_MISTAKES + 1
    assert told[-2:] == ["a.yml:499:7: unknown key `k498`", "a.yml:500:7: and 701 more mistakes"]
    twice = _mistakes("a: 1\n" * 1_200)
    assert twice[-2:] == ["a.yml:501:1: the key `a` stands here twice", "a.yml:502:1: and 699 more mistakes"]


def test_what_is_behind_more_keys_and_values_than_a_file_may_hold_is_not_even_read() -> None:
    most = "".join(f"k{place}: 1\n" for place in range(MOST_VALUES // 2))
    told = ["a.yml:4000:8: the file holds more than 8,000 keys and values"]
    assert _mistakes(most) == told
    assert _mistakes(most + "a: [1, 2\n}" * 9_000) == told
    assert len(load("".join(f"k{place}: 1\n" for place in range(MOST_VALUES // 2 - 1)), "a.yml").value) == 3_999


def test_documents_that_share_their_room_are_bounded_together() -> None:
    room = Room(5)
    load("a: 1\n", "a.yml", room)
    with pytest.raises(DocumentInvalid) as caught:
        load("a: 1\nb: 2\n", "b.yml", room)
    assert caught.value.mistakes == ["b.yml:1:4: with those before it, the files hold too many keys and values"]
