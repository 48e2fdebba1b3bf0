"""Our own pull request is taken out of draft: the run that waits to merge it looks again, and nothing else happens."""

from typing import Any

import pytest
from facts_at_hand import HEAD, account, at, event, facts, payload, planned, pull, run

from core.intents import Ignore
from core.runs import SignalKind, Waiting
from core.states import RunState, WaitingFor
from handlers import handler_of

WAITS = Waiting(what=WaitingFor.checks, why="#4 is a draft.", not_before=at(5))


def ready(action: str = "ready_for_review"):
    request = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}, "title": "An idea", "body": "Look."}
    return event("pull_request", payload(action, "ada", pull_request=request))


def ours(**more: Any):
    return pull(**{"author": account("pullwright-dev[bot]", bot=True), "app_authored": True, "draft": False, **more})


def test_the_run_that_waits_to_merge_it_looks_again():
    there = run(RunState.waiting, pull_number=4, waiting=WAITS)
    signal, ignored = planned(ready(), facts(pull=ours(), runs=[there]))
    assert (signal.run_id, signal.kind, signal.key) == ("r1", SignalKind.checks_done, f"pull:1:4:ready:{HEAD}:r1")
    assert isinstance(ignored, Ignore)


@pytest.mark.parametrize(
    ("action", "more", "waits"),
    [
        ("ready_for_review", {"draft": True}, {"waiting": WAITS, "pull_number": 4}),
        ("reopened", {}, {"waiting": WAITS, "pull_number": 4}),
        ("ready_for_review", {}, {"waiting": WAITS, "pull_number": 5}),
        (
            "ready_for_review",
            {},
            {"waiting": Waiting(what=WaitingFor.approval, why="", binds="change"), "pull_number": 4},
        ),
    ],
)
def test_nobody_else_is_woken(action, more, waits):
    there = run(RunState.waiting, **waits)
    assert all(isinstance(one, Ignore) for one in planned(ready(action), facts(pull=ours(**more), runs=[there])))


def test_it_is_asked_for_where_no_workflow_listens_as_well():
    handler = handler_of(ready())
    assert handler is not None
    assert handler.needs(ready()).besides
