"""What a `foreach` may say, which items it chooses, and when a conflict is left: told without any run."""

from typing import Any

import pytest

from core.errors import DocumentInvalid, ItemsUnusable
from core.expressions import ExpressionInvalid, evaluate
from core.fanout import MOST_BYTES, MOST_ITEMS, MOST_LISTED, MOST_WITHIN, chosen, conflict_left
from core.workflow import parse


def wrong(*steps: str, each: str = "in: [1]") -> list[str]:
    """What is wrong with these steps within a `foreach`, from the line on that they begin at."""
    within = "\n".join(f"        - {step}" for step in steps)
    before = "name: x\nsteps:\n  - {id: first, run: ls}\n  - id: each\n"
    text = f"{before}    foreach:\n      {each}\n      steps:\n{within}\n"
    try:
        parse(text, "x.yml")
    except DocumentInvalid as error:
        return list(error.mistakes)
    return []


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("gate: {binds: change}", "people decide on the whole change, not on each item: put it after the `foreach`"),
        ("ask: {question: Which}", "every item would ask the same person at once: put the question before"),
        ("ship: {title: x}", "the changes of all items are shipped together: put it after the `foreach`"),
        ("ready: {}", "the changes of all items are shipped together"),
        ("merge: {}", "the changes of all items are shipped together"),
        ("uses: triage", "it is about the run's subject, which all items share"),
    ],
)
def test_what_people_decide_on_or_leaves_as_one_cannot_stand_within(step: str, why: str) -> None:
    kind = step.partition(":")[0]
    found = [line for line in wrong(f"{{id: a, {step}}}") if "cannot stand within" in line]
    assert len(found) == 1
    assert found[0].startswith("x.yml:8:")
    assert f"`{kind}" in found[0]
    assert why in found[0]


@pytest.mark.parametrize(
    "step",
    [
        "run: ls",
        "agent: {role: writer, task: Write.}",
        "check: {uses: tests}",
        "write: {path: a.txt, content: '${{ item }}'}",
        "wait: 5m",
        "github: {comment: '${{ index }}'}",
        "uses: research",
        "foreach: {in: '${{ item }}', steps: [{id: b, run: ls, when: '${{ index == item }}'}]}",
        r'workflow: {name: other, text: "name: other\nsteps: [{id: a, run: ls}]\n", with: {}}',
    ],
)
def test_what_an_item_can_do_by_itself_may_stand_within(step: str) -> None:
    assert wrong(f"{{id: a, {step}}}") == []


def nested(deep: int) -> str:
    """A list in a list, so many of them."""
    inner = "{id: last, run: ls}"
    for number in range(deep):
        inner = f"{{id: each-{number}, foreach: {{in: [1], steps: [{inner}]}}}}"
    return inner


def test_at_most_three_lists_are_within_one_another_and_what_is_wrong_in_an_inner_one_is_told_once() -> None:
    assert wrong(nested(2)) == []
    (told,) = wrong(nested(3))
    assert told.endswith("more than 3 lists are within one another: make one longer list before, and go through that")
    assert told.startswith("x.yml:8:")
    (told,) = wrong("{id: a, foreach: {in: [1], steps: [{id: b, ship: {title: x}}]}}")
    assert "`ship` cannot stand within `foreach`" in told


def test_an_inner_list_hands_nothing_but_its_result_to_the_steps_after_it() -> None:
    inner = "{id: a, foreach: {in: [1], steps: [{id: b, run: ls}]}}"
    assert wrong(inner, "{id: c, run: ls, when: '${{ steps.a.done == 1 }}'}") == []
    (told,) = wrong(inner, "{id: c, run: ls, when: '${{ steps.b.output }}'}")
    assert "there is no step `b` before this one" in told


def test_item_and_index_are_known_within_and_nowhere_else() -> None:
    assert wrong("{id: a, run: ls, when: '${{ item > index }}'}") == []
    text = "name: x\nsteps:\n  - {id: a, run: ls, when: '${{ item == 1 }}'}\n"
    with pytest.raises(DocumentInvalid) as told:
        parse(text, "x.yml")
    assert "`item` is not known here" in told.value.mistakes[0]


def test_steps_within_see_those_before_them_and_nothing_after_sees_them() -> None:
    assert wrong("{id: a, run: ls, when: '${{ steps.first.exit_code == 0 }}'}") == []
    after = "  - {id: last, run: ls, when: '${{ steps.a.exit_code == 0 }}'}"
    text = f"name: x\nsteps:\n  - id: each\n    foreach: {{in: [1], steps: [{{id: a, run: ls}}]}}\n{after}\n"
    with pytest.raises(DocumentInvalid) as told:
        parse(text, "x.yml")
    assert told.value.mistakes == ["x.yml:5:31: there is no step `a` before this one"]


def test_an_id_within_cannot_be_one_that_stands_outside() -> None:
    assert wrong("{id: first, run: ls}") == ["x.yml:8:16: two steps have the id `first`"]


def test_an_expression_stands_for_the_whole_list_and_where_and_sort_are_looked_at() -> None:
    assert "an expression stands for the whole list" in wrong("{id: a, run: ls}", each="in: ['${{ inputs.x }}']")[0]
    assert "`nowhere` is not known here" in wrong("{id: a, run: ls}", each="in: [1]\n      where: '${{ nowhere }}'")[0]
    assert "`descending` needs a `sort`" in wrong("{id: a, run: ls}", each="in: [1]\n      descending: true")[0]


