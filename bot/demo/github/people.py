"""People: a `Person` opens issues, comments, reviews, pushes and merges by the same acts the API uses.

An `OtherApp` is a machine among them, such as a CI service that reports checks. What a role does not allow is refused
here as it is there, with the same `Refusal`.
"""

from collections.abc import Mapping

from . import git
from .acts import checks, comments, issues, labels, merging, pulls, reactions, refs, repositories, reviews
from .errors import Refusal
from .records import ROLES, Actor, CheckRun, Comment, CommitStatus, Issue, Json, Repository, Review, Role
from .world import World


class Person:
    """One account acting. A repository may be left out where the world has only one that is no fork; issues go by
    number or as such."""

    def __init__(self, world: World, login: str, repository: Repository | None = None) -> None:
        self.world = world
        self.account = world.account(login)
        self.actor = Actor(self.account)
        self._repository = repository

    @property
    def login(self) -> str:
        return self.account.login

    @property
    def repository(self) -> Repository:
        if self._repository is not None:
            return self._repository
        (only,) = (each for each in self.world.repositories.values() if each.parent is None)
        return only

    def at(self, repository: Repository) -> "Person":
        """The same person, acting in this repository."""
        return Person(self.world, self.login, repository)

    async def open_issue(self, title: str, body: str = "", labels: list[str] | None = None) -> Issue:
        if labels:
            self._need("triage")
        return await issues.open_issue(self.world, self.actor, self.repository, title, body, labels)

    async def edit_issue(self, number: Issue | int, title: str | None = None, body: str | None = None) -> None:
        issue = self._issue(number)
        if issue.author is not self.account:
            self._need("triage")
        await issues.edit(self.world, self.actor, self.repository, issue, title, body)

    async def close_issue(self, number: Issue | int, reason: str = "completed") -> None:
        issue = self._issue(number)
        if issue.author is not self.account:
            self._need("triage")
        await issues.close(self.world, self.actor, self.repository, issue, reason)

    async def reopen_issue(self, number: Issue | int) -> None:
        await issues.reopen(self.world, self.actor, self.repository, self._issue(number))

    async def lock(self, number: Issue | int, locked: bool = True) -> None:
        self._need("write")
        await issues.lock(self.world, self.actor, self.repository, self._issue(number), locked)

    async def delete_issue(self, number: Issue | int) -> None:
        self._need("admin")
        await issues.delete(self.world, self.actor, self.repository, self._issue(number))

    async def transfer_issue(self, number: Issue | int, to: Repository) -> Issue:
        self._need("write")
        return await issues.transfer(self.world, self.actor, self.repository, self._issue(number), to)

    async def assign(self, number: Issue | int, *logins: str) -> None:
        self._need("triage")
        await issues.set_assignees(
            self.world, self.actor, self.repository, self._issue(number), list(logins), keep=True
        )

    async def label(self, number: Issue | int, *names: str) -> None:
        self._need("triage")
        await labels.add(self.world, self.actor, self.repository, self._issue(number), list(names))

    async def unlabel(self, number: Issue | int, name: str) -> None:
        self._need("triage")
        await labels.remove(self.world, self.actor, self.repository, self._issue(number), name)

    async def comment(self, number: Issue | int, body: str) -> Comment:
        if self._issue(number).locked:
            self._need("write")
        return comments.comment(self.world, self.actor, self.repository, self._issue(number), body)

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Anybody with the write role may edit anybody's comment, the App's too."""
        issue, comment = self.world.comment(self.repository, comment_id)
        if comment.author is not self.account:
            self._need("write")
        comments.edit(self.world, self.actor, self.repository, issue, comment, body)

    async def delete_comment(self, comment_id: int) -> None:
        issue, comment = self.world.comment(self.repository, comment_id)
        if comment.author is not self.account:
            self._need("write")
        comments.delete(self.world, self.actor, self.repository, issue, comment)

    async def react(self, comment_id: int, content: str) -> None:
        _, comment = self.world.comment(self.repository, comment_id)
        reactions.react(self.world, self.actor, comment.reactions, content)

    async def fork(self) -> "Person":
        """The same person, acting in a fork of their own."""
        return self.at(await repositories.fork(self.world, self.actor, self.repository))

    async def delete_repository(self) -> None:
        self._need("admin")
        repositories.delete(self.world, self.actor, self.repository)

    async def open_pull(self, head: str, base: str, title: str, body: str = "", draft: bool = False) -> Issue:
        """From a branch, or `owner:branch` of a fork, which maintainers may push to as the page proposes it."""
        asked = {
            "head": head,
            "base": base,
            "title": title,
            "body": body,
            "draft": draft,
            "maintainer_can_modify": True,
        }
        return await pulls.open_pull(self.world, self.actor, self.repository, asked)

    async def ready_for_review(self, number: Issue | int) -> None:
        self._need("write")
        await pulls.set_draft(self.world, self.actor, self.repository, self._issue(number), draft=False)

    async def approve(self, number: Issue | int, body: str = "") -> Review:
        return await self._review(number, "APPROVE", body)

    async def request_changes(self, number: Issue | int, body: str) -> Review:
        return await self._review(number, "REQUEST_CHANGES", body)

    async def review_comment(self, number: Issue | int, body: str) -> Review:
        return await self._review(number, "COMMENT", body)

    async def dismiss(self, number: Issue | int, review_id: int, message: str) -> None:
        self._need("write")
        issue = self._issue(number)
        reviews.dismiss(self.world, self.actor, self.repository, issue, reviews.find(issue, review_id), message)

    async def merge(self, number: Issue | int, method: str = "merge", sha: str | None = None) -> str:
        self._need("write")
        issue = self._issue(number)
        return await merging.merge(self.world, self.actor, self.repository, issue, {"merge_method": method, "sha": sha})

    async def close_pull(self, number: Issue | int) -> None:
        await self.close_issue(number)

    async def push(self, branch: str, files: Mapping[str, str | bytes | None], message: str) -> str:
        """One commit on `branch` (made from the default branch where it is new); a file that is None goes away."""
        self._need("write")
        if branch in self.repository.protected:
            raise Refusal(403, f"Protected branch update failed for refs/heads/{branch}.")
        path = self.repository.path
        async with refs.moving(self.world, self.actor, self.repository):
            old = await git.resolve(path, f"refs/heads/{branch}")
            start = old or await git.resolve(path, f"refs/heads/{self.repository.default_branch}")
            written = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
            tree = await git.edited_tree(path, start, written)
            author = git.Person(self.account.name, f"{self.account.id}+{self.login}@users.noreply.github.com")
            parents = [start] if start else []
            new = await git.commit(path, tree, parents, f"{message}\n", author, author, self.world.stamp())
            await git.update_ref(path, f"refs/heads/{branch}", new, old or git.NOBODY)
        return new

    async def press(self, run: CheckRun | int, identifier: str) -> None:
        """Press a check run's button, which GitHub shows to those with the write role."""
        self._need("write")
        found = run if isinstance(run, CheckRun) else checks.find(self.repository, run)
        checks.press(self.world, self.actor, self.repository, found, identifier)

    async def rerun(self, run: CheckRun) -> None:
        self._need("write")
        checks.rerequest(self.world, self.actor, self.repository, run)

    async def _review(self, number: Issue | int, event: str, body: str) -> Review:
        issue = self._issue(number)
        return await reviews.review(self.world, self.actor, self.repository, issue, {"event": event, "body": body})

    def _issue(self, number: Issue | int) -> Issue:
        return number if isinstance(number, Issue) else self.world.issue(self.repository, number)

    def _need(self, role: Role) -> None:
        own = self.world.role(self.repository, self.account)
        if ROLES.index(own) < ROLES.index(role):
            raise Refusal(403, f"{self.login} has the role {own} here; {role} is needed.")


