"""What people say to a question of a workflow: who may answer, where, and when."""

from typing import Any

import pytest
from facts_at_hand import (
    HEAD,
    account,
    comment,
    commented,
    event,
    facts,
    issue,
    payload,
    planned,
    pull,
    review,
    run,
    waiting_run,
)

from core.github import ReviewState
from core.intents import React, Say, Signal
from core.names import Role
from core.runs import Run, SignalKind, Waiting
from core.states import RunState, WaitingFor
from handlers import replies


def asking(*, state: RunState = RunState.waiting, **more: Any) -> Run:
    """A run that asks bob, in comment 40."""
    waiting = Waiting(what=WaitingFor.answer, why="…", person="bob", asked_in=40)
    return run(state, waiting=waiting, **more)


def said(body: str, *, on_pull: bool = False, by: str = "ada", comment_id: int = 50, **more: Any) -> list[Any]:
    """What a comment comes to."""
    number = {"number": 4} if on_pull else {}
    it = comment(body, author=account(by), id=comment_id, **number)
    known = {"comment": it, "runs": [asking()], "issue": issue(**number)} | more
    return planned(commented(body, on_pull=on_pull), facts(**known))


# Who, and when --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [RunState.waiting, RunState.queued, RunState.running])
def test_an_answer_is_handed_to_the_run_that_asks_also_while_somebody_looks_at_an_earlier_one(state: RunState) -> None:
    signal, eyes = said("/answer the blue one, please", runs=[asking(state=state)])
    assert signal == Signal(
        run_id="r1",
        kind=SignalKind.answer,
        key="comment:IC_50:0:answer",
        actor="ada",
        text="the blue one, please",
        comment_id=50,
    )
    assert eyes == React(3, 50, "eyes")


def test_an_answer_counts_on_the_pull_request_as_well() -> None:
    signal, _ = said("/answer blue", on_pull=True, runs=[asking(pull_number=4)])
    assert (signal.kind, signal.text) == (SignalKind.answer, "blue")


@pytest.mark.parametrize("role", [Role.triage, Role.write, Role.admin])
def test_whoever_may_start_work_may_answer(role: Role) -> None:
    signal, _ = said("/answer blue", role=role)
    assert signal.kind is SignalKind.answer


@pytest.mark.parametrize(
    ("role", "has"), [(None, "no role here"), (Role.none, "no role here"), (Role.read, "the role `read`")]
)
def test_nobody_else_may_not_even_who_was_asked(role: Role | None, has: str) -> None:
    confused, answer = said("/answer blue", role=role, by="bob")
    assert confused == React(3, 50, "confused")
    assert answer == Say(
        3,
        f"Not done: `/answer` needs the role `triage` or above, and @bob has {has}. "
        "Somebody who may answer can look at this answer and say `/ok-to-run`.",
        "refused:1:3:bob",
    )


# What does not answer -------------------------------------------------------------------------------------------


def test_an_answer_that_nothing_asks_for_is_told_what_the_run_does() -> None:
    _, nobody = said("/answer blue", runs=[])
    assert nobody.body == "Nothing waits for an answer here: no run is active."
    _, works = said("/answer blue", runs=[run()])
    assert works.body == "Nothing waits for an answer here: run `r1` is running."
    _, gate = said("/answer blue", runs=[waiting_run()])
    assert gate.body == "Nothing waits for an answer here: run `r1` is waiting for an approval by @ada."


def test_an_approval_of_a_run_that_asks_is_told_so() -> None:
    _, answer = said("/approve", runs=[asking()])
    assert answer.body == "Nothing waits for an approval here: run `r1` is waiting for an answer by @bob."


@pytest.mark.parametrize("body", ["/answer", "/answer   ", "/answer\nblue"])
def test_an_empty_answer_is_told_how(body: str) -> None:
    confused, answer = said(body)
    assert confused == React(3, 50, "confused")
    assert answer.body == "That answer is empty. Comment `/answer` followed by your answer, on the same line."


def test_an_answer_from_before_the_question_is_told_so() -> None:
    _, answer = said("/answer blue", comment_id=39)
    assert answer.body == (
        "That was written before the question was asked. If it still holds, comment `/answer` followed by your answer, "
        "on the same line."
    )


def test_a_review_does_not_answer() -> None:
    it = event(
        "pull_request_review",
        payload(
            "submitted",
            review={"id": 60, "node_id": "PRR_60", "body": "/answer blue"},
            pull_request={"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}},
        ),
    )
    known = facts(review=review(ReviewState.commented, "/answer blue"), pull=pull(), runs=[asking(pull_number=4)])
    (answer,) = planned(it, known)
    assert answer.body == "A review does not answer: comment `/answer` followed by your answer, on the same line."


def test_an_answer_and_another_decision_in_one_comment_contradict_each_other() -> None:
    _, answer = said("/answer blue\n/cancel")
    assert answer.body == "Nothing was done: `/answer` and `/cancel` in one comment contradict each other."


# The question ---------------------------------------------------------------------------------------------------


def test_a_question_names_one_person_and_says_how_to_answer() -> None:
    assert replies.question("bob", "release", "Which colour?\nBlue or red?") == (
        "@bob, the workflow `release` asks you:\n\n"
        "> Which colour?\n> Blue or red?\n\n"
        "To answer, comment `/answer` followed by your answer, on the same line. To stop, comment `/reject` with a "
        "reason."
    )


def test_words_of_others_in_a_question_call_nobody_and_swallow_nothing() -> None:
    body = replies.question("bob", "release", "Is @everyone <!-- pullwright --> ok?\n```\n/approve\nfixes #3")
    assert body.split("\n\n")[1] == "> Is ＠everyone  ok?\n> ```\n> ／approve\n> fixes ＃3"
    assert body.endswith("with a reason.")
