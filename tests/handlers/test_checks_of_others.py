"""Our checks where somebody else asks for them: people's own pull requests, merge groups, checks again."""

from typing import Any

import pytest
from facts_at_hand import APP, HEAD, OTHER_HEAD, REPO, account, event, facts, payload, planned, pull, run, waiting_run

from core.facts import ConfigFiles, FactQuery, Facts
from core.github import BranchRules, CheckRun, CheckStatus, Conclusion
from core.intents import Ignore, ShowCheck, Signal
from core.names import RunId
from core.runs import SignalKind
from core.workflow.catalogue import File
from handlers import handler_of
from handlers.event import Event
from handlers.not_ours import APPROVAL
from handlers.reading import parse
from handlers.triggered import NOT_LISTENED

REQUIRED = BranchRules(required_checks=("build", APPROVAL))
QUEUED = BranchRules(required_checks=(APPROVAL,), merge_queue=True)
GROUP = "gh-readonly-queue/main/pr-4-" + "c" * 40
PEOPLES = pull(author=account("bob"), app_authored=False, head_ref="topic")


def check(app: int = APP.id, name: str = APPROVAL, external_id: str = "abcdefgh2345:approval") -> CheckRun:
    return CheckRun(
        id=1,
        name=name,
        head_sha=HEAD,
        external_id=external_id,
        status=CheckStatus.completed,
        conclusion=None,
        app_id=app,
    )


def offered(action: str = "opened", base: str = "main") -> Event:
    part = {"number": 4, "node_id": "PR_4", "head": {"sha": HEAD}, "base": {"ref": base}, "title": "t", "body": ""}
    return event("pull_request", payload(action, pull_request=part))


def group(branch: str = GROUP, base: str = "refs/heads/main") -> Event:
    part = {"head_sha": HEAD, "head_ref": f"refs/heads/{branch}", "base_ref": base, "base_sha": "c" * 40}
    return event("merge_group", payload("checks_requested", merge_group=part))


def known(**more: Any) -> Facts:
    return facts(**({"pull": PEOPLES, "rules": REQUIRED, "policy": None, "head": HEAD} | more))


def shown(intents: list[Any]) -> list[ShowCheck]:
    return [one for one in intents if isinstance(one, ShowCheck)]


# People's own pull requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
def test_where_our_check_is_required_a_pull_request_of_a_person_gets_it_at_once(action: str) -> None:
    (answer,) = shown(planned(offered(action), known()))
    assert (answer.check.name, answer.check.head_sha, answer.check.conclusion) == (APPROVAL, HEAD, Conclusion.success)
    assert answer.check.title == "Nothing to decide here"
    assert answer.key == f"check:not-ours:{REPO.id}:{HEAD}"


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
def test_what_it_asks_for_is_the_rules_of_the_base_and_the_checks_of_the_head(action: str) -> None:
    needed = handler_of(offered(action, "next")).needs(offered(action, "next"))
    assert isinstance(needed, FactQuery)
    assert (needed.rules, needed.required, needed.checks_on) == ("next", APPROVAL, HEAD)


def test_a_draft_that_is_made_ready_had_its_answer_when_it_was_opened() -> None:
    assert handler_of(offered("ready_for_review")).needs(offered("ready_for_review")).rules is None


@pytest.mark.parametrize(
    "more",
    [{"rules": BranchRules(required_checks=("build",))}, {"rules": BranchRules()}, {"rules": None}],
    ids=["another check", "none", "not asked"],
)
def test_where_it_is_not_required_nothing_is_shown(more: dict[str, Any]) -> None:
    assert planned(offered(), known(**more)) == [NOT_LISTENED]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"pull": pull()}, "our own pull request"),
        (
            {"pull": PEOPLES.model_copy(update={"head_ref": "pullwright/3-slug-abcdefgh2345"})},
            "our own pull request",
        ),
        ({"checks": [check()]}, "a run of ours has its checks on this commit"),
        (
            {"checks": [check(name="pullwright/tests", external_id="abcdefgh2345:tests")]},
            "a run of ours has its checks on this commit",
        ),
        ({"pull": PEOPLES.model_copy(update={"open": False})}, "the pull request is closed, or has moved on"),
        (
            {"pull": PEOPLES.model_copy(update={"head_sha": OTHER_HEAD})},
            "the pull request is closed, or has moved on",
        ),
    ],
    ids=["ours", "from our branch", "at our head", "at our new head", "closed", "moved on"],
)
def test_nobody_approves_the_bots_commit_by_a_pull_request_of_their_own(more: dict[str, Any], why: str) -> None:
    assert planned(offered(), known(**more))[0] == Ignore(why)
    assert shown(planned(offered(), known(**more))) == []


