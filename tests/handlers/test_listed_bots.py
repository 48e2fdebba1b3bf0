"""Bots that the policy lists are heard, as far as they ask for work; all others, and we ourselves, are not."""

from dataclasses import replace
from typing import Any

import pytest
from facts_at_hand import (
    APP,
    account,
    at,
    comment,
    commented,
    event,
    facts,
    issue_part,
    labelling,
    payload,
    planned,
    pull,
    review,
    run,
    waiting_run,
    workflows,
)

from core.facts import PolicyFile
from core.intents import Ignore, React, Say, Signal, StartRun
from core.names import Role, Sha
from core.runs import SignalKind, Waiting
from core.states import RunState, WaitingFor

BOT = "renovate[bot]"
BY_BOT = account(BOT, bot=True)
LISTENING = "on: {issues: {types: [opened, labeled]}, repository_dispatch: {}}\nsteps: [{id: a, run: 'true'}]\n"


def listing(*logins: str, **more: Any) -> Any:
    """Facts where the policy lists these bots as triage, and what they did has that role."""
    rows = "".join(f"  {login}: triage\n" for login in logins)
    text = f"policy: team\n{'bots:' if rows else ''}\n{rows}"
    file = PolicyFile(path=".github/pullwright.yml", text=text, sha=Sha("d" * 40))
    return facts(policy=file, role=Role.triage, **more)


def said(body: str, known: Any, **more: Any) -> list[Any]:
    it = comment(body, author=BY_BOT, app_id=99, **more)
    return planned(commented(body, sender=BOT), replace(known, comment=it))


def labelled() -> Any:
    label = {"name": "pullwright:implement"}
    return event("issues", payload("labeled", sender=BOT, issue=issue_part(labels=[label]), label=label))


def test_a_listed_bot_starts_work_by_a_label_and_by_a_command() -> None:
    known = listing(BOT)
    started = planned(labelled(), replace(known, labelling=labelling(actor=BY_BOT)))
    assert [type(one) for one in started] == [StartRun, React]
    assert started[0].requester == BOT
    assert isinstance(said("/implement", known)[0], StartRun)


def test_a_listed_bot_starts_what_listens_to_events() -> None:
    body = "name: own\n" + LISTENING
    known = replace(listing(BOT, labelling=labelling(actor=BY_BOT, label="bug")), workflows=workflows(own=body))
    label = {"name": "bug"}
    more = planned(event("issues", payload("labeled", sender=BOT, issue=issue_part(), label=label)), known)
    assert [type(one) for one in more] == [StartRun]
    called = event("repository_dispatch", payload("deploy", sender=BOT, client_payload={}))
    assert [type(one) for one in planned(called, known)] == [StartRun]
    unlisted = replace(known, policy=listing().policy)
    assert planned(called, unlisted) == [Ignore("renovate[bot] is a bot")]


@pytest.mark.parametrize(
    "text", ["/approve", "/approve 0123456789ab", "/answer yes", "/ok-to-run", "/budget +2", "/take"]
)
def test_a_listed_bot_decides_nothing_and_is_told_so_once_in_a_thread(text: str) -> None:
    known = listing(BOT, runs=[waiting_run(change=True)])
    intents = said(text, known)
    assert [type(one) for one in intents] == [React, Say]
    assert intents[1].key == f"refused:1:3:{BOT}"
    if text != "/answer yes":
        assert "is for people, and @renovate[bot] is a bot." in intents[1].body


def test_what_a_listed_bot_may_ask_is_answered_once_per_thread_however_often_it_asks() -> None:
    known = listing(BOT)
    keys = {one.key for number in (1, 2) for one in said("/status", known, node_id=f"IC_{number}", id=50)}
    assert keys == {f"told:1:3:{BOT}:status"}


def test_a_listed_bot_ends_what_it_started_and_its_closing_of_an_issue_counts() -> None:
    known = listing(BOT, runs=[run(requester=BOT)])
    (signal, _) = said("/cancel", known)
    assert (signal.kind, signal.actor) == (SignalKind.cancel, BOT)
    closed = event("issues", payload("closed", sender=BOT, issue=issue_part()))
    gone = replace(known, issue=None)
    assert [type(one) for one in planned(closed, gone)] == [Signal]
    assert planned(closed, replace(gone, policy=listing().policy)) == [Ignore("renovate[bot] is a bot")]


def test_a_listed_bot_lets_no_run_of_somebody_else_give_way_to_its_retry() -> None:
    waits = Waiting(what=WaitingFor.approval, why="…", stuck=True)
    theirs, own = (run(RunState.waiting, waiting=waits, requester=who) for who in ("rosa", BOT))
    reaction, refusal = said("/retry", listing(BOT, runs=[theirs]))
    assert isinstance(reaction, React)
    assert "`/cancel` is for people, and @renovate[bot] is a bot." in refusal.body
    assert isinstance(said("/retry", listing(BOT, runs=[own]))[0], StartRun)


def test_reviews_of_bots_are_not_read_whoever_lists_them() -> None:
    part = {"id": 60, "node_id": "PRR_60", "body": ""}
    pull_part = {"number": 4, "node_id": "PR_4", "head": {"sha": "a" * 40}}
    told = event("pull_request_review", payload("submitted", sender=BOT, review=part, pull_request=pull_part))
    known = listing(BOT, review=review(author=BY_BOT), runs=[waiting_run(change=True)])
    assert planned(told, replace(known, pull=pull())) == [Ignore("renovate[bot] is a bot")]


def test_we_never_listen_to_ourselves_whatever_is_listed() -> None:
    us = account(APP.login, bot=True)
    known = listing(APP.login, BOT)
    assert planned(labelled(), replace(known, labelling=labelling(actor=us))) == [Ignore("our own doing")]
    own = comment("/implement", author=us, app_id=APP.id)
    assert planned(commented("/implement", sender=APP.login), replace(known, comment=own)) == [
        Ignore("our own comment")
    ]


def test_while_the_policy_cannot_be_read_no_bot_is_heard() -> None:
    broken = PolicyFile(path=".github/pullwright.yml", text="bots: {renovate: triage}", sha=Sha("d" * 40))
    known = facts(policy=broken, role=Role.none, labelling=labelling(actor=BY_BOT, created_at=at(0)))
    assert planned(labelled(), known) == [Ignore("renovate[bot] is a bot")]
