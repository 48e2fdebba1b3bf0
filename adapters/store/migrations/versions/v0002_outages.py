"""Outages of a run and pauses that GitHub asked for are counted; the head of a journal is kept beside its run.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MICROSECONDS = sa.BigInteger()


def upgrade() -> None:
    op.add_column("runs", sa.Column("outages", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("journal_head", WORDS, nullable=True))
    op.create_table(
        "pauses",
        sa.Column("caller", WORDS, nullable=False),
        sa.Column("until", MICROSECONDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("caller", name="pk_pauses"),
    )
