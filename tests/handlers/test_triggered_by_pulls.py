"""Pull requests that start work by themselves: which do, in whose name, at what, and which never."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from facts_at_hand import (
    HEAD,
    NOON,
    OTHER_HEAD,
    account,
    at,
    behind,
    event,
    facts,
    issue,
    labelling,
    payload,
    planned,
    pull,
    run,
    workflows,
)

from core.facts import Facts
from core.github import Pull, Turn
from core.heads import Push
from core.intents import Ignore, KeepPush, Signal, StartRun
from core.names import Role, RunId, Sha, Subject, SubjectKind
from core.runs import SignalKind
from core.states import RunState
from handlers import handler_of

ABOUT = Subject(kind=SubjectKind.pull_request, number=4)
EVERY = "{pull_request: {types: [opened, synchronize, reopened, ready_for_review, labeled]}}"
FORK = {"head_repository_id": 9, "head_owner": "eve"}


def told(action: str, sender: str = "ada", *, head: Sha = HEAD, label: str = "bug", body: str = "Look."):
    request = {"number": 4, "node_id": "PR_4", "head": {"sha": head}, "title": "An idea", "body": body}
    more = {"label": {"name": label}} if action == "labeled" else {}
    return event("pull_request", payload(action, sender, pull_request=request, **more))


def adas(**more: Any) -> Pull:
    """A pull request of ada's, who may start work, from a branch of the repository."""
    return pull(**{"author": account("ada"), "app_authored": False, "head_ref": "idea", **more})


def known(on: str = EVERY, **more: Any) -> Facts:
    found = workflows(watch=f"name: watch\non: {on}\nsteps: [{{id: look, run: ls}}]\n")
    assert found.broken == (), found.broken[0].mistakes
    there = issue(number=4, author=account("ada"), is_pull_request=True, labels=("Docs",))
    return replace(facts(workflows=found, told_at=NOON, issue=there, pull=adas()), **more)


def turned(by: str = "olga") -> Turn:
    return Turn(actor=account(by), created_at=at(-5))


def whys(intents: list[Any]) -> list[str]:
    assert all(isinstance(one, Ignore) for one in intents), intents
    return [one.why for one in intents]


@pytest.mark.parametrize(
    ("it", "more", "key", "person"),
    [
        (told("opened", "mallory"), {}, f"pull:1:4:opened:{HEAD}:watch", "ada"),
        (told("synchronize", "mallory"), {}, f"pull:1:4:synchronize:{HEAD}:watch", "ada"),
        (told("reopened", "mallory"), {"turn": turned()}, f"pull:1:4:reopened:{HEAD}:watch", "olga"),
        (told("ready_for_review"), {"turn": turned()}, f"pull:1:4:ready_for_review:{HEAD}:watch", "olga"),
        (told("labeled"), {"labelling": labelling(label="bug")}, "pull:1:4:labeled:900:watch", "ada"),
    ],
)
def test_each_type_starts_at_the_head_in_the_name_of_whom_github_names(it, more, key, person):
    (started,) = planned(it, known(**more))
    assert (started.key, started.requester, started.subject) == (key, person, ABOUT)
    assert (started.snapshot.head, started.base) == (HEAD, ("main", Sha("c" * 40)))
    assert (started.snapshot.title, started.snapshot.body) == ("An idea", "Look.")


@pytest.mark.parametrize(
    ("action", "on", "starts"),
    [
        ("opened", "{pull_request: {}}", True),
        ("synchronize", "{pull_request: {}}", True),
        ("ready_for_review", "{pull_request: {}}", False),
        ("labeled", "{pull_request: {}}", False),
        ("opened", "{pull_request: {branches: [main]}}", True),
        ("opened", "{pull_request: {branches: ['release/*']}}", False),
        ("opened", "{pull_request: {paths: ['docs/**']}}", True),
        ("opened", "{pull_request: {paths: ['src/**']}}", False),
        ("opened", "{pull_request: {authors: [Ada]}}", True),
        ("opened", "{pull_request: {authors: [olga]}}", False),
        ("opened", "{pull_request: {labels: [docs]}}", True),
        ("opened", "{pull_request: {labels: [bug]}}", False),
        ("labeled", "{pull_request: {types: [labeled], labels: [bug]}}", True),
        ("labeled", "{pull_request: {types: [labeled], labels: [docs]}}", False),
        ("opened", "{issues: {}}", False),
    ],
)
def test_only_what_the_filters_let_pass_starts(action, on, starts):
    given = labelling(label="bug") if action == "labeled" else None
    there = known(on, changed=("docs/a.md", "b.py"), labelling=given, turn=turned())
    assert any(isinstance(one, StartRun) for one in planned(told(action), there)) is starts


