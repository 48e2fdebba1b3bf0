"""What red checks say, for an agent: a bounded piece of each, without anything that looks like a credential.

All of it was written by whoever writes the repository's CI, or by code that ran in it. Here it is only cut and cleaned;
`prompts.untrusted` marks it where a model reads it.
"""

import re
from collections.abc import Sequence

from core.ci import Told
from core.feedback import RedCheck
from core.github import CheckRun, CommitStatus
from jobs.work import Work
from prompts import elided

MOST_CHECKS = 5
"""Red checks of which an agent is told more than the name."""
MOST_NAMED = 30
MOST_CHARACTERS = 30_000
"""Of all of them together."""
MOST_NOTES = 30
LONGEST_NOTE = 300
LOG_BYTES = 128 * 1024
"""How much of a log's end is looked at."""

_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
"""What GitHub Actions puts before every line."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ERROR = "##[error]"
"""How GitHub Actions marks a failure. What a job prints behind the last one is how it cleans up."""


async def told_by(
    work: Work, red: Sequence[Told], runs: Sequence[CheckRun], statuses: Sequence[CommitStatus]
) -> tuple[RedCheck, ...]:
    """What each red check says, the first few with what they printed. `runs` and `statuses` are those of the head."""
    detailed, rest = red[:MOST_CHECKS], red[MOST_CHECKS:MOST_NAMED]
    room = MOST_CHARACTERS // max(len(detailed), 1)
    found = [await _one(work, check, room, runs, statuses) for check in detailed]
    return (*found, *(RedCheck(name=_name(work, check), said="(no room for more)") for check in rest))


async def _one(
    work: Work, check: Told, room: int, runs: Sequence[CheckRun], statuses: Sequence[CommitStatus]
) -> RedCheck:
    run = max((one for one in runs if (one.name, one.url) == (check.name, check.url)), key=_age, default=None)
    if run is None:
        said = next((one.description for one in statuses if one.context == check.name), "")
        return RedCheck(name=_name(work, check), said=_fit(work, said, room) or "(says nothing)")
    notes = (
        []
        if not run.annotations
        else [
            f"{note.path}:{note.line}: {note.message[:LONGEST_NOTE]}"
            for note in (await work.github.notes(run.id))[:MOST_NOTES]
        ]
    )
    said = "\n\n".join(part for part in (run.title, run.summary, "\n".join(notes)) if part.strip())
    log = None
    if run.job is not None and (end := await work.github.end_of_log(run.job, LOG_BYTES)) is not None:
        log = _fit(work, printed(end), room * 2 // 3)
    return RedCheck(name=_name(work, check), said=_fit(work, said, room // 3) or "(says nothing)", log=log)


def printed(log: bytes) -> str:
    """The end of a log as it is worth reading: without stamps and colours, up to the last failure that it marks."""
    text = _STAMP.sub("", _ANSI.sub("", log.decode("utf-8", "replace").replace("\r\n", "\n")))
    before, error, behind = text.rpartition(_ERROR)
    failure = behind.partition("\n")[0]
    return f"{before}{error}{failure}" if error else text


def _fit(work: Work, text: str, limit: int) -> str:
    """Redacted before it is cut, so that no half of a secret is left."""
    return elided(work.services.redactor.text(text).strip(), limit)


def _name(work: Work, check: Told) -> str:
    return work.services.redactor.text(check.name)[:200]


def _age(run: CheckRun) -> int:
    return run.id
