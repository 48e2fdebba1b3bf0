"""The state of the stand-in: who exists, what is installed where, and every repository with its issues.

One `World` per stand-in. Ids come from one counter and times from one clock, so that a story replays the same.
Tests read it directly and count with `comments_by`, `pulls`, `merges`, `check_runs` and `branches`.
"""

import asyncio
import base64
import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import git
from .defaults import DEFAULT_LABELS, EVENT_PERMISSION
from .errors import Moved, Refusal, not_found
from .records import (
    ROLES,
    Account,
    Actor,
    App,
    CheckRun,
    Comment,
    Hook,
    Installation,
    Issue,
    Json,
    Label,
    Protection,
    Pull,
    Repository,
    Role,
    SeenRequest,
    Token,
)

if TYPE_CHECKING:
    from .webhooks import Webhooks

Clock = Callable[[], datetime]
TokenShape = Literal["classic", "long"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class World:
    """Everything GitHub knows. `webhooks` carries what happens to the Apps; `url` is set when the server starts."""

    def __init__(self, folder: Path, clock: Clock, token_shape: TokenShape, webhooks: "Webhooks") -> None:
        self.folder = folder
        self.now = clock
        self.token_shape: TokenShape = token_shape
        self.webhooks = webhooks
        self.url = "http://127.0.0.1"
        self.hourly_limit = 5000
        self.accounts: dict[str, Account] = {}
        self.apps: dict[str, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[str, Repository] = {}
        self.moved: dict[str, Repository] = {}
        """Repositories by the names that they had."""
        self.tokens: dict[str, Token] = {}
        self.requests: list[SeenRequest] = []
        self.unknown_requests: list[str] = []
        self.job_logs: dict[int, bytes] = {}
        """What jobs of GitHub Actions printed, by their ids."""
        self._ids = itertools.count(1000)
        self._requests = itertools.count(1)
        self._locks: dict[str, asyncio.Lock] = {}

    # Identity

    def next_id(self, prefix: str) -> tuple[int, str]:
        """A fresh id and the node id that goes with it."""
        number = next(self._ids)
        packed = base64.urlsafe_b64encode(b"\x93\x00\xce" + number.to_bytes(8)).decode().rstrip("=")
        return number, f"{prefix}_kwDO{packed}"

    def next_request(self) -> str:
        """A request id; not from the ids of things, which depend on what happens only."""
        return f"{next(self._requests):04X}:STAND:IN"

    def stamp(self) -> str:
        """Now, as git and the API write it: UTC to the second."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def lock(self, repository: Repository) -> asyncio.Lock:
        """Held while references of this repository are compared and moved."""
        return self._locks.setdefault(repository.full_name, asyncio.Lock())

    # Building a world

    def create_user(self, login: str, type: Literal["User", "Organization", "Bot"] = "User") -> Account:  # noqa: A002
        """A new account. A user's `token` is a personal access token that may do what the user may."""
        number, node = self.next_id({"User": "U", "Organization": "O", "Bot": "BOT"}[type])
        token = f"ghp_{secrets.token_hex(18)}" if type == "User" else ""
        account = Account(number, node, login, type, login, self.now(), token)
        self.accounts[login.lower()] = account
        return account

    def create_org(self, login: str, members: list[str] | None = None) -> Account:
        account = self.create_user(login, "Organization")
        account.members = [self.account(member) for member in members or []]
        return account

    def create_app(
        self,
        name: str,
        slug: str,
        public_key_pem: str,
        webhook_url: str,
        webhook_secret: str,
        permissions: dict[str, str],
        events: list[str] | tuple[str, ...],
        owner: str | None = None,
    ) -> App:
        """Register an App. ValueError where it subscribes to an event its permissions do not cover, as GitHub
        refuses such a registration."""
        granted = {"metadata": "read"} | permissions
        for event in events:
            if event in {"installation", "installation_repositories", "github_app_authorization"}:
                raise ValueError(f"Default events unsupported: {event}")
            if EVENT_PERMISSION.get(event, "metadata") not in granted:
                raise ValueError(f"Default events are not supported by permissions: {event}")
        owner_account = self.account(owner) if owner else self.create_user(f"{slug}-maker")
        bot = self.create_user(f"{slug}[bot]", "Bot")
        number, node = self.next_id("A")
        hook = Hook(self.next_id("HK")[0], webhook_url, webhook_secret)
        client_id = f"Iv23li{number:014d}"
        app = App(
            number,
            node,
            slug,
            name,
            client_id,
            owner_account,
            bot,
            public_key_pem,
            hook,
            granted,
            tuple(events),
            self.now(),
        )
        self.apps[slug] = app
        return app

    async def create_repository(
        self, owner: str, name: str, source: Path, default_branch: str = "main", private: bool = False
    ) -> Repository:
        """A repository imported from `source` (a git repository, or a folder that becomes one commit)."""
        account = self.accounts.get(owner.lower()) or self.create_user(owner)
        number, node = self.next_id("R")
        path = self.folder / account.login / f"{name}.git"
        await git.import_bare(source, path, default_branch, self.stamp())
        now = self.now()
        repository = Repository(number, node, account, name, path, default_branch, private, now, now)
        if account.type == "User":
            repository.collaborators[account.login] = "admin"
        for label, (color, description) in DEFAULT_LABELS.items():
            repository.labels[label] = Label(*self.next_id("LA"), label, color, description)
        return self.add_repository(repository)

    def add_repository(self, repository: Repository) -> Repository:
        """Have it under its name; a repository that had the name before is not led to any more."""
        self.repositories[repository.full_name.lower()] = repository
        self.moved.pop(repository.full_name.lower(), None)
        return repository

    def add_collaborator(self, repository: Repository, login: str, role: Role) -> None:
        """Give an existing account this role, or change it; `none` takes it away."""
        account = self.account(login)
        if role == "none":
            repository.collaborators.pop(account.login, None)
        else:
            repository.collaborators[account.login] = role

    def protect(self, repository: Repository, branch: str, checks: tuple[str, ...] = (), approvals: int = 0) -> None:
        repository.protected[branch] = Protection(checks, approvals)

    def rule(self, repository: Repository, branch: str, kind: str, **parameters: object) -> None:
        """A ruleset with one rule for this branch: `required_status_checks`, `merge_queue`, `required_signatures` …"""
        rule: Json = {"type": kind, "parameters": parameters} if parameters else {"type": kind}
        source = {"ruleset_source_type": "Repository", "ruleset_source": repository.full_name}
        rules = repository.rules.setdefault(branch, [])
        rules.append(rule | source | {"ruleset_id": len(rules) + 1})

    def install(self, app: App, *repositories: Repository) -> Installation:
        """Install the App on these repositories of one owner (or add them) and tell it so by webhook."""
        owner = repositories[0].owner
        for installation in self.installations.values():
            if installation.app is app and installation.account is owner:
                added = [each for each in repositories if each not in installation.repositories]
                installation.repositories += added
                self.webhooks.installation_repositories(self, installation, added, [], Actor(owner))
                return installation
        number, _ = self.next_id("I")
        installation = Installation(number, app, owner, list(repositories), dict(app.permissions), self.now())
        self.installations[number] = installation
        self.webhooks.installation(self, "created", installation, Actor(owner))
        return installation

    def uninstall(self, installation: Installation) -> None:
        """Take the App away from the account: its tokens end at once, and it is told."""
        del self.installations[installation.id]
        for token in self.tokens.values():
            token.revoked = token.revoked or token.installation is installation
        self.webhooks.installation(self, "deleted", installation, Actor(installation.account))

    def withdraw(self, installation: Installation, repository: Repository) -> None:
        """Take one repository out of the installation."""
        installation.repositories.remove(repository)
        for token in self.tokens.values():
            if repository in token.repositories:
                token.repositories.remove(repository)
        self.webhooks.installation_repositories(self, installation, [], [repository], Actor(installation.account))

    def suspend(self, installation: Installation, suspended: bool = True) -> None:
        installation.suspended_at = self.now() if suspended else None
        action = "suspend" if suspended else "unsuspend"
        self.webhooks.installation(self, action, installation, Actor(installation.account))

    # Looking things up

    def account(self, login: str) -> Account:
        try:
            return self.accounts[login.lower()]
        except KeyError:
            raise not_found() from None

    def account_of_email(self, email: str) -> Account | None:
        """The account whose no-reply address this is: `<id>+<login>@users.noreply.github.com`, or the plain login."""
        local, _, host = email.partition("@")
        return self.accounts.get(local.rpartition("+")[2].lower()) if host == "users.noreply.github.com" else None

    def repository(self, full_name: str) -> Repository:
        try:
            return self.repositories[full_name.lower()]
        except KeyError:
            raise not_found() from None

    def issue(self, repository: Repository, number: int) -> Issue:
        """The issue or pull request; 410 where it was deleted, 301 where it went to another repository."""
        if number in repository.issues:
            return repository.issues[number]
        if number not in repository.gone:
            raise not_found()
        moved = repository.gone[number]
        raise Refusal(410, "This issue was deleted") if moved is None else Moved(f"{self.url}{moved}")

    def pull(self, repository: Repository, number: int) -> tuple[Issue, Pull]:
        issue = self.issue(repository, number)
        if issue.pull is None:
            raise not_found()
        return issue, issue.pull

    def comment(self, repository: Repository, comment_id: int) -> tuple[Issue, Comment]:
        for issue in repository.issues.values():
            for comment in issue.comments:
                if comment.id == comment_id:
                    return issue, comment
        raise not_found()

    def installation_of(self, app: App, repository: Repository) -> Installation | None:
        for installation in self.installations.values():
            if installation.app is app and repository in installation.repositories:
                return installation
        return None

    def role(self, repository: Repository, account: Account | None) -> Role:
        """The role as GitHub computes it: owners are admin, everybody may read what is public."""
        public: Role = "none" if repository.private else "read"
        if account is None:
            return public
        if account is repository.owner:
            return "admin"
        given = repository.collaborators.get(account.login, public)
        return max(given, public, key=ROLES.index)

    # Counting, for tests

    def comments_by(self, repository: Repository, login: str, number: int | None = None) -> list[Comment]:
        issues = repository.issues.values() if number is None else [self.issue(repository, number)]
        return [comment for issue in issues for comment in issue.comments if comment.author.login == login]

    def pulls(self, repository: Repository) -> list[Issue]:
        return repository.pulls

    def merges(self, repository: Repository) -> list[Issue]:
        return [issue for issue in repository.pulls if issue.pull and issue.pull.merged_at]

    def check_runs(self, repository: Repository, name: str | None = None) -> list[CheckRun]:
        return [run for run in repository.check_runs if name in {None, run.name}]

    async def branches(self, repository: Repository) -> dict[str, str]:
        """Branch names and the commit each points at."""
        found = await git.refs(repository.path)
        return {name.removeprefix("refs/heads/"): sha for name, sha in found.items()}

    def requests_of(self, method: str, path_part: str) -> list[SeenRequest]:
        return [seen for seen in self.requests if seen.method == method and path_part in seen.path]

    def summary(self, repository: Repository) -> Json:
        """How much there is of everything: for assertions that nothing more happened."""
        return {
            "issues": len(repository.issues) - len(repository.pulls),
            "pulls": len(repository.pulls),
            "merges": len(self.merges(repository)),
            "comments": sum(len(issue.comments) for issue in repository.issues.values()),
            "check_runs": len(repository.check_runs),
        }