def test_where_github_tells_not_of_all_paths_a_filter_of_paths_lets_pass():
    (started,) = planned(told("opened"), known("{pull_request: {paths: ['src/**']}}", changed=None))
    assert isinstance(started, StartRun)


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review", "labeled"])
@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"pull": adas(app_authored=True)}, "our own pull request"),
        ({"pull": adas(open=False)}, "the pull request is closed"),
        ({"role": Role.none}, "needs the role `triage` or above"),
        ({"pull": None}, "no workflow listens to this"),
    ],
)
def test_our_own_closed_ones_and_those_of_strangers_start_nothing_and_nobody_is_answered(action, more, why):
    there = known(labelling=labelling(label="bug"), turn=turned("ada"))
    (said,) = whys(planned(told(action), replace(there, **more)))
    assert why in said


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review"])
def test_a_head_that_is_not_the_one_that_was_told_of_starts_nothing(action):
    there = known(turn=turned())
    assert whys(planned(told(action, head=OTHER_HEAD), there)) == ["the pull request has moved on"]


@pytest.mark.parametrize("repository", [9, None])
def test_a_push_to_a_fork_starts_nothing_also_where_its_author_may_start_work(repository):
    there = known(pull=adas(head_repository_id=repository))
    noted, *ignored = planned(told("synchronize", "olga"), there)
    assert noted == KeepPush(4, Push(head=HEAD, actor="olga"))
    assert whys(ignored) == [
        "a push to a fork: who pushed cannot be asked, and anybody may have; a command starts work on it"
    ]


def test_a_label_by_somebody_who_may_starts_work_on_a_fork_of_somebody_who_may_too():
    theirs = adas(author=account("eve"), **FORK)
    labelled = known(pull=theirs, labelling=labelling(label="bug"), behind_head=behind(Role.triage))
    (started,) = planned(told("labeled"), labelled)
    assert (started.requester, started.snapshot.head, started.snapshot.fork) == ("ada", HEAD, True)


@pytest.mark.parametrize("those", [(), behind(Role.none), behind(Role.read)])
def test_a_label_names_no_commit_of_a_strangers_fork_so_that_it_starts_nothing(those):
    theirs = adas(author=account("eve"), **FORK)
    intents = planned(told("labeled"), known(pull=theirs, labelling=labelling(label="bug"), behind_head=those))
    why = (
        f"It would work with `{HEAD[:12]}`, from a fork of @eve, who may not start work here. "
        "Somebody who may start it can look at that commit and say `/ok-to-run`."
    )
    assert whys(intents) == [why]


def test_a_push_to_a_fork_ends_the_runs_that_work_with_what_it_held_before_and_no_others():
    def about(name: str, **snapshot: Any):
        working = run(id=RunId(name), subject=ABOUT)
        return working.model_copy(update={"snapshot": working.snapshot.model_copy(update=snapshot)})

    runs = (
        about("r1", head=OTHER_HEAD, fork=True),
        about("r2", head=HEAD, fork=True),
        about("r3", head=OTHER_HEAD, fork=False),
    )
    pushed = known(pull=adas(author=account("eve"), **FORK), runs=runs)
    _, ended, *_ = planned(told("synchronize", "eve"), pushed)
    assert (ended.run_id, ended.kind, ended.actor) == ("r1", SignalKind.closed, "eve")
    assert ended.text == (
        f"somebody pushed to the fork: the run may work only with `{OTHER_HEAD[:12]}`, and the head is now "
        f"`{HEAD[:12]}`. To have that one worked on, ask again"
    )
    assert [one for one in planned(told("synchronize", "eve"), pushed) if isinstance(one, Signal)] == [ended]


