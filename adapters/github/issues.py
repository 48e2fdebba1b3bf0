"""Issues, their comments, labels and reactions. A pull request is an issue too."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.github.channel import Channel
from adapters.github.parse import CommentJson, IssueEventJson, IssueJson, parsed
from core.errors import GitHubUnavailable, NotThere
from core.github import Comment, Issue, LabelEvent


class Issues(Channel):
    async def issue(self, number: int) -> Issue:
        return parsed(IssueJson, await self.json("/issues/{number}", {"number": number}), "an issue").value()

    async def comments(self, number: int, *, since: datetime | None = None) -> Sequence[Comment]:
        """The comments, oldest first; with `since`, those written or edited at that time or later."""
        query = {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since is not None else {}
        sent = await self.listed("/issues/{number}/comments", {"number": number}, query)
        return [parsed(CommentJson, each, "a comment").value() for each in sent]

    async def comment(self, comment_id: int) -> Comment | None:
        try:
            sent = await self.json("/issues/comments/{id}", {"id": comment_id})
        except NotThere:
            return None
        return parsed(CommentJson, sent, "a comment").value()

    async def labelling(self, number: int, label: str) -> LabelEvent | None:
        """The latest labelling with this label, or None where the issue does not carry it now.

        Label and event are two reads. Where the label was taken off between them, the answer is None; where the
        list of events is behind the label, it is GitHubUnavailable, so that a labelling is never missed.
        """
        issue = await self.issue(number)
        if label.casefold() not in {name.casefold() for name in issue.labels}:
            return None
        async for page in self.pages_backwards("/issues/{number}/events", {"number": number}):
            if not isinstance(page, list):
                raise GitHubUnavailable("GitHub sent something we cannot read: an issue's events are not a list.")
            for sent in reversed(page):
                event = parsed(IssueEventJson, sent, "an event of an issue")
                if event.concerns(label):
                    return event.value() if event.event == "labeled" else None
        raise GitHubUnavailable(f"GitHub shows the label {label!r} on #{number}, but not yet who put it there.")

    async def create_comment(self, number: int, body: str) -> Comment:
        sent = await self.write("POST", "/issues/{number}/comments", {"number": number}, {"body": body})
        return parsed(CommentJson, sent, "a comment").value()

    async def edit_comment(self, comment_id: int, body: str) -> Comment:
        sent = await self.write("PATCH", "/issues/comments/{id}", {"id": comment_id}, {"body": body})
        return parsed(CommentJson, sent, "a comment").value()

    async def react_to_issue(self, number: int, content: str) -> None:
        """GitHub keeps one reaction of a kind for each account, so a second one changes nothing."""
        await self.write("POST", "/issues/{number}/reactions", {"number": number}, {"content": content})

    async def react_to_comment(self, comment_id: int, content: str) -> None:
        await self.write("POST", "/issues/comments/{id}/reactions", {"id": comment_id}, {"content": content})
