"""Comments and reactions."""

from datetime import timedelta

from core.effects import AddReaction, EditComment, KeepComment, PostComment
from core.markers import carries, marked
from jobs.effects import Outside, Receipt

SKEW = timedelta(minutes=5)
"""How far GitHub's clock and ours may be apart."""

LIMIT = 65_536
"""Characters GitHub takes in one comment."""


async def find(act: PostComment | KeepComment, outside: Outside) -> Receipt | None:
    """The comment with this effect's marker, if our App wrote it: anybody can paste a marker."""
    for comment in await outside.github.comments(act.number, since=outside.intended_at - SKEW):
        if comment.app_id == outside.app_id and carries(comment.body, outside.key):
            return {"comment_id": comment.id, "url": comment.url}
    return None


async def act(act: PostComment | KeepComment, outside: Outside) -> Receipt:
    comment = await outside.github.create_comment(act.number, marked(fitting(act.body), outside.key))
    return {"comment_id": comment.id, "url": comment.url}


async def edit(act: EditComment, outside: Outside) -> Receipt:
    """The body carries the marker of the effect that made the comment; an equal edit changes nothing."""
    comment = await outside.github.edit_comment(act.comment_id, act.body)
    return {"comment_id": comment.id, "url": comment.url}


async def react(act: AddReaction, outside: Outside) -> Receipt:
    """GitHub itself makes a second equal reaction a no-op, so there is nothing to find."""
    if act.comment_id is None:
        await outside.github.react_to_issue(act.number, act.content)
    else:
        await outside.github.react_to_comment(act.comment_id, act.content)
    return {}


def fitting(body: str) -> str:
    """The body, cut with a notice where it would not fit beside its marker."""
    room = LIMIT - 200
    return body if len(body) <= room else body[:room].rstrip() + "\n\n*(cut: too long for a comment)*"
