"""Check runs, with texts cut to what GitHub takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.github.channel import PAGE, Channel
from adapters.github.parse import CheckRunJson, CheckRunsJson, NoteJson, StatusesJson, StatusJson, parsed
from adapters.github.tokens import LOGS
from core.errors import GitHubRefused, GitHubUnavailable, NotThere, PermissionMissing
from core.github import CheckRun, CommitStatus, Note
from core.names import Sha

LONGEST_TEXT_BYTES = 65_535
"""GitHub's limit for `summary` and `text`, said in characters; it counts what it stores, so bytes are the safe side."""
LONGEST_TITLE = 255
CUT = "\n\n… cut here: GitHub shows no more than 65,535 characters. The whole text is in the run's artifacts."


class Checks(Channel):
    async def check_runs(self, sha: Sha) -> Sequence[CheckRun]:
        """Every check run on the commit, of every App, reruns included: of one name, the highest id is the newest."""
        found: list[CheckRunJson] = []
        async for page in self.pages("/commits/{sha}/check-runs", {"sha": sha}, {"filter": "all"}):
            found += parsed(CheckRunsJson, page, "check runs").check_runs
        return [each.value() for each in found]

    async def statuses(self, sha: Sha) -> Sequence[CommitStatus]:
        """The newest status of each context, which is what GitHub combines."""
        found: list[StatusJson] = []
        async for page in self.pages("/commits/{sha}/status", {"sha": sha}):
            found += parsed(StatusesJson, page, "commit statuses").statuses
        return [each.value() for each in found]

    async def notes(self, check_id: int) -> Sequence[Note]:
        """The first page of them: a linter makes thousands."""
        sent = await self.json("/check-runs/{id}/annotations", {"id": check_id}, {"per_page": PAGE})
        if not isinstance(sent, list):
            raise GitHubUnavailable("GitHub sent something we cannot read: the annotations are not a list.")
        return [parsed(NoteJson, each, "an annotation").value() for each in sent]

    async def end_of_log(self, job: int, most_bytes: int) -> bytes | None:
        """https://docs.github.com/en/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run

        By a token of its own, so that nothing else fails where the App lacks the permission. Logs lie elsewhere, are
        gone after a while, and nothing hangs on them.
        """
        try:
            return await self.end_of("/actions/jobs/{id}/logs", {"id": job}, most_bytes, scope=LOGS)
        except (NotThere, PermissionMissing, GitHubRefused, GitHubUnavailable):
            return None

    async def create_check(self, fields: Mapping[str, Any]) -> CheckRun:
        sent = await self.write("POST", "/check-runs", {}, fitted(fields))
        return parsed(CheckRunJson, sent, "a check run").value()

    async def update_check(self, check_id: int, fields: Mapping[str, Any]) -> CheckRun:
        sent = await self.write("PATCH", "/check-runs/{id}", {"id": check_id}, fitted(fields))
        return parsed(CheckRunJson, sent, "a check run").value()


def fitted(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with title, summary and text of `output` short enough for GitHub; a cut is said in the text."""
    output = fields.get("output")
    if not isinstance(output, Mapping):
        return dict(fields)
    short = {name: _cut(text) if name in {"summary", "text"} else text for name, text in output.items()}
    if "title" in short:
        short["title"] = str(short["title"])[:LONGEST_TITLE]
    return {**fields, "output": short}


def _cut(text: Any) -> Any:
    if not isinstance(text, str) or len(encoded := text.encode()) <= LONGEST_TEXT_BYTES:
        return text
    room = LONGEST_TEXT_BYTES - len(CUT.encode())
    return encoded[:room].decode(errors="ignore") + CUT
