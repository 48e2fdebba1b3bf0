"""Runs and effects between values and rows: nested values are spread over the columns that queries need."""

from collections.abc import Mapping
from typing import Any

from core.names import Subject
from core.runs import Effect, EffectState, NewEffect, NewRun, Run
from core.states import RunState

NOTHING_YET = "0:"
"""The head of the journal of a run that starts: known without a look at it."""

_SAME = (
    "id",
    "workflow",
    "workflow_text",
    "workflow_digest",
    "base_ref",
    "base_sha",
    "base_pinned",
    "trigger_key",
    "requester",
    "source",
    "source_comment_id",
    "inputs",
    "retry_of",
    "parent_id",
    "part",
    "behind_id",
    "created_at",
)
_KEPT = (
    *_SAME,
    "repo",
    "snapshot",
    "state",
    "epoch",
    "lease_owner",
    "lease_until",
    "attempts",
    "outages",
    "away_seconds",
    "waiting",
    "ended_why",
    "ended_code",
    "pull_number",
    "extra_usd",
    "updated_at",
)


def run_row(run: NewRun) -> dict[str, Any]:
    """The row of a run that starts: queued, never claimed."""
    return {
        **{name: getattr(run, name) for name in _SAME},
        "repo_id": run.repo.id,
        "repo": run.repo,
        "owner": run.repo.owner.lower(),
        "name": run.repo.name.lower(),
        "subject_kind": run.subject.kind,
        "subject_number": run.subject.number,
        "snapshot": run.snapshot,
        "state": RunState.queued,
        "epoch": 0,
        "attempts": 0,
        "outages": 0,
        "away_seconds": 0,
        "rings": 0,
        "updated_at": run.created_at,
        "journal_head": NOTHING_YET,
    }


def run_of(row: Mapping[Any, Any]) -> Run:
    subject = Subject(kind=row["subject_kind"], number=row["subject_number"])
    return Run(subject=subject, **{name: row[name] for name in _KEPT})


def effect_row(effect: NewEffect) -> dict[str, Any]:
    given = {name: getattr(effect, name) for name in NewEffect.model_fields}
    return {**given, "state": EffectState.pending, "attempts": 0}


def effect_of(row: Mapping[Any, Any]) -> Effect:
    return Effect(**{name: row[name] for name in Effect.model_fields})
