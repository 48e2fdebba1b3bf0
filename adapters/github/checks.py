"""Check runs, with texts cut to what GitHub takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.github.channel import Channel
from adapters.github.parse import CheckRunJson, CheckRunsJson, StatusesJson, StatusJson, parsed
from core.github import CheckRun, CommitStatus
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
