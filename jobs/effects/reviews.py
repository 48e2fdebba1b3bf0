"""Reviews of pull requests: one comes with all its comments at once, so it is there or it is not."""

from core.effects import PostReview
from core.errors import GitHubRefused
from core.github import Review
from core.markers import carries, marked
from handlers import replies
from jobs.effects import Outside, Receipt
from jobs.effects.comments import fitting

UNPROCESSABLE = 422


async def find(act: PostReview, outside: Outside) -> Receipt | None:
    """The review with this effect's marker, if our App wrote it: anybody can paste a marker."""
    for review in await outside.github.reviews(act.number):
        if review.app_authored and carries(review.body, outside.key):
            return {"review_id": review.id}
    return None


async def act(act: PostReview, outside: Outside) -> Receipt:
    """Post it. Where GitHub does not take a comment on one of the lines it takes none; then all stand in the text."""
    try:
        review = await _post(act, outside)
    except GitHubRefused as error:
        if error.status != UNPROCESSABLE or not act.comments:
            raise
        body = replies.review_without_lines(act.body, [(one.path, one.line, one.body) for one in act.comments])
        review = await _post(act.model_copy(update={"body": body, "comments": ()}), outside)
    return {"review_id": review.id}


async def _post(act: PostReview, outside: Outside) -> Review:
    body = marked(fitting(act.body), outside.key)
    return await outside.github.post_review(act.number, head=act.head, body=body, comments=act.comments)
