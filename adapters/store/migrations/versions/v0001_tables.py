"""The first tables.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What the columns are to the databases, written out: a revision must not change when the code does.
WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WORD = sa.String(32)
NUMBER = sa.BigInteger()
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MICROSECONDS = sa.BigInteger()
MICRO_USD = sa.BigInteger()
UNFINISHED = sa.text("ended_at IS NULL")
UNAPPLIED = sa.text("outcome IS NULL")


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("hook_id", WORDS, nullable=False),
        sa.Column("guid", WORDS, nullable=False),
        sa.Column("event", WORDS, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", MICROSECONDS, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", MICROSECONDS, nullable=True),
        sa.Column("settled_at", MICROSECONDS, nullable=True),
        sa.Column("outcome", WORDS, nullable=True),
        sa.Column("error", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("hook_id", "guid", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_guid", "deliveries", ["guid"])
    op.create_index("ix_deliveries_received_at", "deliveries", ["received_at"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "received_at", "guid"])
    op.create_table(
        "installations",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("account", WORDS, nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installations"),
    )
    op.create_table(
        "leases",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("owner", WORDS, nullable=False),
        sa.Column("until", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "repositories",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("owner", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("installation_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
    )
    op.create_index("ix_repositories_installation_id", "repositories", ["installation_id"])
    op.create_table(
        "runs",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("workflow", WORDS, nullable=False),
        sa.Column("workflow_text", WORDS, nullable=False),
        sa.Column("workflow_digest", WORDS, nullable=False),
        sa.Column("repo_id", NUMBER, nullable=False),
        sa.Column("repo", sa.JSON(), nullable=False),
        sa.Column("subject_kind", WORDS, nullable=False),
        sa.Column("subject_number", NUMBER, nullable=False),
        sa.Column("base_ref", WORDS, nullable=False),
        sa.Column("base_sha", WORDS, nullable=False),
        sa.Column("trigger_key", WORDS, nullable=False),
        sa.Column("requester", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("source_comment_id", NUMBER, nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("retry_of", WORDS, nullable=True),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("lease_owner", WORDS, nullable=True),
        sa.Column("lease_until", MICROSECONDS, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("waiting_for", WORD, nullable=True),
        sa.Column("waiting", sa.JSON(), nullable=True),
        sa.Column("not_before", MICROSECONDS, nullable=True),
        sa.Column("pull_number", NUMBER, nullable=True),
        sa.Column("ended_at", MICROSECONDS, nullable=True),
        sa.Column("ended_why", WORDS, nullable=True),
        sa.Column("ended_code", WORDS, nullable=True),
        sa.Column("rings", NUMBER, nullable=False),
        sa.Column("updated_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('queued', 'running', 'waiting'))", name=op.f("ck_runs_ended")
        ),
        sa.CheckConstraint("(lease_until IS NOT NULL) = (state = 'running')", name=op.f("ck_runs_leased")),
        sa.CheckConstraint("(waiting_for IS NOT NULL) = (state = 'waiting')", name=op.f("ck_runs_waiting")),
        sa.UniqueConstraint("trigger_key", name="uq_runs_trigger_key"),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at", "id"])
    op.create_index("ix_runs_pull", "runs", ["repo_id", "pull_number"])
    op.create_index("ix_runs_state", "runs", ["state", "created_at", "id"])
    op.create_index("ix_runs_subject", "runs", ["repo_id", "subject_number"])
    op.create_index(
        "ux_runs_unfinished_subject",
        "runs",
        ["repo_id", "subject_kind", "subject_number"],
        unique=True,
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
    op.create_table(
        "approvals",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("gate", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("comment_id", NUMBER, nullable=True),
        sa.Column("review_id", NUMBER, nullable=True),
        sa.Column("comment_hash", WORDS, nullable=True),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("voided_why", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_approvals_run_id", ondelete="CASCADE"),
    )
    op.create_index("ix_approvals_run_id", "approvals", ["run_id", "gate"])
    op.create_table(
        "artifacts",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("media_type", WORDS, nullable=False),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_artifacts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_artifacts_run_id", ondelete="CASCADE"),
    )
    op.create_table(
        "costs",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("step_key", WORDS, nullable=False),
        sa.Column("repo_id", NUMBER, nullable=False),
        sa.Column("issue", NUMBER, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("input_tokens", NUMBER, nullable=False),
        sa.Column("output_tokens", NUMBER, nullable=False),
        sa.Column("cost_usd", MICRO_USD, nullable=True),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step_key", name="pk_costs"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_costs_run_id", ondelete="CASCADE"),
    )
    op.create_index("ix_costs_issue", "costs", ["repo_id", "issue"])
    op.create_table(
        "effects",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("run_id", WORDS, nullable=True),
        sa.Column("repo", sa.JSON(), nullable=False),
        sa.Column("act", sa.JSON(), nullable=False),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", MICROSECONDS, nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.Column("error", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_effects"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_effects_run_id", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_effects_key"),
    )
    op.create_index("ix_effects_run_id", "effects", ["run_id"])
    op.create_index("ix_effects_state", "effects", ["state", "id"])
    op.create_table(
        "events",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_events"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_events_run_id", ondelete="CASCADE"),
    )
    op.create_table(
        "signals",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=True),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("comment_id", NUMBER, nullable=True),
        sa.Column("review_id", NUMBER, nullable=True),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("outcome", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_signals_run_id", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_signals_key"),
    )
    op.create_index("ix_signals_run_id", "signals", ["run_id"])
    op.create_index("ix_signals_unapplied", "signals", ["run_id"], sqlite_where=UNAPPLIED, postgresql_where=UNAPPLIED)
    op.create_table(
        "steps",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("input_hash", WORDS, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("output", sa.JSON(), nullable=True),
        sa.Column("cost_usd", MICRO_USD, nullable=True),
        sa.Column("started_at", MICROSECONDS, nullable=False),
        sa.Column("ended_at", MICROSECONDS, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_steps"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_steps_run_id", ondelete="CASCADE"),
    )
