"""Who may do what in the repository, asked live."""

import re
from collections.abc import Sequence

from adapters.github.channel import Channel
from adapters.github.parse import CollaboratorJson, PermissionJson, parsed
from core.errors import NotThere
from core.github import Collaborator
from core.names import Role

_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,39}(\[bot\])?")
"""GitHub's grammar of logins; the underscore stands in those of enterprise-managed users."""


class People(Channel):
    async def role(self, login: str) -> Role:
        """The person's role; `none` for whom GitHub does not know, and for what cannot be a login at all.

        Any other failure raises: a look-up that did not work is not an answer.
        """
        if not _LOGIN.fullmatch(login):
            return Role.none
        try:
            sent = await self.json("/collaborators/{login}/permission", {"login": login})
        except NotThere:
            return Role.none
        return parsed(PermissionJson, sent, "a person's permission").value()

    async def collaborators(self) -> Sequence[Collaborator]:
        sent = await self.listed("/collaborators")
        return [parsed(CollaboratorJson, each, "a collaborator").collaborator() for each in sent]
