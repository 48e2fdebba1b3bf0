"""Whose code lies on a branch of ours: whoever pushed it, and where nobody knows that, whoever is named in it."""

import pytest

from core.authorship import authorship, gaps, head_told, push_told
from core.github import NOWHERE, Move, Written
from core.names import Sha

OURS, A, B, C = (Sha(letter * 40) for letter in "fabc")


def move(before: Sha, after: Sha, by: str | None, *, ours: bool = False) -> Move:
    return Move(before=before, after=after, by=by, ours=ours)


def row(**people: tuple[str, ...]) -> list[Written]:
    """Commits one on the other, the first one ours."""
    chain = [OURS, A, B, C]
    named = {OURS: (), A: people.get("a", ()), B: people.get("b", ()), C: people.get("c", ())}
    return [
        Written(sha=sha, parents=(chain[place - 1],) if place else (), people=named[sha])
        for place, sha in enumerate(chain)
    ]


BEGUN = move(NOWHERE, OURS, "pullwright[bot]", ours=True)


def test_what_is_told_of_a_push_names_its_head_whatever_somebody_is_called() -> None:
    for actor in ("ada", "ada pushed", "b" * 12):
        assert A.startswith(head_told(push_told(actor, A)))
    assert push_told("ada", A) == f"@ada pushed {A[:12]}"


def test_where_the_moves_lead_from_what_we_pushed_to_the_head_whoever_made_them_answers_for_all_of_it() -> None:
    moves = [move(B, C, "ada"), move(OURS, B, "ben"), BEGUN]
    assert gaps(C, {OURS}, moves) == []
    found = authorship(C, {OURS}, moves, {}, None)
    assert (found.pushed, found.wrote, found.nobodys, found.told) == (("ada", "ben"), (), (), True)


def test_a_push_that_no_webhook_told_of_below_a_later_one_has_its_author() -> None:
    found = authorship(B, {OURS}, [move(A, B, "ada"), move(OURS, A, "ben"), BEGUN], {B[:12]: "ada"}, None)
    assert found.people == ("ada", "ben")


def test_what_lies_below_a_push_that_github_does_not_tell_of_belongs_to_whoever_is_named_in_it() -> None:
    found = authorship(C, {OURS}, [move(B, C, "ada"), BEGUN], {}, row(a=("ben",), b=("cleo", "dan"), c=("eve",)))
    assert (found.pushed, set(found.wrote)) == (("ada",), {"ben", "cleo", "dan"})
    assert (set(found.unpushed), found.nobodys) == ({A, B}, ())


def test_a_commit_that_nobody_is_known_to_have_pushed_or_written_is_nobodys() -> None:
    found = authorship(C, {OURS}, [move(B, C, "ada"), BEGUN], {}, row(b=("ben",)))
    assert found.nobodys == (A,)


def test_a_webhook_answers_for_the_commit_that_it_names_and_for_nothing_below_it() -> None:
    found = authorship(B, {OURS}, [], {B[:12]: "ada"}, row())
    assert (found.told, found.nobodys) == (True, (A,))
    assert authorship(A, {OURS}, [], {A[:12]: "ada"}, row()).nobodys == ()


def test_without_a_word_from_github_the_head_is_not_told_of() -> None:
    assert not authorship(A, {OURS}, [BEGUN], {}, row(a=("ben",))).told


def test_a_bot_that_pushes_brings_code_of_the_people_named_in_it_and_may_bring_its_own() -> None:
    moves = [move(OURS, B, "fixer[bot]"), BEGUN]
    found = authorship(B, {OURS}, moves, {}, row(a=("ben",)))
    assert (found.people, found.unpushed, found.nobodys) == (("fixer[bot]", "ben"), (), ())


def test_a_push_by_an_account_that_is_gone_leaves_a_gap_of_its_own_length() -> None:
    moves = [move(B, C, "ada"), move(A, B, None), move(OURS, A, "ben"), BEGUN]
    found = authorship(C, {OURS}, moves, {}, row(a=("cleo",), b=("dan",)))
    assert (found.pushed, found.wrote, found.unpushed) == (("ada", "ben"), ("dan",), (B,))


def test_what_was_pushed_over_a_commit_that_is_gone_may_hold_what_that_brought() -> None:
    gone = Sha("9" * 40)
    found = authorship(C, {OURS}, [move(gone, C, "ada"), BEGUN], {}, row(a=("ben",), b=("ben",)))
    assert (found.pushed, found.wrote) == (("ada",), ("ben",))
    assert found.nobodys == (), "the head is ada's, whoever is named in it"


def test_a_branch_that_went_back_and_forth_is_followed_through_its_past_and_no_further() -> None:
    moves = [move(A, B, "ada"), move(B, A, "ben"), move(A, B, "cleo"), move(OURS, A, "dan"), BEGUN]
    assert gaps(B, {OURS}, moves) == []
    assert gaps(B, {OURS}, moves[:3])[0].after == A, "nothing older leads to where ben put it back"


def test_a_branch_that_was_made_anew_belongs_to_whoever_made_it() -> None:
    moves = [move(NOWHERE, B, "ada"), BEGUN]
    assert gaps(B, {OURS}, moves) == []


@pytest.mark.parametrize("commits", [None, []], ids=["too many to be listed", "not listed yet"])
def test_a_gap_about_whose_commits_nothing_is_known_is_nobodys(commits: list[Written] | None) -> None:
    assert authorship(A, {OURS}, [], {}, commits).nobodys == (A,)
