"""Review: what a model found in somebody's pull request, said once, on the lines where it found it.

It is an opinion: it approves nothing, and asks for no changes. What it says is neutralised like every word of a model.
"""

from typing import Any

from core.digests import digest
from core.effects import PostReview
from core.errors import NothingToReview
from core.github import LineComment
from core.names import Sha
from core.outputs import Finding
from handlers import replies
from jobs import handed
from jobs.memo import remembered
from jobs.work import Work

MOST_COMMENTS = 30
"""On lines of the diff; what is more stands in the text."""


async def post(step: str, name: str, work: Work) -> dict[str, Any] | None:
    """What the step of this id hands over: the review's id and head, and how many comments stand on lines.

    None where no opinion was given, since the step that gives one was skipped. Raises NothingToReview where the run is
    about no open pull request.
    """
    head, opinion = work.run.snapshot.head, handed.opinion(work)
    if head is None:
        raise NothingToReview(f"{work.run.subject} is no open pull request, so there is nothing to review.")
    if opinion is None:
        return None
    bare = work.services.redactor.text  # secrets go first: neutral words may be none that anybody knows
    findings = [found.model_copy(update={"note": bare(found.note)}) for found in opinion.findings]
    shown = await shown_lines(f"{step}/lines", work, head)
    inline = [found for found in findings if _stands(found, shown)][:MOST_COMMENTS]
    body = replies.review(
        opinion.model_copy(update={"summary": bare(opinion.summary)}),
        [found for found in findings if found not in inline],
        head,
    )
    comments = tuple(
        LineComment(path=found.path, line=found.line, body=replies.review_note(found))
        for found in inline
        if found.line is not None
    )
    posted = await work.do(name, PostReview(number=work.number, head=head, body=body, comments=comments))
    return {"id": posted["review_id"], "head": head, "comments": len(comments)}


async def shown_lines(key: str, work: Work, head: Sha) -> dict[str, list[list[int]]]:
    """The lines that people see in the diff, as first and last of each stretch."""

    async def look() -> dict[str, list[tuple[int, int]]]:
        bench = await work.bench()
        return await bench.workspace.shown_lines(await bench.branched_off(), head)

    found: dict[str, list[list[int]]] = await remembered(work, key, digest("lines", work.run.base_sha, head), look)
    return found


def _stands(found: Finding, shown: dict[str, list[list[int]]]) -> bool:
    """Whether the finding is about a line that the diff shows."""
    line = found.line
    return line is not None and any(first <= line <= last for first, last in shown.get(found.path, []))
