"""Suggest: what a run changed in somebody's pull request is said in one review, for its author to take or to leave.

Their branch is theirs: nothing is pushed, whatever its owner lets maintainers do. The run ends with the review, since
there is nothing of its own that could become ready, be approved or be merged.
"""

from core.digests import ChangedPath
from core.effects import PostReview
from core.errors import ChangeRefused
from core.github import LineComment
from core.names import Sha
from core.states import Trigger
from core.suggestions import Suggested, Suggestion, suggested
from core.workflow import Ship, Step
from core.workspaces import GITLINK, SYMLINK
from handlers import replies
from handlers.replies.suggestions import fits
from jobs import handed
from jobs.outcomes import End, Outcome
from jobs.steps.review import MOST_COMMENTS, shown_lines
from jobs.steps.ship import judge, summary_of
from jobs.work import Work
from jobs.workbench import Workbench
from policies.render import markdown

FILE_BYTES = 400_000
"""A larger file is named, and no more."""
SUGGESTED_CHARACTERS = 25_000
"""Of all suggestions together: what is more goes into the patch."""
NOTHING = "nothing-to-suggest"
SUGGESTED = "suggested"


class _Room:
    """Says of each suggestion whether there is room for it, and for it as it is; what it says yes to is made."""

    def __init__(self, work: Work) -> None:
        self._bare = work.services.redactor.text
        self._left, self._characters = MOST_COMMENTS, SUGGESTED_CHARACTERS

    def __call__(self, text: str) -> bool:
        if not self._left or len(text) > self._characters or not fits(text) or self._bare(text) != text:
            return False
        self._left, self._characters = self._left - 1, self._characters - len(text)
        return True


async def perform(step: Step, ship: Ship, work: Work) -> Outcome:
    """The end of the run. Raises ChangeRefused for content that policy does not let the bot make."""
    head = work.run.snapshot.head
    if head is None:
        raise ChangeRefused(f"{work.run.subject} is no open pull request, so there is nobody to suggest anything to.")
    bench, tree = await work.bench(), work.tree()
    paths = await bench.workspace.changed_paths(head, tree)
    if not paths:
        return End(Trigger.finish, f"there is nothing to suggest for #{work.number}", code=NOTHING)
    allowed = await judge(work, bench, (await work.policy()).policy, tree, paths, None, since=head)
    if allowed.refused:
        raise ChangeRefused(allowed.why, evidence=markdown(allowed))
    shown = await shown_lines(f"{step.id}/lines", work, head)
    room = _Room(work)
    found = {path.path: await _of(bench, head, tree, path, shown.get(path.path, []), room) for path in paths}
    made = [one for each in found.values() for one in each.suggestions]
    summary, bare = await summary_of(ship, work), work.services.redactor.text
    body = replies.suggestions(
        title=bare(summary.title),
        summary=bare(summary.summary),
        head=head,
        count=len(made),
        patch=bare("".join(each.rest for each in found.values())),
        unshown=[path for path, each in found.items() if each.unshown],
        tested=replies.tested_with_all(plan.name) if (plan := handed.pinned(work)) and handed.checked(work) else "",
    )
    review = PostReview(number=work.number, head=head, body=body, comments=tuple(map(_comment, made)))
    await work.do(effect_of(step), review)
    return End(Trigger.finish, f"what it would change stands in a review of #{work.number}", code=SUGGESTED)


def effect_of(step: Step) -> str:
    """The name of the review that the step makes."""
    return f"suggest:{step.id}"


async def _of(
    bench: Workbench, head: Sha, tree: Sha, path: ChangedPath, shown: list[list[int]], room: _Room
) -> Suggested:
    """What is different in this file. One that is no text, too large, a link or only another mode is just named."""
    before = await bench.workspace.read(head, path.path, FILE_BYTES)
    after = await bench.workspace.read(tree, path.path, FILE_BYTES)
    plain = path.mode not in {GITLINK, SYMLINK} and before != after
    if not plain or any(raw is not None and (len(raw) >= FILE_BYTES or b"\0" in raw) for raw in (before, after)):
        return Suggested(unshown=True)
    try:
        texts = [raw.decode() if raw is not None else None for raw in (before, after)]
    except UnicodeDecodeError:
        return Suggested(unshown=True)
    return suggested(path.path, texts[0], texts[1], shown, room)


def _comment(one: Suggestion) -> LineComment:
    start = one.first if one.first != one.last else None
    return LineComment(path=one.path, line=one.last, start=start, body=replies.suggestion(one))
