"""A comment that people approve by: kept as it was posted, or posted anew.

Its words are compared, and an edit that was put back counts as one: for a while something else stood there. What was
said before the new one approves nothing. Only a tick of one of its boxes is no edit of its words.
"""

from collections.abc import Awaitable, Callable

from adapters.store import effects
from core.effects import PostComment
from core.errors import ChangeRefused, NotShownYet
from core.github import Comment
from core.markers import marked
from jobs import boxes
from jobs.effects.comments import fitting
from jobs.facts import settled
from jobs.work import Work


async def as_posted(work: Work, name: str, body: Callable[[], Awaitable[str]], tampered: str) -> str:
    """Have the comment there as it was posted; the name of its effect, which begins with `name`.

    `body` is asked only where it is posted; `tampered` is said above it from the second time on. Raises NotShownYet
    while GitHub may not show it, and ChangeRefused where it was edited again and again.
    """
    for number in range(100):
        numbered = f"{name}:{number}"
        async with work.services.store.read() as db:
            earlier = await effects.get(db, work.key(numbered))
        if earlier is None or earlier.receipt is None:
            text = await body()
            await work.say(numbered, text if number == 0 else f"{tampered}\n\n{text}")
            return numbered
        looked_at = work.services.clock.now()
        comment = await work.github.comment(earlier.receipt["comment_id"])
        if comment is None and not settled(earlier.at, looked_at):
            raise NotShownYet("GitHub does not show the comment yet.")
        posted = earlier.act.body if isinstance(earlier.act, PostComment) else ""
        if comment is not None and await _untouched(work, comment, marked(fitting(posted), work.key(numbered))):
            return numbered
    raise ChangeRefused("The comment that people approve by was edited again and again.")


async def _untouched(work: Work, comment: Comment, posted: str) -> bool:
    """Whether it is as it was posted, but for ticks of its boxes. What nobody edited costs no further request."""
    same = comment.body.replace("\r\n", "\n").rstrip() == posted.rstrip()
    return (same and comment.updated_at == comment.created_at) or await boxes.untouched(work, comment)
