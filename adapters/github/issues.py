"""Issues, their comments, labels and reactions. A pull request is an issue too."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

from adapters.github.channel import Channel
from adapters.github.parse import AssignedJson, CommentJson, Edge, IssueEventJson, IssueJson, is_us, parsed
from adapters.github.tokens import READING, WRITING
from core.errors import GitHubUnavailable, NotThere
from core.github import CloseReason, Closing, Comment, Issue, LabelEvent, Turn, TurnKind

_UNDONE_BY: Mapping[TurnKind, frozenset[str]] = {
    "reopened": frozenset({"closed", "merged"}),
    "ready_for_review": frozenset({"convert_to_draft", "converted_to_draft"}),
}
"""GitHub's documentation spells the last one in both ways."""


_PIN = "mutation($id: ID!) { pinIssue(input: {issueId: $id}) { issue { isPinned } } }"
_PINNED = "query($id: ID!) { node(id: $id) { ... on Issue { isPinned } } }"


class _Node(Edge):
    isPinned: bool | None = None  # noqa: N815  # GitHub's name


class _Found(Edge):
    node: _Node | None


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
        async for event in self._events(number):
            if event.concerns(label):
                return event.value() if event.event == "labeled" else None
        raise GitHubUnavailable(f"GitHub shows the label {label!r} on #{number}, but not yet who put it there.")

    async def issues_of_ours(self, since: datetime) -> Sequence[Issue]:
        us = await self._identity()
        query = {"state": "all", "creator": us.login, "since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        found = [parsed(IssueJson, each, "an issue").value() for each in await self.listed("/issues", {}, query)]
        # GitHub ignores a filter that it does not understand, and lists pull requests as well.
        return [each for each in found if is_us(us, each.author) and not each.is_pull_request]

    async def pinned(self, node_id: str) -> bool:
        sent = await self.query(_PINNED, {"id": node_id}, name="to tell whether an issue is pinned", scope=READING)
        node = parsed(_Found, sent, "an issue").node
        return node is not None and bool(node.isPinned)

    async def closing(self, number: int) -> Closing | None:
        """The latest closing, whether it still holds or not; None where nobody ever closed it."""
        us = await self._identity()
        async for event in self._events(number):
            if event.event == "closed":
                return event.closing(us)
        return None

    async def turn(self, number: int, kind: TurnKind) -> Turn | None:
        """The latest turn of this kind, or None where it was undone since, or never was."""
        async for event in self._events(number):
            if event.event in {kind, *_UNDONE_BY[kind]}:
                return event.turn() if event.event == kind else None
        return None

    async def _events(self, number: int) -> AsyncIterator[IssueEventJson]:
        """What happened to an issue, newest first."""
        async for page in self.pages_backwards("/issues/{number}/events", {"number": number}):
            if not isinstance(page, list):
                raise GitHubUnavailable("GitHub sent something we cannot read: an issue's events are not a list.")
            for sent in reversed(page):
                yield parsed(IssueEventJson, sent, "an event of an issue")

    async def create_comment(self, number: int, body: str) -> Comment:
        sent = await self.write("POST", "/issues/{number}/comments", {"number": number}, {"body": body})
        return parsed(CommentJson, sent, "a comment").value()

    async def edit_comment(self, comment_id: int, body: str) -> Comment:
        sent = await self.write("PATCH", "/issues/comments/{id}", {"id": comment_id}, {"body": body})
        return parsed(CommentJson, sent, "a comment").value()

    async def open_issue(self, *, title: str, body: str) -> Issue:
        sent = await self.write("POST", "/issues", {}, {"title": title, "body": body})
        return parsed(IssueJson, sent, "an issue").value()

    async def edit_issue(self, number: int, *, body: str, reopen: bool = False) -> Issue:
        """The issue with this text, opened again where that is asked for. Nobody is notified of an edit."""
        fields = {"body": body} | ({"state": "open"} if reopen else {})
        sent = await self.write("PATCH", "/issues/{number}", {"number": number}, fields)
        return parsed(IssueJson, sent, "an issue").value()

    async def pin(self, node_id: str) -> None:
        """Only GraphQL can do this. https://docs.github.com/en/graphql/reference/mutations#pinissue"""
        await self.mutate(_PIN, {"id": node_id}, name="to pin the issue", scope=WRITING)

    async def react_to_issue(self, number: int, content: str) -> None:
        """GitHub keeps one reaction of a kind for each account, so a second one changes nothing."""
        await self.write("POST", "/issues/{number}/reactions", {"number": number}, {"content": content})

    async def react_to_comment(self, comment_id: int, content: str) -> None:
        await self.write("POST", "/issues/comments/{id}/reactions", {"id": comment_id}, {"content": content})

    async def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """GitHub makes labels that the repository lacks. None asked for is none sent: GitHub reads an empty list as
        the wish to take every label off.
        """
        if labels:
            await self.write("POST", "/issues/{number}/labels", {"number": number}, {"labels": list(labels)})

    async def remove_label(self, number: int, label: str) -> None:
        """Take a label off; nothing where the issue does not carry it.

        GitHub answers 404 to that as it does where it shows no issue, so the issue itself tells the two apart.
        """
        try:
            await self.write("DELETE", "/issues/{number}/labels/{label}", {"number": number, "label": label})
        except NotThere:
            if label.casefold() in {name.casefold() for name in (await self.issue(number)).labels}:
                raise

    async def assign(self, number: int, logins: Sequence[str]) -> tuple[str, ...]:
        """Who of these people is assigned then.

        GitHub passes over whoever has no access, and knows nothing at all where one of them does not exist.
        """
        try:
            sent = await self.write("POST", "/issues/{number}/assignees", {"number": number}, {"assignees": [*logins]})
        except NotThere as error:
            raise NotThere(f"There is no #{number}, or nobody called one of {', '.join(logins)}. {error}") from error
        now = {each.login.casefold() for each in parsed(AssignedJson, sent, "an issue").assignees}
        return tuple(login for login in logins if login.casefold() in now)

    async def close(self, number: int, reason: CloseReason | None) -> None:
        """Close it; one that is closed already keeps its reason: GitHub takes one only with a change of state."""
        why = {"state_reason": reason.value} if reason is not None else {}
        await self.write("PATCH", "/issues/{number}", {"number": number}, {"state": "closed", **why})
