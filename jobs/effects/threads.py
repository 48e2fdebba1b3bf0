"""Answers in review threads."""

from core.effects import AnswerThread
from core.markers import carries, marked
from jobs.effects import Outside, Receipt
from jobs.effects.comments import fitting


async def find(act: AnswerThread, outside: Outside) -> Receipt | None:
    """The answer with this effect's marker, if our App wrote it: anybody can paste a marker."""
    for comment in await outside.github.review_comments(act.number):
        if comment.app_authored and carries(comment.body, outside.key):
            return {"review_comment_id": comment.id}
    return None


async def act(act: AnswerThread, outside: Outside) -> Receipt:
    comment = await outside.github.answer_thread(act.number, act.thread, marked(fitting(act.body), outside.key))
    return {"review_comment_id": comment.id}
