"""What starts work by itself, and what does not: the filters, the keys, and who must be allowed to."""

from dataclasses import replace
from typing import Any

import pytest
from facts_at_hand import (
    APP,
    HEAD,
    NOON,
    OTHER_HEAD,
    REPO,
    account,
    event,
    facts,
    issue,
    issue_part,
    labelling,
    payload,
    planned,
    workflows,
)

from core.calls import HookCall, OrderCall, TimeCall
from core.github import CheckRun, CheckStatus
from core.intents import Ignore, StartRun
from core.names import Role
from handlers.automatic import event_of
from handlers.reading import parse
from policies.globs import naming

STEPS = "steps: [{id: look, uses: triage}]\n"
INPUTS = "inputs: {branch: {type: string, default: x}, times: {type: number, default: 1}, place: {default: y}}\n"


def known(on: str, **more: Any):
    """The facts of a repository whose workflow `watch` listens to this."""
    found = workflows(watch=f"name: watch\non: {on}\n{INPUTS}{STEPS}")
    assert found.broken == (), found.broken[0].mistakes
    return facts(workflows=found, told_at=NOON, head=HEAD, **more)


def pushed(*paths: str, branch: str = "main", sender: str = "ada", **more: Any):
    commits = [{"added": list(paths)}] if paths else []
    body = payload("", sender, ref=f"refs/heads/{branch}", after=HEAD, commits=commits, **more)
    return event("push", body)


def failed(conclusion: str = "failure", name: str = "tests (3.12)", branch: str = "main"):
    suite = {"id": 5, "head_branch": branch}
    run = {"id": 70, "head_sha": HEAD, "app": {"id": 99}, "name": name, "conclusion": conclusion, "check_suite": suite}
    return event("check_run", payload("completed", check_run=run))


def check(**more: Any) -> CheckRun:
    values = {
        "id": 70,
        "name": "tests (3.12)",
        "head_sha": HEAD,
        "external_id": "",
        "status": CheckStatus.completed,
        "conclusion": "failure",
        "app_id": 99,
    }
    return CheckRun(**(values | more))


def dispatched(name: str = "deploy", sender: str = "ada", guid: str = "g-1", **given: Any):
    return parse("repository_dispatch", payload(name, sender, client_payload=given), guid)


# Pushes ---------------------------------------------------------------------------------------------------------


def test_a_push_starts_what_listens_at_the_commit_that_was_pushed_in_our_own_name():
    (started,) = [one for one in planned(pushed("a.py"), known("{push: {}}")) if isinstance(one, StartRun)]
    assert started.key == f"push:1:main:{HEAD}:watch"
    assert (started.requester, started.base) == (APP.login, ("main", HEAD))
    assert started.inputs == {"branch": "main"}


@pytest.mark.parametrize(
    ("on", "it", "starts"),
    [
        ("{push: {branches: [main]}}", pushed("a.py"), True),
        ("{push: {branches: ['release/*']}}", pushed("a.py", branch="release/1"), True),
        ("{push: {branches: [main]}}", pushed("a.py", branch="main/evil"), False),
        ("{push: {branches: [main]}}", pushed("a.py", branch="next/main"), False),
        ("{push: {paths: ['docs/**']}}", pushed("docs/a.md", "b.py"), True),
        ("{push: {paths: ['docs/**']}}", pushed("b.py"), False),
        ("{push: {paths: ['docs/**']}}", pushed(), True),  # GitHub does not say what it touches
        ("{push: {}}", pushed("a.py", branch="pullwright/7-x-abc"), False),
        ("{push: {}}", pushed("a.py", sender="pullwright-dev[bot]"), False),
        ("{checks: {}}", pushed("a.py"), False),
    ],
)
def test_a_push_starts_only_what_its_filters_let_pass_and_never_what_is_our_own(on, it, starts):
    assert any(isinstance(one, StartRun) for one in planned(it, known(on))) is starts


def test_a_push_that_the_branch_has_moved_on_from_starts_nothing():
    assert Ignore("the branch has moved on") in planned(pushed("a.py"), replace(known("{push: {}}"), head=OTHER_HEAD))


def test_nothing_starts_while_the_policy_is_broken_or_the_repository_archived():
    fine = known("{push: {}}")
    broken = replace(fine, policy=replace(fine.policy, text="nonsense: 1"))
    archived = replace(fine, repository=fine.repository.model_copy(update={"archived": True}))
    for there in (broken, archived):
        assert not any(isinstance(one, StartRun) for one in planned(pushed("a.py"), there))


# Checks ---------------------------------------------------------------------------------------------------------


def test_a_failing_check_of_somebody_else_starts_what_listens_once_per_check_run():
    (started,) = planned(failed(), known("{checks: {branches: [main], names: ['tests*']}}", check=check()))
    assert (started.key, started.base) == ("check:70:watch", ("main", HEAD))


@pytest.mark.parametrize(
    "there",
    [
        {"check": None},
        {"check": check(conclusion="success")},
        {"check": check(app_id=APP.id)},
        {"check": check(), "head": OTHER_HEAD},
        {"check": check(name="lint")},
    ],
)
def test_a_check_that_github_shows_otherwise_starts_nothing(there):
    found = replace(known("{checks: {names: ['tests*']}}"), **there)
    assert not any(isinstance(one, StartRun) for one in planned(failed(), found))


# Dispatches, hooks, times -----------------------------------------------------------------------------------------


def test_a_dispatch_starts_in_the_name_of_its_caller_with_the_payloads_fields_as_values():
    it = dispatched(times=3, place="${{ subject.title }}; rm -rf /", other={"deep": 1})
    (started,) = planned(it, known("{repository_dispatch: {types: [deploy]}}"))
    assert (started.requester, started.key) == ("ada", "dispatch:1:guid:g-1:watch")
    assert started.inputs == {"times": 3, "place": "${{ subject.title }}; rm -rf /"}


