"""The tables. `migrations/` makes them; a test holds the two together.

Every query of a run's life is answered by an index, which keeps its cost the same beside ten runs and beside a hundred
thousand. A partial index is used by SQLite only where the query repeats its condition without parameters.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from adapters.store.columns import Dollars, Instant, Json, Words, one_of
from core.boards import AlarmKind
from core.runs import EffectState, SignalKind
from core.states import RunState, WaitingFor


class DeliveryState(StrEnum):
    pending = "pending"
    routed = "routed"
    dead = "dead"


class StepState(StrEnum):
    started = "started"
    done = "done"
    failed = "failed"


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key's type is exactly INTEGER."""


def _only(condition: str) -> dict[str, Any]:
    """The condition of a partial index, which each dialect takes under its own name."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _run_id(*, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(
        "run_id", Words, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=primary_key, nullable=nullable
    )


deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("hook_id", Words, primary_key=True),
    sa.Column("guid", Words, primary_key=True),
    sa.Column("event", Words, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("state", one_of(DeliveryState), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("outcome", Words),
    sa.Column("error", Words),
    # Where people may ask why nothing came of it: empty in all that meant something, and in what never could.
    sa.Column("repo_id", sa.BigInteger),
    sa.Column("number", sa.BigInteger),
    sa.Index("ix_deliveries_received_at", "received_at"),
    sa.Index("ix_deliveries_passed_by", "repo_id", "number", "received_at", **_only("number IS NOT NULL")),
    sa.Index("ix_deliveries_state", "state", "received_at", "guid"),
    sa.Index("ix_deliveries_guid", "guid"),
)

_ALONE = "ended_at IS NULL AND parent_id IS NULL AND behind_id IS NULL"

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("workflow", Words, nullable=False),
    sa.Column("workflow_text", Words, nullable=False),
    sa.Column("workflow_digest", Words, nullable=False),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("repo", Json, nullable=False),
    sa.Column("subject_kind", Words, nullable=False),
    sa.Column("subject_number", sa.BigInteger, nullable=False),
    sa.Column("base_ref", Words, nullable=False),
    sa.Column("base_sha", Words, nullable=False),
    sa.Column("base_pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("trigger_key", Words, nullable=False, unique=True),
    sa.Column("requester", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("source_comment_id", sa.BigInteger),
    sa.Column("snapshot", Json, nullable=False),
    sa.Column("inputs", Json, nullable=False),
    sa.Column("retry_of", Words),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("state", one_of(RunState), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("lease_owner", Words),
    sa.Column("lease_until", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("outages", sa.Integer, nullable=False, server_default="0"),
    sa.Column("away_seconds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting_for", one_of(WaitingFor)),
    sa.Column("waiting", Json),
    sa.Column("not_before", Instant),
    sa.Column("pull_number", sa.BigInteger),
    sa.Column("ended_at", Instant),
    sa.Column("ended_why", Words),
    sa.Column("ended_code", Words),
    sa.Column("rings", sa.BigInteger, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("journal_head", Words),
    sa.Column("parent_id", Words),
    sa.Column("part", Json),
    sa.Column("behind_id", Words),
    # The account and the name of the repository when the run began, in small letters: GitHub tells no case apart.
    sa.Column("owner", Words, nullable=False, server_default=""),
    sa.Column("name", Words, nullable=False, server_default=""),
    # What people added to the price that policy allows for the run and its parts.
    sa.Column("extra_usd", Dollars, nullable=False, server_default="0"),
    sa.CheckConstraint("(ended_at IS NULL) = (state IN ('queued', 'running', 'waiting'))", name="ended"),
    sa.CheckConstraint("(lease_until IS NOT NULL) = (state = 'running')", name="leased"),
    sa.CheckConstraint("(waiting_for IS NOT NULL) = (state = 'waiting')", name="waiting"),
    # One unfinished run per subject: it would otherwise push two branches and answer one person twice. Those that are a
    # part of another one, or wait in line behind one, do neither; about a whole repository each workflow has one.
    sa.Index(
        "ux_runs_unfinished_subject",
        "repo_id",
        "subject_kind",
        "subject_number",
        unique=True,
        **_only(f"{_ALONE} AND subject_kind <> 'repository'"),
    ),
    sa.Index(
        "ux_runs_unfinished_repository",
        "repo_id",
        "workflow",
        unique=True,
        **_only(f"{_ALONE} AND subject_kind = 'repository'"),
    ),
    sa.Index("ix_runs_parent", "parent_id", "id"),
    sa.Index("ix_runs_behind", "behind_id", "created_at"),
    sa.Index("ix_runs_subject", "repo_id", "subject_number", "created_at"),
    sa.Index("ix_runs_pull", "repo_id", "pull_number"),
    sa.Index("ix_runs_created_at", "created_at", "id"),
    sa.Index("ix_runs_state", "state", "created_at", "id"),
    # Whoever hears a bell looks at all that is queued and at all that is running. Both stand here whole: the rows
    # themselves are long, with the text of a workflow and of an issue in each. (With the state in front SQLite takes
    # them rather than the index on the state.)
    sa.Index(
        "ix_runs_queued",
        "state",
        "created_at",
        "id",
        "owner",
        "name",
        "repo_id",
        "parent_id",
        "behind_id",
        "not_before",
        "subject_number",
        **_only("state = 'queued'"),
    ),
    sa.Index("ix_runs_running", "state", "owner", "repo_id", "id", **_only("state = 'running'")),
    sa.Index("ix_runs_ended_at", "ended_at", "id", **_only("ended_at IS NOT NULL AND parent_id IS NULL")),
)

signals = sa.Table(
    "signals",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("key", Words, nullable=False, unique=True),
    _run_id(),
    sa.Column("kind", one_of(SignalKind), nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("digest", Words),
    sa.Column("text", Words, nullable=False),
    sa.Column("comment_id", sa.BigInteger),
    sa.Column("review_id", sa.BigInteger),
    sa.Column("edit_id", Words),
    sa.Column("vouches_for", sa.BigInteger),
    sa.Column("at", Instant, nullable=False),
    sa.Column("outcome", Words),
    sa.Index("ix_signals_run_id", "run_id"),
    sa.Index("ix_signals_unapplied", "run_id", **_only("outcome IS NULL")),
)

steps = sa.Table(
    "steps",
    metadata,
    _run_id(primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("input_hash", Words, nullable=False),
    sa.Column("state", one_of(StepState), nullable=False),
    sa.Column("output", Json),
    sa.Column("cost_usd", Dollars),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

events = sa.Table(
    "events",
    metadata,
    _run_id(primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("hash", Words, nullable=False),
)

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("key", Words, nullable=False, unique=True),
    _run_id(nullable=True),
    sa.Column("repo", Json, nullable=False),
    sa.Column("act", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", one_of(EffectState), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("receipt", Json),
    sa.Column("error", Words),
    sa.Index("ix_effects_run_id", "run_id"),
    sa.Index("ix_effects_state", "state", "id"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    _run_id(),
    sa.Column("gate", Words, nullable=False),
    sa.Column("digest", Words, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("role", Words, nullable=False),
    sa.Column("actor_id", sa.BigInteger),
    sa.Column("comment_id", sa.BigInteger),
    sa.Column("review_id", sa.BigInteger),
    sa.Column("edit_id", Words),
    sa.Column("comment_hash", Words),
    sa.Column("at", Instant, nullable=False),
    sa.Column("voided_why", Words),
    sa.Index("ix_approvals_run_id", "run_id", "gate"),
)

artifacts = sa.Table(
    "artifacts",
    metadata,
    _run_id(primary_key=True),
    sa.Column("name", Words, primary_key=True),
    sa.Column("digest", Words, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("media_type", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

installations = sa.Table(
    "installations",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account", Words, nullable=False),
    sa.Column("suspended", sa.Boolean(create_constraint=False), nullable=False),
)

repositories = sa.Table(
    "repositories",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", Words, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("installation_id", sa.BigInteger, nullable=False),
    sa.Index("ix_repositories_installation_id", "installation_id"),
)

costs = sa.Table(
    "costs",
    metadata,
    _run_id(primary_key=True),
    sa.Column("step_key", Words, primary_key=True),
    sa.Column("repo_id", sa.BigInteger, nullable=False),
    sa.Column("issue", sa.BigInteger, nullable=False),
    sa.Column("model", Words, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost_usd", Dollars),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_costs_issue", "repo_id", "issue"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("owner", Words, nullable=False),
    sa.Column("until", Instant, nullable=False),
)

breakers = sa.Table(
    "breakers",
    metadata,
    sa.Column("dependency", Words, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("since", Instant),
    sa.Column("openings", sa.Integer, nullable=False),
    sa.Column("until", Instant),
    sa.Column("why", Words, nullable=False),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("caller", Words, primary_key=True),
    sa.Column("until", Instant, nullable=False),
    sa.Column("why", Words, nullable=False),
)

shut = sa.Table(
    "shut",
    metadata,
    sa.Column("what", Words, primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("gone", sa.Boolean(create_constraint=False), nullable=False),
)

allowances = sa.Table(
    "allowances",
    metadata,
    sa.Column("caller", Words, primary_key=True),
    sa.Column("known", Json, nullable=False),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("owner", Words, primary_key=True),
    sa.Column("name", Words, primary_key=True),
    sa.Column("reason", Words, nullable=False),
    sa.Column("since", Instant, nullable=False),
)

stops = sa.Table(
    "stops",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("held", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("key", Words, nullable=False),
    sa.Column("said_at", Instant, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("about", Words, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("tree", Json, nullable=False),
)

pushes = sa.Table(
    "pushes",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("head", Words, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

scopes = sa.Table(
    "scopes",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", Words, primary_key=True),
    _run_id(),
    sa.Index("ix_scopes_run_id", "run_id"),
)

scope_waits = sa.Table(
    "scope_waits",
    metadata,
    _run_id(primary_key=True),
    # None once that run is over: it may look again, and keeps its turn until then.
    sa.Column("for_id", Words),
    sa.Column("turn", sa.BigInteger, nullable=False),
    sa.Index("ix_scope_waits_for_id", "for_id"),
)

scope_wants = sa.Table(
    "scope_wants",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", Words, primary_key=True),
    _run_id(primary_key=True),
    sa.Index("ix_scope_wants_run_id", "run_id"),
)

boards = sa.Table(
    "boards",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("number", sa.BigInteger),
    sa.Column("shown", Words),
    sa.Column("asks", Json, nullable=False),
    # Since when it was ended by a person; what was asked before that does not begin it anew.
    sa.Column("ended_at", Instant),
    # When to look at it next; none once it is ended.
    sa.Column("look_at", Instant),
    sa.Column("taken_until", Instant),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Index("ix_boards_look_at", "look_at"),
)

alarms = sa.Table(
    "alarms",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", one_of(AlarmKind), primary_key=True),
    sa.Column("about", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("head", Words),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    # When to see whether it is over.
    sa.Column("look_at", Instant, nullable=False),
    sa.Index("ix_alarms_look_at", "look_at"),
)

contents = sa.Table(
    "contents",
    metadata,
    _run_id(primary_key=True),
    sa.Column("digest", Words, primary_key=True),
    sa.Index("ix_contents_digest", "digest"),
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    _run_id(primary_key=True),
    sa.Column("code", Words, nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("settled", Words),
    sa.Column("settled_at", Instant),
    # The run that does again what failed, where the letter was retried.
    sa.Column("again_id", Words),
    sa.Index("ix_dead_letters_unsettled", "code", "at", **_only("settled IS NULL")),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("repo_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workflow", Words, primary_key=True),
    sa.Column("said", Words, primary_key=True),
    sa.Column("next_at", Instant, nullable=False),
    sa.Index("ix_schedules_next_at", "next_at"),
)
