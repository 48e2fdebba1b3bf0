"""The repository itself, its branches and its files."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from adapters.github.channel import Channel
from adapters.github.parse import EntryJson, RefJson, RepositoryJson, parsed
from adapters.github.requests import RAW, SHA
from adapters.github.tokens import GIT_READ, GIT_WRITE
from core.errors import GitHubRefused, NotThere
from core.github import FileFacts, RepositoryFacts
from core.names import Sha

LARGEST_FILE_BYTES = 1024 * 1024


class Contents(Channel):
    async def repository(self) -> RepositoryFacts:
        """The repository of this id. Another one that took its name since is NotThere."""
        facts = parsed(RepositoryJson, await self.json(""), "a repository").value()
        if facts.id != self.repo.id:
            raise NotThere(f"{self.repo.full_name} is another repository now (id {facts.id}, not {self.repo.id}).")
        return facts

    async def head_of(self, branch: str) -> Sha | None:
        """Where the branch of exactly this name is; None where there is none."""
        try:
            sent = await self.json("/git/ref/heads{/branch*}", {"branch": branch.split("/")})
        except NotThere:
            return None
        found = parsed(RefJson, sent, "a branch")
        return Sha(found.object.sha) if found.ref == f"refs/heads/{branch}" else None

    async def commit_named(self, digits: str) -> Sha | None:
        """The commit that these first digits name; None where they name none, or more than one.

        Forks share the objects of a repository, so that what lies in one of them is found, and counts.
        https://docs.github.com/en/rest/commits/commits#get-a-commit
        """
        try:
            answer = await self.read("/commits/{digits}", {"digits": digits}, accept=SHA)
        except (NotThere, GitHubRefused):
            return None
        found = answer.body.decode("ascii", "replace").strip()
        return Sha(found) if re.fullmatch(r"[0-9a-f]{40}", found) else None

    async def file(self, path: str, ref: str) -> bytes | None:
        """The file's bytes at a branch, tag or commit; None where nothing is there, or something else than a file.

        GitHubRefused above 1 MiB.
        """
        try:
            answer = await self.read(
                "/contents{/path*}",
                {"path": path.split("/")},
                {"ref": ref},
                accept=RAW,
                largest_bytes=LARGEST_FILE_BYTES,
            )
        except NotThere:
            return None
        # Folders, submodules and links that lead nowhere come as JSON, whatever was asked for.
        if answer.headers.get("content-type", "").startswith("application/json"):
            return None
        if not answer.whole:
            raise GitHubRefused(f"`{quote(path)}` is larger than {LARGEST_FILE_BYTES // 1024} KiB; it is not read.")
        return answer.body

    async def files_in(self, folder: str, ref: str) -> Sequence[FileFacts]:
        """The files of a folder, in the order of their paths. GitHub tells of the first thousand entries.

        A submodule may be among them, since GitHub calls it a file here: `file()` says that it is none.
        """
        try:
            sent = await self.json("/contents{/path*}", {"path": folder.split("/")}, {"ref": ref})
        except NotThere:
            return ()
        if not isinstance(sent, list):
            return ()  # a file lies where the folder would
        entries = [parsed(EntryJson, one, "an entry of a folder") for one in sent]
        return sorted((entry.value() for entry in entries if entry.type == "file"), key=lambda file: file.path)

    async def git_token(self, *, write: bool) -> str:
        """A token for git over HTTP, good for at least five more minutes. RateLimited while GitHub asks us to pause."""
        token = await self._tokens.token(self.repo, GIT_WRITE if write else GIT_READ)
        await self._requests.governor.admit(token.caller)
        return token.secret