@pytest.mark.parametrize(
    "there",
    [check(app=99), check(name="pullwright/config", external_id="config:1:x"), check(external_id="people:1:x")],
    ids=["of another app", "about our files", "given before"],
)
def test_checks_that_are_no_runs_do_not_stand_in_the_way(there: CheckRun) -> None:
    assert len(shown(planned(offered(), known(checks=[there])))) == 1


# Merge groups --------------------------------------------------------------------------------------------------


def test_a_merge_group_gets_our_check_at_once_where_it_is_required() -> None:
    needed = handler_of(group()).needs(group())
    assert needed == FactQuery(rules="main", required=APPROVAL, branch=(GROUP, HEAD), checks_on=HEAD)
    (answer,) = shown(planned(group(), known(rules=QUEUED, pull=None)))
    assert answer.check.summary == "Whatever is in the merge queue was approved before it got there."


@pytest.mark.parametrize(
    ("it", "more", "why"),
    [
        (group("pullwright/3-slug-abcdefgh2345"), {}, "not the branch of a merge queue"),
        (group(), {"rules": REQUIRED}, "no merge queue makes groups here"),
        (group(), {"rules": BranchRules(merge_queue=True)}, "nobody requires our check here"),
        (group(), {"head": OTHER_HEAD}, "the merge group is gone"),
        (group(), {"head": None}, "the merge group is gone"),
        (group(), {"checks": [check()]}, "a run of ours has its checks on this commit"),
    ],
    ids=["another branch", "no queue", "not required", "moved", "gone", "the bot's own head"],
)
def test_what_only_calls_itself_a_merge_group_is_not_answered(it: Event, more: dict[str, Any], why: str) -> None:
    assert planned(it, known(**({"rules": QUEUED} | more))) == [Ignore(why)]


def test_a_merge_group_that_goes_away_means_nothing() -> None:
    part = {"head_sha": HEAD, "head_ref": f"refs/heads/{GROUP}", "base_ref": "refs/heads/main"}
    assert (
        parse("merge_group", payload("destroyed", merge_group=part)).why == "nothing listens to merge_group.destroyed"
    )


# Asked for again -----------------------------------------------------------------------------------------------


def again(
    name: str = "policy", external_id: str = "abcdefgh2345:policy", *, app: int = APP.id, by: str = "ada"
) -> Event:
    part = {"id": 70, "name": f"pullwright/{name}", "external_id": external_id, "head_sha": HEAD, "app": {"id": app}}
    suite = {"check_suite": {"id": 2, "head_branch": "topic"}}
    return event("check_run", payload("rerequested", by, check_run=part | suite))


def test_the_run_of_the_check_looks_again_where_it_waits() -> None:
    assert handler_of(again()).needs(again()) == FactQuery(run=RunId("abcdefgh2345"))
    (signal,) = planned(again(), facts(runs=[waiting_run(change=True)]))
    assert isinstance(signal, Signal)
    assert (signal.kind, signal.actor, signal.text) == (SignalKind.look_again, "ada", "policy")


@pytest.mark.parametrize(
    ("it", "runs", "why"),
    [
        (again(app=99), [waiting_run(change=True)], "not a check of ours"),
        (again(by="x[bot]"), [waiting_run(change=True)], "x[bot] is a bot"),
        (again(), [run()], "the run of this check does not wait: its checks say what they came to"),
        (again(), [], "the run of this check does not wait: its checks say what they came to"),
        (again(external_id="people:1:x"), [], "not a check of a run, nor of our own files"),
        (again(external_id=""), [], "not a check of a run, nor of our own files"),
    ],
)
def test_these_are_not_looked_at_again(it: Event, runs: list[Any], why: str) -> None:
    assert planned(it, facts(runs=runs)) == [Ignore(why)]


def test_our_own_files_of_the_commit_are_read_again_and_the_answer_is_given_anew() -> None:
    it = again("config", f"config:{REPO.id}:{HEAD}")
    needed = handler_of(it).needs(it)
    assert isinstance(needed, FactQuery)
    assert needed.config is not None
    assert (needed.config.sha, needed.config.branch, needed.config.touched) == (HEAD, "topic", True)
    policy = File(".github/pullwright.yml", "policy: team\n")
    files = ConfigFiles(HEAD, policy, facts().workflows)
    (answer,) = shown(planned(it, facts(config=files)))
    assert answer.check.conclusion is Conclusion.success
    assert answer.key.startswith(f"config:{REPO.id}:{HEAD}:")
