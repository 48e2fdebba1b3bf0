"""Check runs on our pull requests: one per name and head, created once and updated in place."""

from typing import Any

from core.effects import Annotation, PutCheck
from core.github import CheckStatus
from jobs.effects import Outside, Receipt

ANNOTATIONS = 50
"""As many GitHub takes in one request."""
BUTTONS = 3
"""As many GitHub shows on a check run."""
TEXT_LIMIT = 65_535
"""Characters GitHub takes in a check run's summary, and in its text."""


async def put(act: PutCheck, outside: Outside) -> Receipt:
    """Create or update: the external id says which check is ours, so a repetition changes nothing.

    Annotations cannot be taken back, and each request adds some: those that are there are not sent again.
    """
    ours = [
        check
        for check in await outside.github.check_runs(act.head_sha)
        if check.app_id == outside.app_id and check.name == act.name and check.external_id == act.external_id
    ]
    if ours:
        check_id, there = ours[0].id, ours[0].annotations
        await outside.github.update_check(check_id, _fields(act, there))
    else:
        created = await outside.github.create_check({"head_sha": act.head_sha, **_fields(act, 0)})
        check_id, there = created.id, 0
    for sent in range(there + ANNOTATIONS, len(act.annotations), ANNOTATIONS):
        await outside.github.update_check(check_id, _fields(act, sent))
    return {"check_id": check_id}


def _fields(act: PutCheck, there: int) -> dict[str, Any]:
    """The check's fields, with the annotations that come after those that are there."""
    more = [_annotation(one) for one in act.annotations[there : there + ANNOTATIONS]]
    fields: dict[str, Any] = {
        "name": act.name,
        "external_id": act.external_id,
        "status": act.status.value,
        "output": {
            "title": act.title[:255],
            "summary": _fitting(act.summary),
            **({"text": _fitting(act.text)} if act.text else {}),
            **({"annotations": more} if more else {}),
        },
    }
    if act.status is CheckStatus.completed and act.conclusion is not None:
        fields["conclusion"] = act.conclusion.value
        fields["actions"] = [button.model_dump() for button in act.buttons[:BUTTONS]]
    return fields


def _annotation(one: Annotation) -> dict[str, Any]:
    columns = {} if one.column is None else {"start_column": one.column, "end_column": one.column}
    return {
        "path": one.path,
        "start_line": one.line,
        "end_line": one.line,
        **columns,
        "annotation_level": one.level,
        "title": one.title[:255],
        "message": _fitting(one.message),
    }


def _fitting(text: str) -> str:
    notice = "\n\n*(cut: too long for a check run)*"
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - len(notice)] + notice
