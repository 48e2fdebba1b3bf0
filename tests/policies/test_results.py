"""How decisions combine, for every order of their parts."""

from hypothesis import given
from hypothesis import strategies as st

from policies.render import as_json, markdown, plain
from policies.result import Fact, Result, Status, all_of, any_of

results = st.builds(
    Result,
    name=st.sampled_from(["a", "b", "c"]),
    status=st.sampled_from(list(Status)),
    why=st.sampled_from(["One.", "Two."]),
)
parts = st.lists(results, max_size=6)


def part(status: Status, why: str = "So it is.", remedy: str | None = None) -> Result:
    return Result("part", status, why, remedy=remedy)


def test_nothing_at_all_is_an_error_and_never_a_yes():
    assert all_of("x", []).status is Status.error
    assert any_of("x", []).status is Status.error


def test_everything_skipped_is_an_error():
    skipped = [part(Status.skipped), part(Status.skipped)]
    assert all_of("x", skipped).status is Status.error
    assert any_of("x", skipped).why == "No rule applies here, so nothing is allowed."


@given(parts)
def test_all_of_is_as_strong_as_its_strongest_part(children):
    counted = [child.status for child in children if child.status is not Status.skipped]
    order = [Status.denied, Status.error, Status.pending, Status.approved]
    expected = next((status for status in order if status in counted), Status.error)
    assert all_of("x", children).status is expected


@given(parts, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(children, random):
    shuffled = list(children)
    random.shuffle(shuffled)
    assert all_of("x", shuffled).status is all_of("x", children).status
    assert any_of("x", shuffled).status is any_of("x", children).status


@given(parts, st.integers(0, 6))
def test_an_added_denial_never_allows(children, at):
    denial = part(Status.denied)
    more = [*children[:at], denial, *children[at:]]
    assert not all_of("x", more).approved
    assert any_of("x", more).approved == any_of("x", children).approved


@given(parts)
def test_an_added_approval_never_takes_an_approval_away(children):
    more = [*children, part(Status.approved)]
    if all_of("x", children).approved:
        assert all_of("x", more).approved
    assert any_of("x", more).approved


@given(parts)
def test_a_skipped_part_changes_nothing(children):
    more = [*children, part(Status.skipped)]
    assert all_of("x", more).status is all_of("x", children).status
    assert any_of("x", more).status is any_of("x", children).status


def test_a_refusal_speaks_with_the_words_and_remedies_of_the_parts_that_refuse():
    refusal = all_of(
        "x",
        [
            part(Status.denied, "Too large.", "Describe less."),
            part(Status.approved, "Fine."),
            part(Status.denied, "Protected."),
        ],
    )
    assert refusal.why == "Too large. Protected."
    assert refusal.remedy == "Describe less."


TREE = Result(
    "change",
    Status.pending,
    "1 of 2 approvals given.",
    (Fact("approved by", ("ada",)), Fact("nobody")),
    (Result("@ada", Status.approved, "@ada approved."),),
)


def test_one_tree_reads_the_same_as_markdown_and_as_plain_text():
    assert markdown(TREE) == (
        "- ⏳ **change**: 1 of 2 approvals given.\n  - approved by: `ada`\n  - ✅ **@ada**: @ada approved."
    )
    assert plain(TREE) == (
        "pending  change: 1 of 2 approvals given.\n         approved by: ada\n  approved @ada: @ada approved."
    )


def test_as_json_the_tree_keeps_its_shape():
    shown = as_json(TREE)
    assert (shown["name"], shown["status"], shown["remedy"]) == ("change", "pending", None)
    assert shown["facts"][0] == {"phrase": "approved by", "values": ["ada"]}
    assert shown["children"][0]["children"] == []


def test_a_value_cannot_end_the_code_it_is_shown_as():
    shown = markdown(Result("x", Status.denied, "No.", (Fact("paths", ("a`\n@everyone `b",)),)))
    assert shown.endswith("  - paths: `a@everyone b`")


def test_many_values_are_counted_after_the_first_twenty():
    shown = plain(Result("x", Status.denied, "No.", (Fact("paths", tuple("abcdefghijklmnopqrstuvwxyz")),)))
    assert shown.endswith("s, t and 6 more")
