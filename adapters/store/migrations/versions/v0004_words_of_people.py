"""People hold a subject or a repository, raise what a run may cost, and ask what was decided.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MICROSECONDS = sa.BigInteger()
MICRODOLLARS = sa.BigInteger()
NUMBER = sa.BigInteger()


def upgrade() -> None:
    _share_what_github_allows()
    _follow_installations()
    _hold_subjects()
    _keep_decisions()
    _find_what_was_passed_by()
    _keep_boards()
    # How many runs began about something within the hour: about a whole repository there are ever more.
    op.drop_index("ix_runs_subject", "runs")
    op.create_index("ix_runs_subject", "runs", ["repo_id", "subject_number", "created_at"])
    op.add_column("runs", sa.Column("extra_usd", MICRODOLLARS, nullable=False, server_default="0"))
    for table in ("signals", "approvals"):
        op.add_column(table, sa.Column("edit_id", WORDS))
    op.add_column("approvals", sa.Column("actor_id", NUMBER))
    _vouch_for_strangers()


def _vouch_for_strangers() -> None:
    op.add_column("signals", sa.Column("vouches_for", NUMBER))
    op.create_table(
        "pushes",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("head", WORDS, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("at", MICROSECONDS, nullable=False),
    )


def _hold_subjects() -> None:
    op.create_table(
        "stops",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("held", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("said_at", MICROSECONDS, nullable=False),
    )
    # Whoever hears a bell looks at all that is queued, and now at what each is about as well.
    columns = ["state", "created_at", "id", "owner", "name", "repo_id", "parent_id", "behind_id", "not_before"]
    queued = sa.text("state = 'queued'")
    op.drop_index("ix_runs_queued", "runs")
    op.create_index(
        "ix_runs_queued", "runs", [*columns, "subject_number"], sqlite_where=queued, postgresql_where=queued
    )


def _keep_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("about", WORDS, primary_key=True),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("tree", sa.JSON(), nullable=False),
    )


def _find_what_was_passed_by() -> None:
    for column in ("repo_id", "number"):
        op.add_column("deliveries", sa.Column(column, NUMBER))
    some = sa.text("number IS NOT NULL")
    columns = ["repo_id", "number", "received_at"]
    op.create_index("ix_deliveries_passed_by", "deliveries", columns, sqlite_where=some, postgresql_where=some)


def _keep_boards() -> None:
    op.create_table(
        "boards",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER),
        sa.Column("shown", WORDS),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("ended_at", MICROSECONDS),
        sa.Column("look_at", MICROSECONDS),
        sa.Column("taken_until", MICROSECONDS),
        sa.Column("failures", sa.Integer(), nullable=False),
    )
    op.create_index("ix_boards_look_at", "boards", ["look_at"])
    op.create_table(
        "alarms",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("about", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("why", WORDS, nullable=False),
        sa.Column("head", WORDS),
        sa.Column("since", MICROSECONDS, nullable=False),
        sa.Column("until", MICROSECONDS),
        sa.Column("look_at", MICROSECONDS, nullable=False),
    )
    op.create_index("ix_alarms_look_at", "alarms", ["look_at"])


def _share_what_github_allows() -> None:
    op.create_table(
        "allowances",
        sa.Column("caller", WORDS, primary_key=True),
        sa.Column("known", sa.JSON(), nullable=False),
    )


def _follow_installations() -> None:
    op.create_table(
        "shut",
        sa.Column("what", WORDS, primary_key=True),
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("since", MICROSECONDS, nullable=False),
        sa.Column("gone", sa.Boolean(create_constraint=False), nullable=False),
    )
