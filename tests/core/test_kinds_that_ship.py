"""Every kind of write is either one that a run about somebody's pull request never does, or one of these."""

from typing import get_args

from core.effects import SHIPS, Act

WORDS_AND_LABELS = {
    *("comment", "status", "edit", "reaction", "label", "unlabel", "assign", "close", "issue"),
    *("review_request", "review", "answer", "check"),
}


def test_a_new_kind_of_write_is_decided_about() -> None:
    kinds = {one.model_fields["kind"].default for one in get_args(get_args(Act)[0])}
    assert kinds == SHIPS | WORDS_AND_LABELS
    assert SHIPS.isdisjoint(WORDS_AND_LABELS)
