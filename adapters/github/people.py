"""Who may do what in the repository, asked live."""

import re
from collections.abc import Sequence

from adapters.github.channel import Channel
from adapters.github.parse import AccountJson, CollaboratorJson, MembershipJson, PermissionJson, parsed
from adapters.github.requests import JSON, LARGEST_ANSWER_BYTES
from adapters.github.tokens import MEMBERS
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

    async def account_of(self, login: str) -> int | None:
        """https://docs.github.com/en/rest/users/users#get-a-user"""
        address = self._requests.address("/users/{login}", {"login": login})
        try:
            sent = (await self._read(address, JSON, LARGEST_ANSWER_BYTES)).json()
        except NotThere:
            return None
        return parsed(AccountJson, sent, "an account").id

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        """Whether the person is in the team now. Who was only invited is not; in a team that is none nobody is.

        https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
        """
        parts = {"organisation": organisation, "team": team, "login": login}
        if not _LOGIN.fullmatch(login):
            return False
        address = self._requests.address("/orgs/{organisation}/teams/{team}/memberships/{login}", parts)
        try:
            answer = await self._with_token(
                MEMBERS,
                lambda token: self._requests.read(address, token, accept=JSON, largest_bytes=LARGEST_ANSWER_BYTES),
            )
        except NotThere:
            return False
        return parsed(MembershipJson, answer.json(), "a team membership").state == "active"

    async def collaborators(self) -> Sequence[Collaborator]:
        sent = await self.listed("/collaborators")
        return [parsed(CollaboratorJson, each, "a collaborator").collaborator() for each in sent]
