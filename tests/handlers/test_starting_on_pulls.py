"""Work that is about a pull request: which workflows take one, and what a run about it begins at."""

import pytest
from facts_at_hand import (
    HEAD,
    account,
    at,
    behind,
    comment,
    commented,
    facts,
    issue,
    planned,
    pull,
    run,
    waiting_run,
    workflows,
)

from core.github import Pull
from core.intents import Signal
from core.names import Role, RunId, Sha, Subject, SubjectKind
from core.states import RunState

ON_PULLS = "name: look\non: {command: look, subject: pull_request}\nsteps: [{id: a, run: 'true'}]\n"
ANYWHERE = "name: unwind\non: {command: unwind, subject: any, closed: true}\nsteps: [{id: a, run: 'true'}]\n"
BASE = Sha("c" * 40)


def somebodys(**more: object) -> Pull:
    """A pull request of somebody who may start work, from a fork, into a branch that is not the default one."""
    theirs = {
        "author": account("eve"),
        "app_authored": False,
        "head_ref": "idea",
        "head_repository_id": 9,
        "head_owner": "eve",
    }
    return pull(**{**theirs, "base_ref": "stable", "base_sha": BASE, **more})


def said(words: str, *, on_pull: bool = True, open_: bool = True, **more: object) -> list:
    number = 4 if on_pull else 3
    known = facts(
        comment=comment(words, number=number),
        issue=issue(number=number, open=open_, is_pull_request=on_pull),
        **{
            "pull": somebodys(open=open_, merged=not open_) if on_pull else None,
            "workflows": workflows(look=ON_PULLS, unwind=ANYWHERE),
            "behind_head": behind(Role.triage),
            **more,
        },
    )
    return planned(commented(words, on_pull=on_pull), known)


def test_a_run_about_an_open_pull_request_works_with_its_head_and_begins_at_its_base():
    started, _ = said("/look")
    assert started.subject == Subject(kind=SubjectKind.pull_request, number=4)
    assert started.snapshot.head == HEAD
    assert started.base == ("stable", BASE)


def test_a_run_about_one_that_is_over_begins_at_the_default_branch_without_its_head():
    started, _ = said("/unwind", open_=False)
    assert started.subject == Subject(kind=SubjectKind.pull_request, number=4)
    assert (started.snapshot.head, started.base) == (None, None)


def test_a_workflow_for_both_begins_on_an_issue_as_ever_also_on_a_closed_one():
    started, _ = said("/unwind", on_pull=False, open_=False)
    assert started.subject == Subject(kind=SubjectKind.issue, number=3)
    assert (started.snapshot.head, started.base) == (None, None)


@pytest.mark.parametrize(
    ("words", "where", "body"),
    [
        (
            "/look",
            {"on_pull": False},
            "`/look` is about a pull request; this is an issue. Say it on the pull request.",
        ),
        ("/look", {"open_": False}, "This pull request is closed: reopen it, then `/look` again."),
        (
            "/implement",
            {},
            "`/implement` starts work on an issue; this is a pull request. Say it on the issue.",
        ),
        ("/retry", {}, "`/retry` starts work on an issue; this is a pull request. Say it on the issue."),
    ],
)
def test_where_a_workflow_does_not_belong_the_answer_says_where_it_does(words: str, where: dict, body: str):
    _, answer = said(words, **where)
    assert answer.body == body


@pytest.mark.parametrize("words", ["/approve", "/reject", "/cancel"])
def test_what_is_said_on_a_pull_request_of_ours_is_for_the_run_that_opened_it_whatever_else_looks_at_it(words: str):
    opened = waiting_run(change=True)
    looks = run(id=RunId("r2"), subject=Subject(kind=SubjectKind.pull_request, number=4), created_at=at(-30))
    known = facts(
        comment=comment(words, number=4),
        issue=issue(number=4, is_pull_request=True),
        pull=pull(),
        runs=[looks, opened],
    )
    told = [intent.run_id for intent in planned(commented(words, on_pull=True), known) if isinstance(intent, Signal)]
    assert told == [opened.id]


LOOKS = "Look at it, then say `/ok-to-run "


def test_a_strangers_commit_needs_a_word_for_exactly_it_and_the_answer_names_the_digest_that_covers_it():
    for unknown_or_low in ((), behind(Role.none), behind(Role.read)):
        refused, told = said("/look", behind_head=unknown_or_low)
        assert refused.content == "confused"
        assert told.body.startswith(
            f"`/look` would work with `{HEAD[:12]}`, from a fork of @eve, who may not start work here. {LOOKS}"
        )


def test_a_strangers_branch_of_the_repository_itself_and_one_that_is_over_need_none():
    started, _ = said("/look", behind_head=(), pull=somebodys(head_repository_id=1))
    assert (started.snapshot.head, started.snapshot.fork) == (HEAD, False)
    started, _ = said("/unwind", open_=False, behind_head=())
    assert started.snapshot.head is None


def test_a_head_in_a_repository_that_is_gone_counts_as_a_forks():
    gone = somebodys(head_repository_id=None)
    started, _ = said("/look", pull=gone)
    assert started.snapshot.fork
    assert LOOKS in said("/look", behind_head=behind(Role.none), pull=gone)[1].body


def test_retrying_with_a_strangers_commit_asks_for_the_command_that_a_word_can_cover():
    about = Subject(kind=SubjectKind.pull_request, number=4)
    over = run(workflow="look", inputs={}, subject=about, state=RunState.failed)
    _, told = said("/retry", behind_head=behind(Role.none), runs=(over,))
    assert told.body.endswith("who may not start work here. Say `/look`, and I name the digest that covers it.")


def test_the_word_starts_it_for_that_commit_alone():
    asked = comment("/look", number=4, id=90, author=account("rosa"), created_at=at(-5), updated_at=at(-5))
    known = {"thread": (asked,), "behind_head": behind(Role.none)}
    _, how, *_ = said("/ok-to-run", **known)
    digest = how.body.partition("`/ok-to-run ")[2].partition("`")[0]
    started, _ = said(f"/ok-to-run {digest}", **known)
    assert (started.workflow, started.snapshot.head, started.snapshot.fork) == ("look", HEAD, True)
    pushed = somebodys(head_sha=Sha("d" * 40))
    _, told, *_ = said(f"/ok-to-run {digest}", **known, pull=pushed)
    assert told.body.startswith("That matches nothing here now: the text was edited, or there is a newer commit.")
