"""Who edited a comment: GitHub tells it by GraphQL alone.

https://docs.github.com/en/graphql/reference/objects#usercontentedit
"""

from typing import Annotated

from pydantic import Field

from adapters.github.channel import Channel
from adapters.github.parse import Edge, parsed
from adapters.github.tokens import READING
from core.errors import GitHubRefused, NotThere, PermissionMissing
from core.github import Comment, CommentEdit, CommentHistory

MOST_EDITS = 100
"""GitHub gives no more at once; a comment with a longer history is not judged by a part of it."""

_HISTORY = (
    "query($id: ID!, $most: Int!) { node(id: $id) { ... on IssueComment { body userContentEdits(first: $most) "
    "{ totalCount nodes { id deletedAt editor { __typename login } } } } } }"
)


class _Editor(Edge):
    kind: Annotated[str, Field(alias="__typename")]
    login: str


class _Edit(Edge):
    id: str
    deletedAt: str | None  # noqa: N815  # GitHub's name
    editor: _Editor | None

    def value(self) -> CommentEdit:
        return CommentEdit(id=self.id, by=self._login(), deleted=self.deletedAt is not None)

    def _login(self) -> str | None:
        """The login as the REST API writes it: GraphQL leaves the ending of an App's away."""
        if self.editor is None:
            return None
        return f"{self.editor.login}[bot]" if self.editor.kind == "Bot" else self.editor.login


class _Edits(Edge):
    totalCount: int  # noqa: N815  # GitHub's name
    nodes: tuple[_Edit, ...]


class _Node(Edge):
    body: str
    userContentEdits: _Edits | None  # noqa: N815  # GitHub's name


class _Found(Edge):
    node: _Node | None


class Edits(Channel):
    async def history(self, comment: Comment) -> CommentHistory | None:
        asked = {"id": comment.node_id, "most": MOST_EDITS}
        try:
            sent = await self.query(_HISTORY, asked, name="to tell who edited a comment", scope=READING)
        except (GitHubRefused, NotThere, PermissionMissing):
            return None
        node = parsed(_Found, sent, "the edits of a comment").node
        if node is None or node.userContentEdits is None:
            return None
        edits = node.userContentEdits
        if edits.totalCount != len(edits.nodes):
            return None
        return CommentHistory(body=node.body, edits=tuple(edit.value() for edit in edits.nodes))
