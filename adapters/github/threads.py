"""Review threads: what people say to lines of a pull request's diff, and our answers there."""

from collections.abc import Sequence

from pydantic import AwareDatetime

from adapters.github.channel import Channel
from adapters.github.parse import AccountJson, Edge, account, is_us, parsed
from core.facts import App
from core.github import ReviewComment


class ReviewCommentJson(Edge):
    """https://docs.github.com/en/rest/pulls/comments"""

    id: int
    user: AccountJson | None
    path: str
    line: int | None = None
    body: str | None = None
    in_reply_to_id: int | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime

    def value(self, us: App) -> ReviewComment:
        author = account(self.user)
        return ReviewComment(
            id=self.id,
            author=author,
            app_authored=is_us(us, author),
            path=self.path,
            line=self.line,
            body=self.body or "",
            reply_to=self.in_reply_to_id,
            edited=self.updated_at != self.created_at,
        )


class Threads(Channel):
    async def review_comments(self, number: int) -> Sequence[ReviewComment]:
        """Every comment on the diff that was handed in, oldest first."""
        us, sent = await self._identity(), await self.listed("/pulls/{number}/comments", {"number": number})
        return [parsed(ReviewCommentJson, each, "a review comment").value(us) for each in sent]

    async def answer_thread(self, number: int, thread: int, body: str) -> ReviewComment:
        """An answer in the thread that this comment begins; GitHub takes none to an answer."""
        where = {"number": number, "id": thread}
        sent = await self.write("POST", "/pulls/{number}/comments/{id}/replies", where, {"body": body})
        return parsed(ReviewCommentJson, sent, "a review comment").value(await self._identity())