class OtherApp:
    """Another App in the same repository, made and installed when first named; it has no hook of its own."""

    def __init__(self, world: World, slug: str, repository: Repository) -> None:
        self.world = world
        self.repository = repository
        self.app = world.apps.get(slug) or world.create_app(slug, slug, "", "", "", {"checks": "write"}, [])
        self.actor = Actor(self.app.bot)
        world.install(self.app, repository)

    async def check(self, sha: str, name: str, conclusion: str | None = None, summary: str = "") -> CheckRun:
        """Report a check on a commit; without a conclusion it is in progress."""
        asked: Json = {"name": name, "head_sha": sha}
        asked |= {"conclusion": conclusion} if conclusion else {"status": "in_progress"}
        asked |= {"output": {"title": name, "summary": summary}} if summary else {}
        return await checks.create_run(self.world, self.actor, self.app, self.repository, asked)

    async def status(self, sha: str, context: str, state: str, url: str | None = None) -> CommitStatus:
        """Set a commit status, as services do that know no check runs."""
        asked: Json = {"context": context, "state": state, "target_url": url}
        return await checks.set_status(self.world, self.app.bot, self.repository, sha, asked)

    async def job(self, sha: str, name: str, conclusion: str, log: str) -> CheckRun:
        """Report what a job came to that printed this, as the App with the slug `github-actions` does."""
        number, _ = self.world.next_id("CR")
        self.world.job_logs[number] = log.encode()
        details = f"{self.world.url}/{self.repository.full_name}/actions/runs/1/job/{number}"
        asked: Json = {"name": name, "head_sha": sha, "conclusion": conclusion, "details_url": details}
        return await checks.create_run(self.world, self.actor, self.app, self.repository, asked)

    async def finish(self, run: CheckRun, conclusion: str) -> None:
        await checks.update_run(self.world, self.actor, self.repository, run, {"conclusion": conclusion})

    def comment(self, number: int, body: str) -> Comment:
        return comments.comment(
            self.world, self.actor, self.repository, self.world.issue(self.repository, number), body
        )
