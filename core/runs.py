"""The records of the store, as values."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from core.effects import Act
from core.names import Digest, Epoch, Plain, Repo, RunId, Sha, Subject, Value, WorkerId
from core.states import RunState, WaitingFor


class Delivery(Value):
    """One webhook event as received. The GUID is the inbox key; it is not signed, so it guards nothing else."""

    hook_id: str
    guid: str
    event: str
    body: bytes
    received_at: datetime


class ThreadComment(Value):
    """A comment as it stood at the trigger."""

    id: int
    author: str
    author_association: str
    body: str
    created_at: datetime


class Snapshot(Value):
    """The subject's text as it stood at the trigger. Later or edited words never reach a model."""

    title: str
    body: str
    author: str
    author_association: str
    taken_at: datetime
    comments: tuple[ThreadComment, ...] = ()
    head: Sha | None = None
    """Of an open pull request: its head, which the run works with. Anybody may have written it."""
    fork: bool = False
    """Whether that head lies in a fork, or in a repository that is gone. The run has no network then."""


class Waiting(Value):
    """What a parked run waits for, and of whom."""

    what: WaitingFor
    why: str
    person: str | None = None
    """The login of the one person who is asked."""
    digest: Digest | None = None
    """What an approval must bind to."""
    binds: Literal["plan", "change"] | None = None
    """What that is; None: the change once there is a pull request, before it the plan."""
    asked_in: int | None = None
    """The comment that put the question to people. Ids of comments only grow: a lower one is no answer to it."""
    not_before: datetime | None = None
    """Look again at this time, whatever happens. No process sleeps for it."""
    looked_at: datetime | None = None
    """When what it waits for was looked at last."""
    heard_at: datetime | None = None
    """When something was heard last that has not been looked into yet."""
    hears_red: bool = False
    """Whether a red check wakes it, although it waits for people."""
    stuck: bool = False
    """Whether nobody can approve what lies there as it is: `/continue` goes on with it, or has the run look again, and
    `/retry` takes its place."""


class Part(Value):
    """Which part of its parent's work a run does: an item of a `foreach`, or a sub-workflow."""

    step: str
    """The id of the parent's step."""
    index: int = 0
    """The item's place in the list."""
    item: Any = None
    attempt: int = 0
    """Which run for this item: the first, or one that somebody asked for after it failed."""
    whole: bool = False
    """It does every step of a workflow of its own and sees nothing of its parent's; else those of the parent's step."""
    tree: Sha
    """The parent's tree as the part finds it."""
    alike: int = 1
    """How many parts like this one there may be in the whole run, itself included: the items of its list, times those
    of the lists around that. So no number of lists within lists makes more runs than `core.fanout` allows."""


class NewRun(Value):
    """What intake writes; everything that is pinned for the run's whole life."""

    id: RunId
    workflow: str
    workflow_text: str
    workflow_digest: Digest
    repo: Repo
    subject: Subject
    base_ref: str
    base_sha: Sha
    base_pinned: bool = False
    """Whether it is about this very commit. Else one that stood in line begins at the default branch as it is then."""
    trigger_key: str
    """UNIQUE: the same trigger never starts two runs."""
    requester: str
    source: str
    """How it was asked for, in words for the journal: `label`, `comment 123`, `cli`."""
    source_comment_id: int | None = None
    snapshot: Snapshot
    inputs: Mapping[str, Plain] = {}
    retry_of: RunId | None = None
    parent_id: RunId | None = None
    """The run that this one is a part of. It speaks to nobody: its parent does."""
    part: Part | None = None
    behind_id: RunId | None = None
    """The run that must end before this one may begin: they have the same subject."""
    created_at: datetime


class Run(NewRun):
    state: RunState
    epoch: Epoch
    lease_owner: WorkerId | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    """Times it was claimed since it last got on, less those that an outage ended."""
    outages: int = 0
    """Times since it last got on that something outside did not answer."""
    away_seconds: int = 0
    """For how long it was put off since then because something was away, whoever found that."""
    waiting: Waiting | None = None
    """What the run waits for; while somebody looks at what came in, still what it waited for until then."""
    ended_why: str | None = None
    ended_code: str | None = None
    pull_number: int | None = None
    extra_usd: Decimal = Decimal(0)
    """What people added, with `/budget`, to the price that policy allows for it and its parts."""
    updated_at: datetime


