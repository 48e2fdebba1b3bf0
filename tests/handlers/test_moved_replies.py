"""What people are told where a change does not stand as it stood, word for word."""

from core.names import Sha
from handlers import replies

WAS, NOW = Sha("1" * 40), Sha("2" * 40)


def test_a_change_on_another_base_says_what_moved_and_speaks_to_nobody_in_others_words():
    commits = [(NOW, "Fixes #1 for @ada"), (WAS, "two")]
    assert replies.moved_onto("main", WAS, NOW, ["a.py", "b`.py"], commits, same_lines=False) == (
        "`main` moved from 111111111111 to 222222222222, under files that this change touches, so I put the change "
        "onto it and tested it again. What the change does by itself is not line for line what it was: look at it "
        "again. Earlier approvals no longer count.\n\n"
        "It changed:\n- `a.py`\n- `b'.py`\n\n"
        "2 commits of it did that:\n- 222222222222 Fixes ＃1 for ＠ada\n- 111111111111 two"
    )


def test_a_change_that_did_not_lie_on_its_base_any_more_says_that_and_names_no_files():
    assert replies.moved_onto("main", WAS, NOW, [], [], same_lines=True) == (
        "`main` moved from 111111111111 to 222222222222, and this change did not lie on it any more, so I put the "
        "change onto it and tested it again. What the change does by itself is line for line what it was. Earlier "
        "approvals no longer count."
    )


def test_only_the_newest_commits_are_named():
    said = replies.moved_into("main", WAS, NOW, ["a.py"], [(NOW, f"number {number}") for number in range(9)])
    assert "\n8 commits of it, and more, did that:\n" in said
    assert said.endswith("- 222222222222 number 7")


def test_a_base_without_commits_of_its_own_was_put_back_and_nothing_is_said_of_commits():
    assert replies.moved_into("main", WAS, NOW, ["a.py"], []).endswith("It changed:\n- `a.py`")


def test_who_says_continue_too_early_is_told_what_lies_there_now():
    assert replies.pushed_since(WAS, NOW) == (
        "What you saw was 111111111111. The branch is at 222222222222 now. Say `/continue` again to have me continue "
        "with that."
    )
    assert replies.pushed_since(None, NOW).startswith("The branch is at 222222222222 now.")


def test_what_several_people_pushed_is_of_all_of_them():
    assert "which @ada, @ben pushed. It was tested as it is. @ada, @ben are its authors as much as I am" in (
        replies.adopted(NOW, "rosa", ("ada", "ben"))
    )
