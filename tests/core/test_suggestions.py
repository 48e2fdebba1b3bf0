"""Suggestions: taking all of them, and then the patch, makes the head what it was to become."""

from hypothesis import given, settings
from hypothesis import strategies as some

from core.suggestions import MOST_LINES, Suggested, Suggestion, suggested

EVERYTHING = [(1, 10_000)]
FIVE = "1\n2\n3\n4\n5\n"


def anything(_: str) -> bool:
    return True


def taken(before: str, found: Suggested) -> str:
    """The file after somebody took every suggestion, from the last line to the first."""
    lines = before.splitlines(keepends=True)
    for one in sorted(found.suggestions, key=lambda each: each.first, reverse=True):
        lines[one.first - 1 : one.last] = [one.text]
    return "".join(lines)


def test_a_changed_line_is_replaced() -> None:
    found = suggested("a.py", FIVE, FIVE.replace("3", "three"), EVERYTHING, anything)
    assert found == Suggested((Suggestion("a.py", 3, 3, "three\n"),))


def test_new_lines_come_with_the_line_before_them() -> None:
    found = suggested("a.py", FIVE, "1\n2\n2b\n3\n4\n5\n", EVERYTHING, anything)
    assert found.suggestions == (Suggestion("a.py", 2, 2, "2\n2b\n"),)


def test_new_lines_at_the_top_or_before_the_first_line_shown_come_with_the_line_behind_them() -> None:
    assert suggested("a.py", FIVE, f"0\n{FIVE}", EVERYTHING, anything).suggestions == (
        Suggestion("a.py", 1, 1, "0\n1\n"),
    )
    assert suggested("a.py", FIVE, "1\n2\n2b\n3\n4\n5\n", [(3, 5)], anything).suggestions == (
        Suggestion("a.py", 3, 3, "2b\n3\n"),
    )


def test_lines_that_go_are_replaced_by_nothing() -> None:
    found = suggested("a.py", FIVE, "1\n4\n5\n", EVERYTHING, anything)
    assert found.suggestions == (Suggestion("a.py", 2, 3, ""),)


def test_what_the_diff_does_not_show_whole_is_left_over_as_a_patch_of_the_head() -> None:
    after = "1\ntwo\n3\n4\n5\n6\n7\n8\nnine\n10\n"
    before = "".join(f"{number}\n" for number in range(1, 11))
    found = suggested("a.py", before, after, [(8, 10)], anything)
    assert found.suggestions == (Suggestion("a.py", 9, 9, "nine\n"),)
    assert found.rest == "--- a/a.py\n+++ b/a.py\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n"


def test_what_does_not_fit_is_left_over_too() -> None:
    found = suggested("a.py", FIVE, FIVE.replace("3", "three"), EVERYTHING, lambda text: "three" not in text)
    assert (found.suggestions, "+three\n" in found.rest) == ((), True)


def test_a_file_that_comes_or_goes_has_no_line_to_stand_on() -> None:
    assert suggested("a.py", None, "1\n", EVERYTHING, anything).rest.startswith("--- /dev/null\n+++ b/a.py\n")
    assert suggested("a.py", "1\n", None, EVERYTHING, anything).rest.startswith("--- a/a.py\n+++ /dev/null\n")


def test_only_what_is_suggested_takes_up_room() -> None:
    asked: list[str] = []

    def counts(text: str) -> bool:
        asked.append(text)
        return True

    for before, after in ((FIVE, None), (None, FIVE), (FIVE, FIVE.replace("3", "three"))):
        suggested("a.py", before, after, EVERYTHING, counts)
    assert asked == ["three\n"]


def test_a_line_without_an_end_cannot_be_suggested() -> None:
    found = suggested("a.py", "1\n2", "1\n2\n", EVERYTHING, anything)
    assert found.suggestions == ()
    assert found.rest.endswith("-2\n\\ No newline at end of file\n+2\n")


def test_what_takes_too_long_to_compare_is_only_named() -> None:
    long = "".join(f"{number}\n" for number in range(MOST_LINES + 1))
    assert suggested("a.py", long, long.replace("\n", "!\n"), EVERYTHING, anything) == Suggested(unshown=True)


lines = some.lists(some.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=12).map("".join)


@settings(max_examples=40)
@given(lines.filter(bool), lines)
def test_taking_every_suggestion_gives_the_other_text(before: str, after: str) -> None:
    found = suggested("a.py", before, after, EVERYTHING, anything)
    assert found.rest == ""
    assert taken(before, found) == after


@settings(max_examples=40)
@given(lines.filter(bool), lines, some.lists(some.integers(1, 14), min_size=2, max_size=2).map(sorted))
def test_no_two_suggestions_touch_a_line_and_all_of_them_are_shown(before: str, after: str, part: list[int]) -> None:
    found = suggested("a.py", before, after, [part], anything)
    replaced = [line for one in found.suggestions for line in range(one.first, one.last + 1)]
    assert len(replaced) == len(set(replaced))
    assert all(part[0] <= line <= part[1] for line in replaced)
    assert bool(found.rest) or taken(before, found) == after
