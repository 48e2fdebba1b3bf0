"""Whoever may not start work can make the bot say little, however often and whatever they ask."""

import pytest
from facts_at_hand import (
    HEAD,
    comment,
    commented,
    event,
    facts,
    issue_part,
    payload,
    planned,
    pull,
    review,
    run,
    waiting_run,
)

from core.github import ReviewState
from core.intents import React, Say
from core.names import Role
from core.runs import Run
from core.states import RunState
from handlers.verbs import VERBS

TELLING = [*(name for name, verb in VERBS.items() if not verb.decides), "budget"]
"""Verbs by which people can ask to be told something; without a sum, `/budget` tells what was spent."""
ASKED = [f"/{verb}" for verb in VERBS] + ["/approve 0123456789ab", "/answer", "/retry now", '/approve "open']
SITUATIONS: dict[str, list[Run]] = {"nothing": [], "waits": [waiting_run()], "over": [run(RunState.failed)]}


def keys(body: str, role: Role | None, runs: list[Run], node_id: str, *, edited: bool = False) -> set[str]:
    """The keys of what is said to this comment: one key is said once."""
    it = comment("/help me" if edited else body, node_id=node_id, author_association="NONE")
    intents = planned(commented(body), facts(comment=it, runs=runs, role=role))
    if not edited:
        assert not any(isinstance(one, React) and one.content == "eyes" for one in intents)
    return {one.key for one in intents if isinstance(one, Say)}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("role", [Role.none, Role.read, None])
def test_a_stranger_gets_one_refusal_in_a_thread_and_what_can_be_asked_for_once_each(
    role: Role | None, situation: str
) -> None:
    said: set[str] = set()
    for number in range(2):
        for text in ASKED:
            said |= keys(text, role, SITUATIONS[situation], f"IC_{number}_{text}")
        said |= keys("/status", role, SITUATIONS[situation], f"IC_{number}_edited", edited=True)
    assert said == {"refused:1:3:ada", *(f"told:1:3:ada:{verb}" for verb in TELLING)}


def test_whoever_may_start_work_is_answered_every_time() -> None:
    first, second = (keys("/status", Role.write, [], node_id) for node_id in ("IC_1", "IC_2"))
    assert len(first | second) == 2
    first, second = (keys("/approve", Role.write, [], node_id) for node_id in ("IC_1", "IC_2"))
    assert len(first | second) == 2


REVIEWS = ["/approve", "/implement\n/reject", "/status", "/approve 0123456789ab", '/approve "open', "/take", "edited"]


def reviewed(body: str, state: ReviewState, role: Role | None, number: int) -> set[str]:
    """The keys of what is said to a review of our pull request."""
    it = review(state, "/help" if body == "edited" else body, node_id=f"PRR_{number}", id=number)
    part = {"id": number, "node_id": f"PRR_{number}", "body": "/help me" if body == "edited" else body}
    where = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}}
    known = facts(review=it, pull=pull(), role=role, runs=[waiting_run(change=True)])
    told = event("pull_request_review", payload("submitted", review=part, pull_request=where))
    return {one.key for one in planned(told, known) if isinstance(one, Say)}


@pytest.mark.parametrize("role", [Role.none, Role.read])
def test_a_stranger_gets_one_refusal_for_all_reviews_of_a_pull_request(role: Role) -> None:
    said: set[str] = set()
    for number, text in enumerate([*REVIEWS, *REVIEWS]):
        for state in (ReviewState.approved, ReviewState.changes_requested, ReviewState.commented):
            said |= reviewed(text, state, role, number)
    assert said == {"refused:1:4:ada", "told:1:4:ada:status"}
    assert (
        len({key for number in (1, 2) for key in reviewed("/approve", ReviewState.commented, Role.write, number)}) == 2
    )


def test_a_stranger_who_comments_on_lines_is_answered_once_per_verb() -> None:
    said: set[str] = set()
    for number, text in enumerate(["/approve", "/status", "/help", "/status", "/help", "/take"]):
        line = {"node_id": f"PRRC_{number}", "body": text, "created_at": "2026-01-01T12:00:00Z"}
        where = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}}
        told = event("pull_request_review_comment", payload("created", comment=line, pull_request=where))
        said |= {one.key for one in planned(told, facts(role=Role.read)) if isinstance(one, Say)}
    assert said == {"told:1:4:ada:status", "told:1:4:ada:help"}


@pytest.mark.parametrize(("role", "answers"), [(None, 1), (Role.none, 1), (Role.read, 1), (Role.write, 3)])
def test_whoever_cannot_write_is_told_once_that_edits_run_nothing(role: Role | None, answers: int) -> None:
    said: set[str] = set()
    for number in range(3):
        part = {"id": 50, "node_id": f"IC_{number}", "body": "/approve", "updated_at": "2026-01-01T12:00:00Z"}
        more = {"comment": part, "issue": issue_part(), "changes": {"body": {"from": "thanks"}}}
        known = facts(comment=comment("/approve", node_id=f"IC_{number}"), role=role)
        said |= {
            one.key for one in planned(event("issue_comment", payload("edited", **more)), known) if isinstance(one, Say)
        }
    assert len(said) == answers
    assert ("refused:1:3:ada" in said) is (answers == 1)