def test_a_dispatch_with_an_id_is_the_same_one_however_often_it_is_sent():
    there = known("{repository_dispatch: {}}")
    keys = {planned(dispatched(guid=guid, id=7), there)[0].key for guid in ("g-1", "g-2")}
    assert keys == {"dispatch:1:deploy:id:7:watch"}


def test_ids_of_dispatches_that_only_begin_alike_are_two_calls_however_long_they_are():
    there = known("{repository_dispatch: {}}")
    long = [*("a" * 1_000 + end for end in ("b", "c")), int("1" * 300), int("1" * 299 + "2")]
    keys = {planned(dispatched(id=one), there)[0].key for one in (*long, *long)}
    assert len(keys) == len(long)
    assert all(len(key) < 120 for key in keys)


@pytest.mark.parametrize(
    ("it", "more", "why"),
    [
        (dispatched("other"), {}, "no workflow listens to this"),
        (dispatched(), {"role": Role.read}, "needs the role `triage` or above"),
        (dispatched(sender="pullwright-dev[bot]"), {}, "our own doing"),
        (dispatched(times="many"), {}, "`times` is a number, and `many` is none"),
        (dispatched(times={"a": 1}), {}, "`times` is no plain value"),
        (dispatched(times=1e999), {}, "`times` is no plain value"),
        (dispatched(place="x" * 10_001), {}, "`place` is longer than 10,000 characters"),
    ],
)
def test_a_dispatch_that_may_not_start_anything_says_why_in_the_inbox(it, more, why):
    (ignored,) = planned(it, known("{repository_dispatch: {types: [deploy]}}", **more))
    assert why in ignored.why


def test_a_call_starts_only_what_listens_to_its_hook_and_the_same_call_only_once():
    call = HookCall(repository="acme/site", hook="nightly", inputs={"place": "north"})
    (started,) = planned(event_of(call, REPO, "abc"), known("{hook: nightly}"))
    assert (started.key, started.inputs, started.requester) == ("hook:1:abc:watch", {"place": "north"}, APP.login)
    assert not any(isinstance(one, StartRun) for one in planned(event_of(call, REPO, "abc"), known("{hook: other}")))


def test_a_time_starts_its_own_workflow_if_that_still_has_a_schedule():
    came = event_of(TimeCall(repository="acme/site", workflow="watch", instant=NOON), REPO, "g")
    on = "{schedule: [{cron: 0 3 * * *}]}"
    (started,) = planned(came, known(on))
    assert started.key == "schedule:1:2026-01-01T12:00Z:watch"
    other = event_of(TimeCall(repository="acme/site", workflow="gone", instant=NOON), REPO, "g")
    assert planned(other, known(on)) == [Ignore("no workflow listens to this")]


# Issues ---------------------------------------------------------------------------------------------------------


def opened(sender: str = "reporter"):
    return event("issues", payload("opened", sender, issue=issue_part()))


def labelled(label: str = "bug"):
    return event("issues", payload("labeled", issue=issue_part(), label={"name": label}))


def test_an_opened_issue_starts_what_listens_in_its_authors_name():
    (started,) = planned(opened(), known("{issues: {}}"))
    assert (started.key, started.requester, started.subject.number) == ("issue:1:3:opened:watch", "reporter", 3)


@pytest.mark.parametrize(
    ("on", "more"),
    [
        ("{issues: {types: [labeled]}}", {}),
        ("{issues: {labels: [bug]}}", {}),
        ("{issues: {authors: [olga]}}", {}),
        ("{issues: {}}", {"role": Role.none}),
        ("{issues: {}}", {"issue": issue(author=account("dependabot[bot]", bot=True))}),
        ("{issues: {}}", {"issue": issue(author=account("olga"))}),
        ("{issues: {}}", {"issue": issue(open=False)}),
        ("{issues: {}}", {"issue": issue(created_at=NOON.replace(year=2025))}),
    ],
)
def test_an_opened_issue_starts_nothing_else_and_nobody_is_answered(on, more):
    assert all(isinstance(one, Ignore) for one in planned(opened(), known(on, **more)))


def test_a_label_starts_what_listens_to_it_in_the_name_of_who_gave_it():
    given = labelling(label="Bug", actor=account("olga"))
    (started,) = planned(labelled("Bug"), known("{issues: {types: [labeled], labels: [bug]}}", labelling=given))
    assert (started.key, started.requester) == ("issue:1:3:labeled:900:watch", "olga")


# The operator ---------------------------------------------------------------------------------------------------


def test_what_speaks_in_a_thread_needs_an_issue_when_it_is_ordered():
    text = "name: watch\non: {command: watch}\nsteps: [{id: a, github: {comment: hello}}]\n"
    call = OrderCall(repository="acme/site", workflow="watch", login="ada")
    there = facts(workflows=workflows(watch=text), told_at=NOON)
    assert planned(event_of(call, REPO, "g"), there) == [Ignore("`watch` speaks in a thread: name an issue")]
    (started,) = planned(event_of(call.model_copy(update={"number": 3}), REPO, "g"), there)
    assert (started.key, started.subject.number, started.requester) == ("cli:g:watch", 3, "ada")


def test_names_are_matched_as_a_whole():
    names = ["main", "next/main", "main/next", "dependabot[bot]", "dependaboto"]
    assert naming(names, ["main"]) == ["main"]
    assert naming(names, ["main*"]) == ["main", "main/next"]
    assert naming(names, ["Dependabot[bot]"]) == ["dependabot[bot]"]
