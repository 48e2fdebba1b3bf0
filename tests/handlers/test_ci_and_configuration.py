"""Checks of others that a run waits for, and our own files that a push changes."""

from typing import Any

import pytest
from facts_at_hand import APP, HEAD, REPO, at, event, facts, payload, planned, run, workflows

from core.effects import PutCheck
from core.facts import ConfigFiles, ConfigQuery, Facts
from core.github import Conclusion
from core.intents import Ignore, ShowCheck, Signal
from core.names import RunId, Sha
from core.runs import SignalKind, Waiting
from core.states import RunState, WaitingFor
from core.workflow.catalogue import File
from handlers import configuration, handler_of
from handlers.automatic import Pushed
from handlers.event import Event, Ignored
from handlers.events import ChecksReported
from handlers.reading import parse

RUN = RunId("abcdefgh2345")
BRANCH = f"pullwright/3-slugify-{RUN}"
WAITS = Waiting(what=WaitingFor.checks, why="it waits", not_before=at(300))


# Checks of others ----------------------------------------------------------------------------------------------


def check_run(branch: str | None = BRANCH, *, app: int = 99, **more: Any) -> bytes:
    done = {"id": 1, "head_sha": HEAD, "app": {"id": app}, "conclusion": "success", "name": "build"}
    return payload("completed", check_run={**done, "check_suite": {"id": 2, "head_branch": branch}, **more})


def suite(branch: str | None = BRANCH) -> bytes:
    done = {"id": 2, "head_sha": HEAD, "app": {"id": 99}, "conclusion": "success", "head_branch": branch}
    return payload("completed", check_suite=done)


def status(*branches: str) -> bytes:
    return payload("", id=5, sha=HEAD, branches=[{"name": name} for name in branches])


REPORTS = [("check_run", check_run()), ("check_suite", suite()), ("status", status("main", BRANCH))]


@pytest.mark.parametrize(("name", "body"), REPORTS, ids=["check_run", "check_suite", "status"])
def test_a_report_on_a_branch_of_a_run_tells_that_run_to_look(name: str, body: bytes) -> None:
    it = event(name, body)
    handler = handler_of(it)
    assert handler is not None
    assert handler.needs(it).run == RUN
    (signal,) = planned(it, facts(runs=(run(RunState.waiting, id=RUN, waiting=WAITS),)))
    assert isinstance(signal, Signal)
    assert (signal.run_id, signal.kind) == (RUN, SignalKind.checks_done)


def test_the_same_report_told_twice_is_one_signal_and_another_one_is_another() -> None:
    known = facts(runs=(run(RunState.waiting, id=RUN, waiting=WAITS),))
    keys = [
        planned(event("check_run", body), known)[0].key
        for body in (check_run(), check_run(), check_run(conclusion="failure"), check_run(id=9))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    "branch", ["feature/x", "pullwright/3-slugify", "pullwright/3-ab/cd-abcdefgh2345", "pullwright/3-x-ABCDEFGH2345"]
)
def test_a_status_on_a_branch_that_no_run_has_is_ignored(branch: str) -> None:
    assert parse("status", status(branch)) == Ignored("a check on a branch that is no run's")


def test_our_own_check_wakes_nobody() -> None:
    known = facts(runs=(run(RunState.waiting, id=RUN, waiting=WAITS),))
    assert planned(event("check_run", check_run(app=APP.id)), known) == [Ignore("our own check")]


@pytest.mark.parametrize(
    "more",
    [{"waiting": None}, {"waiting": Waiting(what=WaitingFor.time, why="x")}, {"waiting": WAITS, "state": "failed"}],
    ids=["at work", "for a time", "over"],
)
def test_a_run_that_does_not_wait_for_checks_is_left_alone(more: dict[str, Any]) -> None:
    state = RunState(more.pop("state", "waiting"))
    known = facts(runs=(run(state, id=RUN, **more),))
    assert planned(event("check_run", check_run()), known) == [Ignore("no run waits for checks here")]


def test_a_branch_named_like_a_run_that_there_is_not_wakes_nobody() -> None:
    it = event("check_run", check_run())
    assert isinstance(it, ChecksReported)
    assert planned(it, facts(runs=())) == [Ignore("no run waits for checks here")]


# Our own files -------------------------------------------------------------------------------------------------

POLICY = ".github/pullwright.yml"
GREET = ".github/pullwright/workflows/greet.yml"
ZEROS = "0" * 40


def push(*paths: str, before: str = "b" * 40, after: str = HEAD, **more: Any) -> Event | Ignored:
    commits = more.pop("commits", [{"added": [], "modified": list(paths), "removed": []}])
    body = {"ref": "refs/heads/topic", "before": before, "after": after, "commits": commits, **more}
    return parse("push", payload("", **body))


def asked(it: Event | Ignored) -> ConfigQuery | None:
    assert isinstance(it, Pushed)
    return configuration.asked(it)


@pytest.mark.parametrize("path", [POLICY, GREET])
def test_a_push_that_names_a_file_of_ours_is_looked_at(path: str) -> None:
    assert asked(push("README.md", path)) == ConfigQuery(HEAD, "topic", Sha("b" * 40), touched=True)


