"""Check runs on our pull requests: one per name and head, created once and updated in place."""

from typing import Any

from core.effects import PutCheck
from core.github import CheckStatus
from jobs.effects import Outside, Receipt

TEXT_LIMIT = 65_535
"""Characters GitHub takes in a check run's summary, and in its text."""


async def put(act: PutCheck, outside: Outside) -> Receipt:
    """Create or update: the external id says which check is ours, so a repetition changes nothing."""
    for check in await outside.github.check_runs(act.head_sha):
        if check.app_id == outside.app_id and check.name == act.name and check.external_id == act.external_id:
            updated = await outside.github.update_check(check.id, _fields(act))
            return {"check_id": updated.id}
    created = await outside.github.create_check({"head_sha": act.head_sha, **_fields(act)})
    return {"check_id": created.id}


def _fields(act: PutCheck) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": act.name,
        "external_id": act.external_id,
        "status": act.status.value,
        "output": {
            "title": act.title[:255],
            "summary": _fitting(act.summary),
            **({"text": _fitting(act.text)} if act.text else {}),
        },
    }
    if act.status is CheckStatus.completed and act.conclusion is not None:
        fields["conclusion"] = act.conclusion.value
        fields["actions"] = [button.model_dump() for button in act.buttons]
    return fields


def _fitting(text: str) -> str:
    notice = "\n\n*(cut: too long for a check run)*"
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - len(notice)] + notice
