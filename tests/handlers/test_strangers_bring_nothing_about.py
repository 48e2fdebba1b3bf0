"""Whatever somebody without a right types, at whatever door and in whatever state of things: no money is spent and
nothing is approved by it."""

from typing import Any

from facts_at_hand import (
    CHANGE,
    NOON,
    PLAN,
    account,
    comment,
    commented,
    event,
    facts,
    issue,
    issue_part,
    labelling,
    payload,
    planned,
    pull,
    review,
    waiting_run,
)
from facts_at_hand import run as a_run
from hypothesis import given, settings
from hypothesis import strategies as st

from core.facts import PolicyFile
from core.github import ReviewState
from core.holds import Hold
from core.intents import SetHold, Signal, StartRun
from core.names import Role, Sha
from core.runs import SignalKind, Waiting
from core.states import TERMINAL, RunState, WaitingFor
from handlers.verbs import VERBS
from policies.schema import BuiltIn

SPENDS = {SignalKind.approve, SignalKind.budget, SignalKind.revise, SignalKind.take, SignalKind.go_on}
ARGUMENTS = ("", PLAN[:12], CHANGE[:12], "+2", "smaller", "src/a.py", f"{CHANGE[:12]} src/a.py", "repository", "again")

words = st.lists(
    st.one_of(
        st.builds(
            "{}{} {}".format,
            st.sampled_from(["/", "@pullwright-dev ", "/pullwright "]),
            *map(st.sampled_from, (sorted(VERBS), ARGUMENTS)),
        ),
        st.sampled_from(["Please.", "", "> /approve"]),
    ),
    min_size=1,
    max_size=3,
).map("\n".join)
states = st.sampled_from(
    [
        (),
        (a_run(),),
        (a_run(RunState.failed),),
        (waiting_run(),),
        (waiting_run(change=True),),
        (a_run(RunState.waiting, waiting=Waiting(what=WaitingFor.budget, why="…")),),
        (waiting_run(), a_run(RunState.failed)),
    ]
)
holds = st.sampled_from(
    [None, *(Hold(owner="acme", name="site", reason="", since=NOON, by="zoe", number=number) for number in (None, 3))]
)
doors = st.sampled_from(["issue", "pull", "review", "label", "opened"])
policies = st.builds(
    "version: 1\npolicy: {}\n{}".format,
    st.sampled_from([one.value for one in BuiltIn]),
    st.sampled_from(["", "strangers: {start: refuse}\n", "commands: namespaced\n"]),
)


def brought_about(door: str, body: str, role: Role | None, **known: Any) -> list[Any]:
    """What the bot wants after sam did this, of whom GitHub says this role, or nothing."""
    sam = account("sam")
    said = comment(body, author=sam, author_association="NONE", number=4 if door == "pull" else 3)
    common = {"comment": said, "role": role, "thread": (said,), "pull": pull() if door in {"pull", "review"} else None}
    told = facts(**{**common, **known})
    match door:
        case "issue" | "pull":
            return planned(commented(body, on_pull=door == "pull", sender="sam"), told)
        case "review":
            part = {"id": 60, "node_id": "PRR_60", "body": body}
            asked = {"number": 4, "node_id": "PR_4", "head": {"sha": pull().head_sha}}
            it = event("pull_request_review", payload("submitted", "sam", review=part, pull_request=asked))
            return planned(it, facts(**{**common, **known, "review": review(ReviewState.approved, body, author=sam)}))
        case "label":
            it = event("issues", payload("labeled", "sam", issue=issue_part(), label={"name": "pullwright:implement"}))
            return planned(it, facts(**{**common, **known, "labelling": labelling(actor=sam)}))
    opened = issue(body=body, author=sam, labels=())
    it = event("issues", payload("opened", "sam", issue=issue_part(body=body)))
    return planned(it, facts(**{**common, **known, "issue": opened, "comment": None}))


def spent(intents: list[Any]) -> list[Any]:
    return [
        one
        for one in intents
        if isinstance(one, StartRun | SetHold) or (isinstance(one, Signal) and one.kind in SPENDS)
    ]


@settings(max_examples=150)
@given(doors, words, st.sampled_from([None, Role.none, Role.read]), states, holds, policies)
def test_nobody_without_a_role_starts_approves_or_pays_for_anything(door, body, role, runs, hold, text):
    file = PolicyFile(path=".github/pullwright.yml", text=text, sha=Sha("d" * 40))
    assert spent(brought_about(door, body, role, runs=runs, hold=hold, policy=file)) == []


@settings(max_examples=50)
@given(doors, words, states, policies)
def test_for_the_run_that_they_asked_for_while_they_had_a_role_they_can_do_no_more_than_stop_it(door, body, runs, text):
    file = PolicyFile(path=".github/pullwright.yml", text=text, sha=Sha("d" * 40))
    theirs = [run.model_copy(update={"requester": "sam"}) for run in runs]
    at_work = any(run.state not in TERMINAL for run in theirs)
    for role in (None, Role.none):
        brought = spent(brought_about(door, body, role, runs=theirs, policy=file))
        assert [one for one in brought if not (isinstance(one, SetHold) and one.held and at_work)] == []


def test_the_same_doors_let_somebody_through_who_may():
    """So that silence above is not for want of a door."""
    open_ = {"text": "version: 1\npolicy: team\n", "path": ".github/pullwright.yml", "sha": Sha("d" * 40)}
    started = {"runs": (), "policy": PolicyFile(**open_)}
    for door in ("issue", "label"):
        assert [type(one) for one in spent(brought_about(door, "/implement", Role.admin, **started))] == [StartRun]
    waits = {"runs": (waiting_run(change=True),), "policy": PolicyFile(**open_)}
    for door in ("pull", "review"):
        (signal,) = spent(brought_about(door, f"/approve {CHANGE[:12]}", Role.admin, **waits))
        assert signal.kind is SignalKind.approve
