"""Whose an approval is, and what its giver said since."""

from datetime import UTC, datetime, timedelta

import pytest

from core.github import Account, Review, ReviewState
from core.names import Digest, RunId, Sha
from core.runs import Approval
from policies.standing import another_account, wants_changes

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA = Account(login="ada", id=7, is_bot=False)


def approval(**more: object) -> Approval:
    given = {"actor": "ada", "actor_id": 7, "comment_id": 40} | more
    return Approval.model_validate(
        {"run_id": RunId("r"), "gate": "change", "digest": Digest("d"), "role": "write", "at": NOON} | given
    )


def review(
    minutes: int, state: ReviewState = ReviewState.changes_requested, by: Account = ADA, number: int = 50
) -> Review:
    return Review(
        id=number,
        node_id="R",
        author=by,
        state=state,
        head_sha=Sha("0" * 40),
        body="",
        submitted_at=NOON + timedelta(minutes=minutes),
    )


def test_words_are_whose_account_they_were_given_by_and_no_others_with_that_name() -> None:
    assert another_account(approval(), ADA) is None
    assert another_account(approval(), Account(login="ada", id=8, is_bot=False)) == "it is by another account"
    renamed = Account(login="ada-l", id=7, is_bot=False)
    assert another_account(approval(), renamed) == "its author has another name now"


@pytest.mark.parametrize(
    ("given", "said", "taken_back"),
    [
        ({}, review(1), True),
        ({}, review(-1), False),
        ({}, review(1, ReviewState.commented), False),
        ({}, review(1, ReviewState.dismissed), False),
        ({}, review(1, by=Account(login="ada", id=8, is_bot=False)), False),
        ({}, review(1, by=Account(login="ada-l", id=7, is_bot=False)), True),
        ({"actor_id": None, "edit_id": "E"}, review(1), True),
        ({"comment_id": None, "review_id": 49}, review(0), True),
        ({"comment_id": None, "review_id": 51}, review(0), False),
    ],
)
def test_asking_for_changes_afterwards_takes_an_approval_back_however_it_was_given(
    given: dict[str, object], said: Review, taken_back: bool
) -> None:
    assert wants_changes(approval(**given), NOON, [said]) is taken_back