@pytest.mark.parametrize(
    ("it", "more", "why"),
    [
        (told("labeled"), {}, "the pull request does not carry the label 'bug' any more"),
        (
            told("labeled"),
            {"labelling": labelling(label="bug", actor=account("pullwright-dev[bot]", bot=True))},
            "our own doing",
        ),
        (told("opened"), {"pull": adas(author=account("renovate[bot]", bot=True))}, "renovate[bot] is a bot"),
        (told("opened"), {"told_at": NOON + timedelta(days=5)}, "the pull request was opened long ago"),
        (told("reopened"), {}, "GitHub does not show that the pull request was opened again"),
        (told("ready_for_review"), {}, "GitHub does not show that the pull request was taken out of draft"),
        (
            told("ready_for_review"),
            {"pull": adas(draft=True), "turn": turned()},
            "the pull request is a draft again",
        ),
        (told("synchronize", "pullwright-dev[bot]"), {}, "our own push"),
    ],
)
def test_what_github_does_not_bear_out_or_no_person_did_starts_nothing(it, more, why):
    assert whys(planned(it, known(**more))) == [why]


def test_a_push_asks_for_the_run_that_opened_it_also_where_nothing_listens():
    it = told("synchronize")
    handler = handler_of(it)
    assert handler is not None
    query = handler.needs(it)
    assert (query.besides, query.of_author, query.head, query.role_of) == (True, True, HEAD, None)


def test_the_payloads_sender_is_never_the_one_whose_role_is_looked_up():
    for action in ("opened", "reopened", "ready_for_review", "labeled", "synchronize"):
        it = told(action, "mallory")
        handler = handler_of(it)
        assert handler is not None
        assert handler.needs(it).role_of is None


def test_a_closed_pull_request_ends_the_run_about_it_and_those_in_line_behind_it():
    first = run(RunState.waiting, subject=ABOUT)
    second = run(RunState.queued, id="r2", subject=ABOUT, behind_id="r1", trigger_key="second")
    over = run(RunState.succeeded, id="r0", subject=ABOUT, trigger_key="over")
    found = planned(told("closed", "olga"), facts(pull=adas(open=False), runs=[second, first, over]))
    assert [(one.run_id, one.kind, one.key) for one in found] == [
        ("r2", SignalKind.closed, "pull:PR_4:closed:r2"),
        ("r1", SignalKind.closed, "pull:PR_4:closed:r1"),
    ]


def opened_with(body: str, **more: Any) -> tuple[Any, Facts]:
    """A pull request opened with these words, where no workflow listens to it."""
    there = issue(**{"number": 4, "author": account("ada"), "is_pull_request": True, "body": body, **more})
    return told("opened", body=body), known("{issues: {}}", issue=there)


def test_what_a_pull_request_is_opened_with_may_ask_for_help() -> None:
    it, there = opened_with("/help")
    answer, ignored = planned(it, there)
    assert (answer.number, answer.key) == (4, "pull:PR_4:0:help:answer")
    assert answer.body.startswith("Commands stand at the beginning of a line")
    assert ignored == Ignore("no workflow listens to this")


def test_help_is_given_beside_what_the_pull_request_starts() -> None:
    it, there = opened_with("/status")
    said, started = planned(it, replace(there, workflows=known().workflows))
    assert said.body == "There has been no run here yet. `/implement` starts one."
    assert isinstance(started, StartRun)


def test_the_text_of_a_pull_request_starts_and_approves_nothing() -> None:
    for body in ("/implement", "/approve", "/approve\n/implement"):
        it, there = opened_with(body)
        assert all(isinstance(one, Ignore) for one in planned(it, there))
    it, there = opened_with("/review")
    assert "the text of a pull request starts nothing; a comment or a label does" in whys(planned(it, there))


def test_the_text_of_a_bots_pull_request_or_of_one_that_was_edited_is_not_answered() -> None:
    it, there = opened_with("/help", author=account("x[bot]", bot=True))
    assert whys(planned(it, there))[0] == "x[bot] is a bot"
    _, other = opened_with("/status")
    assert whys(planned(it, other))[0] == "the pull request was edited meanwhile"


def test_only_a_pull_request_with_a_command_in_it_asks_for_more_than_what_listens() -> None:
    plain, asking, again = told("opened"), told("opened", body="/why"), told("reopened", body="/why")
    queries = [handler_of(it).needs(it) for it in (plain, asking, again)]
    assert [(one.listening, one.decisions) for one in queries] == [
        ("pull_request", False),
        (None, True),
        ("pull_request", False),
    ]
