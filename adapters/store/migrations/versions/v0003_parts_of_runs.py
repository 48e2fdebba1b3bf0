"""A run may be a part of another one, wait in line behind one, or be about a whole repository; work may be held.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Iterator

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
    op.add_column("runs", sa.Column("base_pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
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
    _let_whoever_hears_a_bell_choose()
    _hold_work_and_paths()
    _know_who_needs_a_content()
    _keep_dead_letters()
    _keep_schedules()
    _keep_breakers()
    op.add_column("runs", sa.Column("away_seconds", sa.Integer(), nullable=False, server_default="0"))


def _let_whoever_hears_a_bell_choose() -> None:
    for name in ("owner", "name"):
        op.add_column("runs", sa.Column(name, WORDS, nullable=False, server_default=""))
        stored = f"repo->>'{name}'" if op.get_bind().dialect.name == "postgresql" else f"json_extract(repo, '$.{name}')"
        op.execute(f"UPDATE runs SET {name} = lower({stored})")  # noqa: S608  # two names of ours
    queued, running = sa.text("state = 'queued'"), sa.text("state = 'running'")
    op.create_index(
        "ix_runs_queued",
        "runs",
        ["state", "created_at", "id", "owner", "name", "repo_id", "parent_id", "behind_id", "not_before"],
        sqlite_where=queued,
        postgresql_where=queued,
    )
    op.create_index(
        "ix_runs_running", "runs", ["state", "owner", "repo_id", "id"], sqlite_where=running, postgresql_where=running
    )
    ended = sa.text("ended_at IS NOT NULL AND parent_id IS NULL")
    op.create_index("ix_runs_ended_at", "runs", ["ended_at", "id"], sqlite_where=ended, postgresql_where=ended)


def _hold_work_and_paths() -> None:
    op.create_table(
        "holds",
        sa.Column("owner", WORDS, primary_key=True),
        sa.Column("name", WORDS, primary_key=True),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("since", MICROSECONDS, nullable=False),
    )
    op.create_table(
        "scopes",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("path", WORDS, primary_key=True),
        _run_id(),
    )
    op.create_index("ix_scopes_run_id", "scopes", ["run_id"])
    op.create_table(
        "scope_waits",
        _run_id(primary_key=True),
        sa.Column("for_id", WORDS, nullable=True),
        sa.Column("turn", NUMBER, nullable=False),
    )
    op.create_index("ix_scope_waits_for_id", "scope_waits", ["for_id"])
    op.create_table(
        "scope_wants",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("path", WORDS, primary_key=True),
        _run_id(primary_key=True),
    )
    op.create_index("ix_scope_wants_run_id", "scope_wants", ["run_id"])


def _keep_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        _run_id(primary_key=True),
        sa.Column("code", WORDS, nullable=False),
        sa.Column("why", WORDS, nullable=False),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.Column("settled", WORDS, nullable=True),
        sa.Column("settled_at", MICROSECONDS, nullable=True),
        sa.Column("again_id", WORDS, nullable=True),
    )
    unsettled = sa.text("settled IS NULL")
    op.create_index(
        "ix_dead_letters_unsettled",
        "dead_letters",
        ["code", "at"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )


def _know_who_needs_a_content() -> None:
    op.create_table("contents", _run_id(primary_key=True), sa.Column("digest", WORDS, primary_key=True))
    op.create_index("ix_contents_digest", "contents", ["digest"])
    db = op.get_bind()
    artifacts = sa.table("artifacts", sa.column("run_id"), sa.column("digest"))
    contents = sa.table("contents", sa.column("run_id"), sa.column("digest"))
    named = sa.select(artifacts.c.run_id, artifacts.c.digest).distinct()
    op.execute(contents.insert().from_select(["run_id", "digest"], named))
    known = {tuple(row) for row in db.execute(sa.select(contents.c.run_id, contents.c.digest))}
    steps = sa.table("steps", sa.column("run_id"), sa.column("output", sa.JSON()))
    text = sa.cast(steps.c.output, sa.Text())
    for run_id, output in db.execute(
        sa.select(steps).where(text.like('%"artifact"%') | text.like('%"output_digest"%'))
    ):
        for digest in _digests(output):
            if (run_id, digest) not in known:
                known.add((run_id, digest))
                db.execute(contents.insert().values(run_id=run_id, digest=digest))


def _digests(output: object) -> Iterator[str]:
    """Every content that the output of a step names, however deep in it."""
    if isinstance(output, dict):
        for name, value in output.items():
            if name in {"artifact", "output_digest"} and isinstance(value, str):
                yield value
            else:
                yield from _digests(value)
    elif isinstance(output, list):
        for value in output:
            yield from _digests(value)


def _run_id(*, primary_key: bool = False) -> sa.Column[str]:
    runs = sa.ForeignKey("runs.id", ondelete="CASCADE")
    return sa.Column("run_id", WORDS, runs, primary_key=primary_key, nullable=False)


def _keep_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("repo_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("workflow", WORDS, primary_key=True),
        sa.Column("said", WORDS, primary_key=True),
        sa.Column("next_at", MICROSECONDS, nullable=False),
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])


def _keep_breakers() -> None:
    op.create_table(
        "breakers",
        sa.Column("dependency", WORDS, primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", MICROSECONDS, nullable=True),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("until", MICROSECONDS, nullable=True),
        sa.Column("why", WORDS, nullable=False),
    )
