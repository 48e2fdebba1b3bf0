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
    op.add_column("runs", sa.Column("extra_usd", MICRODOLLARS, nullable=False, server_default="0"))
    for table in ("signals", "approvals"):
        op.add_column(table, sa.Column("edit_id", WORDS))


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