@pytest.mark.parametrize(
    "path", ["README.md", f"docs/{POLICY}", ".github/pullwright/workflows/README.md", ".github/workflows/ci.yml"]
)
def test_a_push_that_names_everything_and_nothing_of_ours_is_not_looked_at(path: str) -> None:
    assert asked(push(path)) is None


@pytest.mark.parametrize(
    "more",
    [{"commits": []}, {"commits": [{"added": [f"f{n}" for n in range(300)]}]}, {"commits": [{}] * 2048}],
    ids=["nothing named", "many paths", "many commits"],
)
def test_in_doubt_the_files_are_compared(more: dict[str, Any]) -> None:
    assert asked(push(**more)) == ConfigQuery(HEAD, "topic", Sha("b" * 40), touched=False)


def test_a_new_branch_is_compared_with_the_default_branch_whatever_it_names() -> None:
    assert asked(push(POLICY, before=ZEROS)) == ConfigQuery(HEAD, "topic", None, touched=False)


def test_a_branch_that_is_deleted_and_a_tag_are_not_looked_at() -> None:
    assert push(POLICY, after=ZEROS, deleted=True) == Ignored("a push that moves no branch")
    assert push(POLICY, ref="refs/tags/v1") == Ignored("a push that moves no branch")
    assert asked(push(POLICY, after=ZEROS)) is None


def shown(policy: str | None = None, *, operator: str | None = None, **own: str) -> PutCheck:
    files = ConfigFiles(HEAD, File(POLICY, policy) if policy is not None else None, workflows(**own), operator)
    (intent,) = configuration.judged(REPO, facts(config=files))
    assert isinstance(intent, ShowCheck)
    assert intent.key == f"config:{REPO.id}:{HEAD}"
    assert intent.check.external_id.startswith(intent.key)
    return intent.check


def test_every_mistake_of_every_file_is_shown_at_once() -> None:
    check = shown("version: 1\nmerge: robot\nplna: {}\n", greet="name: greet\nsteps: []\n")
    assert check.conclusion is Conclusion.failure
    assert check.title == "3 mistakes in 2 files"
    assert [(one.path, one.line) for one in check.annotations] == [(POLICY, 2), (POLICY, 3), (GREET, 2)]
    assert check.annotations[1].message == "unknown key `plna`; did you mean `plan`?"
    assert f"- `{POLICY}:3:7`: unknown key `plna`; did you mean `plan`?" in check.text


def test_files_without_a_mistake_are_a_success() -> None:
    check = shown("version: 1\n", greet="name: greet\nsteps: [{id: a, run: x}]\n")
    assert (check.conclusion, check.title, check.annotations) == (
        Conclusion.success,
        "The configuration is valid",
        (),
    )
    assert check.summary == "2 files of Pullwright's can be read and used."


def test_a_policy_looser_than_the_operators_is_a_mistake_at_its_place() -> None:
    check = shown("version: 1\nmerge: bot\n", operator="version: 1\npolicy: team\n")
    (one,) = check.annotations
    assert (one.line, one.column) == (2, 8)
    assert one.message == "`merge: bot` is looser than the operator's `person`"


def test_words_of_a_file_can_do_nothing_in_the_text_of_a_check() -> None:
    check = shown("version: 1\n'@ada <!-- x --> ![i](http://x)\n\n/approve': 1\n")
    assert "@ada" not in check.text
    assert "<!--" not in check.text
    assert "\n/approve" not in check.text
    assert len(check.annotations) == 1


def test_mistakes_beyond_what_is_shown_are_counted() -> None:
    rows = "".join(f"  - {{id: s{n}, rnu: x}}\n" for n in range(300))
    check = shown(greet=f"name: greet\nsteps:\n{rows}")
    assert check.title == "301 mistakes in 1 file"  # there are too many steps as well
    assert len(check.annotations) == 200
    assert check.text.endswith("- and 201 more")


def test_a_push_that_changes_no_file_of_ours_is_ignored() -> None:
    it = push("README.md")
    assert isinstance(it, Pushed)
    assert any(isinstance(intent, Ignore) for intent in planned(it, facts()))
    assert configuration.judged(REPO, Facts(app=APP, repository=facts().repository)) == []


@pytest.mark.parametrize(("conclusion", "heard"), [("failure", True), ("timed_out", True), ("success", False)])
def test_a_run_that_waits_for_people_hears_of_red_checks_alone_and_only_where_it_can_mend_them(
    conclusion: str, heard: bool
) -> None:
    it = event("check_run", check_run(conclusion=conclusion))
    waits = Waiting(what=WaitingFor.approval, why="")
    known = [
        facts(runs=(run(RunState.waiting, id=RUN, waiting=one),))
        for one in (waits, waits.model_copy(update={"hears_red": True}))
    ]
    deaf, hearing = (planned(it, one)[0] for one in known)
    assert not isinstance(deaf, Signal)
    assert isinstance(hearing, Signal) == heard
