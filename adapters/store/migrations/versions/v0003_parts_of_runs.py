"""A run may be a part of another one, wait in line behind one, or be about a whole repository.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MICROSECONDS = sa.BigInteger()
NUMBER = sa.BigInteger()
ALONE = sa.text("ended_at IS NULL AND parent_id IS NULL AND behind_id IS NULL AND subject_kind <> 'repository'")
ALONE_OF_ITS_KIND = sa.text(
    "ended_at IS NULL AND parent_id IS NULL AND behind_id IS NULL AND subject_kind = 'repository'"
)


def upgrade() -> None:
    op.add_column("runs", sa.Column("parent_id", WORDS, nullable=True))
    op.add_column("runs", sa.Column("part", sa.JSON(), nullable=True))
    op.add_column("runs", sa.Column("behind_id", WORDS, nullable=True))
    op.create_index("ix_runs_parent", "runs", ["parent_id", "id"])
    op.create_index("ix_runs_behind", "runs", ["behind_id", "created_at"])
    op.drop_index("ux_runs_unfinished_subject", "runs")
    op.create_index(
        "ux_runs_unfinished_subject",
        "runs",
        ["repo_id", "subject_kind", "subject_number"],
        unique=True,
        sqlite_where=ALONE,
        postgresql_where=ALONE,
    )
    op.create_index(
        "ux_runs_unfinished_repository",
        "runs",
        ["repo_id", "workflow"],
        unique=True,
        sqlite_where=ALONE_OF_ITS_KIND,
        postgresql_where=ALONE_OF_ITS_KIND,
    )