def test_a_foreach_cannot_mend_a_step() -> None:
    inner = "{id: m, foreach: {in: [1], steps: [{id: b, run: ls}]}}"
    text = f"name: x\nsteps:\n  - {{id: a, run: ls, on_failure: [{inner}]}}\n"
    with pytest.raises(DocumentInvalid) as told:
        parse(text, "x.yml")
    assert "not in an `on_failure`" in told.value.mistakes[0]


# Which items ------------------------------------------------------------------------------------------------------

LIST = [{"n": 3, "kind": "b"}, {"n": 1, "kind": "a"}, {"n": 2, "kind": "a"}]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, [3, 1, 2]),
        ({"where": "${{ item.n > 1 }}"}, [3, 2]),
        ({"sort": "${{ item.n }}"}, [1, 2, 3]),
        ({"sort": "${{ item.n }}", "descending": True}, [3, 2, 1]),
        ({"sort": "${{ item.kind }}"}, [1, 2, 3]),
        ({"sort": "${{ item.kind }}", "descending": True}, [3, 1, 2]),
        ({"limit": 2}, [3, 1]),
        ({"where": "${{ index > 0 }}", "sort": "${{ 0 - item.n }}", "limit": 1}, [2]),
    ],
)
def test_items_are_filtered_then_sorted_then_cut(words: Any, expected: list[int]) -> None:
    assert [item["n"] for item in chosen(LIST, {}, **words)] == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("abc", "`in` is a text, not a list."),
        ({"a": 1}, "`in` is a mapping, not a list: write `… | list` for its keys."),
        (None, "`in` is nothing, not a list."),
        (list(range(MOST_ITEMS + 1)), "There are 1,001 items, and at most 1,000 are allowed."),
        (["x" * MOST_BYTES], "Item 0 has 65,538 bytes as JSON, and at most 65,536 are allowed."),
    ],
)
def test_what_is_no_list_or_too_much_is_refused(value: Any, why: str) -> None:
    with pytest.raises(ItemsUnusable) as told:
        chosen(value, {})
    assert str(told.value) == why


@pytest.mark.parametrize(
    ("alike", "most"),
    [(1, MOST_ITEMS), (10, MOST_ITEMS), (11, 909), (500, 20), (1_000, 10), (6_000, 1), (MOST_WITHIN, 1)],
)
def test_lists_within_lists_have_an_even_share_of_what_all_of_them_may_have(alike: int, most: int) -> None:
    assert len(chosen(list(range(most)), {}, alike=alike)) == most
    assert most * alike <= MOST_WITHIN
    with pytest.raises(ItemsUnusable):
        chosen(list(range(most + 1)), {}, alike=alike)
    assert len(chosen(list(range(most + 1)), {}, alike=alike, limit=most)) == most


def test_who_made_a_list_within_others_too_long_reads_how_long_it_may_be() -> None:
    with pytest.raises(ItemsUnusable) as told:
        chosen(list(range(21)), {}, alike=500)
    assert str(told.value) == (
        "There are 21 items in a list that stands within others, of which there may be 500: at most 20 are allowed "
        "here, since together they may have 10,000."
    )


def test_a_where_that_is_neither_true_nor_false_and_a_sort_of_mixed_kinds_are_refused() -> None:
    with pytest.raises(ExpressionInvalid):
        chosen([1], {}, where="${{ item }}")
    with pytest.raises(ItemsUnusable, match="cannot be compared"):
        chosen([1, "a"], {}, sort="${{ item }}")


def test_aggregates_are_expressions_over_what_was_handed_over() -> None:
    items = [{"output": {"points": n, "kind": "odd" if n % 2 else "even"}} for n in (1, 2, 3)]
    values = {"steps": {"each": {"items": items, "count": 3}}}
    assert evaluate("${{ steps.each.items | sum(attribute='output.points') }}", values) == 6
    assert evaluate("${{ steps.each.count }}", values) == 3
    groups = evaluate("${{ steps.each.items | groupby('output.kind') | list }}", values)
    assert [(kind, len(found)) for kind, found in groups] == [("even", 1), ("odd", 2)]


# Conflicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "sides", "left"),
    [
        (b"a\n<<<<<<< one\nb\n=======\nc\n>>>>>>> two\n", (b"b\n", b"c\n"), True),
        (b"a\n=======\nc\n", (b"b\n", b"c\n"), True),
        (b"a\nb\nc\n", (b"b\n", b"c\n"), False),
        (b"Heading\n=======\nboth\n", (b"Heading\n=======\n", b"Heading\n=======\nx\n"), False),
        (b"x <<<<<<< y\n", (b"", b""), False),
    ],
)
def test_a_marker_that_stood_in_no_side_is_left(result: bytes, sides: tuple[bytes, ...], left: bool) -> None:
    assert conflict_left(result, sides) is left


def test_a_list_is_bounded_before_anything_is_evaluated_for_each_of_its_entries() -> None:
    with pytest.raises(ItemsUnusable) as refused:
        chosen([1] * (MOST_LISTED + 1), {}, where="${{ no_such_name }}", limit=1)
    assert str(refused.value) == "The list has 10,001 entries, and at most 10,000 can be chosen from."
    assert chosen(list(range(MOST_LISTED)), {}, where="${{ item > 9_990 }}", sort="${{ -item }}", limit=1) == [9_999]


def test_what_the_expressions_of_a_list_make_is_bounded_for_all_entries_together() -> None:
    with pytest.raises(ExpressionInvalid, match="it makes more than 4,000,000 characters"):
        chosen(["x" * 1_000] * 5_000, {}, where="${{ item | upper | lower | length > 0 }}")
