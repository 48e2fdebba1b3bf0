"""What may start work without anybody asking for it: pull requests, pushes, failing checks, calls, times of day.

Those of GitHub are read here from its payloads; our own come as `core.calls`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from core.calls import Calls, HookCall, OrderCall, TimeCall
from core.names import Repo, Sha
from handlers.event import Event, Ignored, Told, common, unknown
from handlers.payloads import CheckRunPayload, DispatchPayload, PullPayload, PushPayload

_BRANCH = "refs/heads/"
MOST_COMMITS = 2048
"""GitHub names no more of them in a push."""


class Pushed(Told):
    NAME = "push"

    branch: str
    after: Sha
    before: Sha | None = None
    """Where the branch was; None where the push made it."""
    paths: tuple[str, ...] | None
    """What its commits touch; None where GitHub names not all of them."""


class PullOffered(Told):
    """A pull request is there to be looked at: opened, opened again, or taken out of draft, as `how` says."""

    NAME = "pull_request.opened"

    how: Literal["opened", "reopened", "ready_for_review"]
    number: int
    node_id: str
    base: str
    head_sha: Sha
    title: str
    body: str


class PullLabeled(Told):
    NAME = "pull_request.labeled"

    label: str
    number: int
    title: str
    body: str


class CheckFailed(Told):
    """A check run of somebody else ended badly on a branch."""

    NAME = "check_run.completed"

    check_id: int
    name: str
    conclusion: Literal["failure", "timed_out"]
    app_id: int
    branch: str
    head_sha: Sha


class Dispatched(Told):
    NAME = "repository_dispatch"

    type: str
    payload: Mapping[str, Any]


class TimeCame(Event):
    """A time of a workflow's schedule has come."""

    NAME = "schedule"

    workflow: str
    instant: datetime


class HookCalled(Event):
    """Somebody who has the hook's secret called it."""

    NAME = "hook"

    hook: str
    inputs: Mapping[str, Any]


class Ordered(Event):
    """The operator asks for a run, in somebody's name or in ours."""

    NAME = "cli"

    workflow: str
    login: str | None
    number: int | None
    inputs: Mapping[str, Any]


def pushed(payload: PushPayload) -> Event | Ignored:
    branch = payload.ref.removeprefix(_BRANCH)
    if payload.deleted or branch == payload.ref:
        return Ignored("a push that moves no branch")
    paths = {path for commit in payload.commits for path in (*commit.added, *commit.modified, *commit.removed)}
    whole = 0 < len(payload.commits) < MOST_COMMITS
    before = payload.before if payload.before is not None and payload.before.strip("0") else None
    named = tuple(sorted(paths)) if whole else None
    return Pushed(**common(payload), branch=branch, after=payload.after, before=before, paths=named)


def of_a_pull(payload: PullPayload) -> Event | Ignored:
    pull, action = payload.pull_request, payload.action
    about = {**common(payload), "number": pull.number, "title": pull.title, "body": pull.body or ""}
    if action in {"opened", "reopened", "ready_for_review"}:
        at = {"head_sha": pull.head.sha, "base": pull.base.ref, "node_id": pull.node_id}
        return PullOffered(**about, how=action, **at)
    if action == "labeled" and payload.label is not None:
        return PullLabeled(**about, label=payload.label.name)
    return unknown("pull_request", action)


def check_completed(payload: CheckRunPayload, branch: str) -> Event | Ignored:
    check = payload.check_run
    if check.conclusion not in {"failure", "timed_out"}:
        return Ignored("a check that did not fail")
    return CheckFailed(
        **common(payload),
        check_id=check.id,
        name=check.name,
        conclusion=check.conclusion,
        app_id=check.app.id,
        branch=branch,
        head_sha=check.head_sha,
    )


def dispatched(payload: DispatchPayload) -> Event | Ignored:
    return Dispatched(**common(payload), type=payload.action, payload=payload.client_payload or {})


def event_of(call: Calls, repo: Repo, guid: str) -> Event:
    """What a delivery of our own says, about this repository."""
    about: dict[str, Any] = {"repo": repo, "delivery": guid}
    match call:
        case HookCall(hook=hook, inputs=inputs):
            return HookCalled(**about, hook=hook, inputs=inputs)
        case TimeCall(workflow=workflow, instant=instant):
            return TimeCame(**about, workflow=workflow, instant=instant)
        case OrderCall():
            return Ordered(**about, workflow=call.workflow, login=call.login, number=call.number, inputs=call.inputs)
