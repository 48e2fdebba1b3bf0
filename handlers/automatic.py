"""What may start work without anybody asking for it: pushes, failing checks, calls from elsewhere, times of day.

Those of GitHub are read here from its payloads, our own from bodies that this service wrote or whose signature it
checked: no payload of GitHub's can pass for one of them, since they come under hooks that GitHub has no number for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.names import Repo, Sha
from core.runs import Delivery
from handlers.event import Event, Ignored, Told, common
from handlers.payloads import CheckRunPayload, DispatchPayload, Login, PushPayload

HOOKS, CLOCK, CLI = "hooks", "clock", "cli"
"""The hooks that our own deliveries come under."""
OWN = frozenset({HOOKS, CLOCK, CLI})

_BRANCH = "refs/heads/"
MOST_COMMITS = 2048
"""GitHub names no more of them in a push."""

FullName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
WorkflowName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Pushed(Told):
    NAME = "push"

    branch: str
    after: Sha
    before: Sha | None = None
    """Where the branch was; None where the push made it."""
    paths: tuple[str, ...] | None
    """What its commits touch; None where GitHub names not all of them."""


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
    """The operator asks for a run, in somebody's name."""

    NAME = "cli"

    workflow: str
    login: str
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


class Body(BaseModel):
    """The body of a delivery of our own. The repository is named as people name it; the store knows which it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: FullName

    def event(self, repo: Repo, guid: str) -> Event:
        raise NotImplementedError


class TimeBody(Body):
    workflow: WorkflowName
    instant: datetime

    def event(self, repo: Repo, guid: str) -> Event:
        return TimeCame(repo=repo, delivery=guid, workflow=self.workflow, instant=self.instant)


class HookBody(BaseModel):
    """What the caller of a hook sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: FullName
    inputs: dict[str, Any] = Field({}, max_length=100)


class CalledBody(Body):
    """The same as it is stored, with the hook whose secret it was signed with."""

    hook: WorkflowName
    inputs: dict[str, Any] = {}

    def event(self, repo: Repo, guid: str) -> Event:
        return HookCalled(repo=repo, delivery=guid, hook=self.hook, inputs=self.inputs)


class OrderBody(Body):
    workflow: WorkflowName
    login: Login
    number: Annotated[int, Field(gt=0)] | None = None
    inputs: dict[str, str] = {}

    def event(self, repo: Repo, guid: str) -> Event:
        return Ordered(
            repo=repo,
            delivery=guid,
            workflow=self.workflow,
            login=self.login,
            number=self.number,
            inputs=self.inputs,
        )


_BODIES: Mapping[str, type[Body]] = {HOOKS: CalledBody, CLOCK: TimeBody, CLI: OrderBody}


def own(delivery: Delivery) -> Body | Ignored:
    """What a delivery of our own says; its hook is one of OWN."""
    try:
        return _BODIES[delivery.hook_id].model_validate_json(delivery.body)
    except ValidationError:
        return Ignored(f"a delivery of our own ({delivery.hook_id}) that this version cannot read")