class SignalKind(StrEnum):
    approve = "approve"
    reject = "reject"
    keep = "keep"
    """Somebody wants some files of the change alone: a JSON list in `text`."""
    answer = "answer"
    """Somebody answered what the run asks, in `text`."""
    cancel = "cancel"
    closed = "closed"
    void = "void"
    """A comment or review that granted something was edited, deleted or dismissed."""
    pushed = "pushed"
    """A person pushed to the run's branch."""
    checks_done = "checks_done"
    """A check of the repository's own was reported on what the run shipped: a hint to look, and nothing more."""
    look_again = "look_again"
    """Somebody asked GitHub for a check of the run's again, the one named in `text`."""
    paths_free = "paths_free"
    """The run ended that shipped paths which this one is to ship."""
    moved_up = "moved_up"
    """The run ended behind which this one stood in line: it is its turn, and what was looked up for it is old."""
    part_ended = "part_ended"
    """A run that does a part of this one's work is over, however it ended."""
    unlocked = "unlocked"
    """The conversation was unlocked: what could not be said there can be."""
    go_on = "go_on"
    """Somebody wants the run to go on with what it put off."""
    budget = "budget"
    """Somebody raises what the run may cost by so many dollars, in `text`."""
    take = "take"
    """Somebody takes the run's pull request over."""
    revise = "revise"
    """Somebody wants the plan to be made anew, with the feedback in `text`."""


class NewSignal(Value):
    """Something that happened to a run from outside. Only the lease holder applies it."""

    key: str
    """UNIQUE and semantic: `comment:<node id>:<index>:<verb>`, `review:<node id>` …"""
    run_id: RunId
    kind: SignalKind
    actor: str
    digest: str | None = None
    """What the person typed or what the review covers; None: the current gate."""
    text: str = ""
    """A reason, in the person's words."""
    comment_id: int | None = None
    review_id: int | None = None
    edit_id: str | None = None
    """The edit of our own comment by which a box was ticked in it."""
    vouches_for: int | None = None
    """The comment of a stranger that holds what is said: whoever says it vouches for it."""
    at: datetime


class Step(Value):
    """A memo that control flow reads: intent, then outcome."""

    key: str
    input_hash: Digest
    state: str
    """`started` or `done`."""
    output: Any = None
    cost_usd: Decimal | None = None


class Event(Value):
    """An entry of the audit journal, chained to the one before by hash. Never read for control."""

    seq: int
    at: datetime
    name: str
    """`subject.verb`: `run.started`, `step.finished`, `approval.granted`, `effect.done` …"""
    actor: str
    """A login, or `pullwright`."""
    facts: Mapping[str, Any] = {}
    hash: Digest


class EffectState(StrEnum):
    pending = "pending"
    acting = "acting"
    done = "done"
    failed = "failed"


class NewEffect(Value):
    key: str
    run_id: RunId | None
    repo: Repo
    act: Act
    at: datetime


class Effect(NewEffect):
    state: EffectState
    receipt: Mapping[str, Any] | None = None
    attempts: int = 0
    not_before: datetime | None = None
    error: str | None = None


class Approval(Value):
    """A person said yes to exactly this content."""

    run_id: RunId
    gate: str
    """The step id of the gate."""
    digest: Digest
    actor: str
    role: str
    actor_id: int | None = None
    """The number of their account, which no other ever has; None where they ticked a box."""
    comment_id: int | None = None
    review_id: int | None = None
    edit_id: str | None = None
    """The edit that ticked a box in the comment, which is our own then."""
    comment_hash: Digest | None = None
    """SHA-256 of the approving comment's body: a later edit voids it."""
    at: datetime
    voided_why: str | None = None
