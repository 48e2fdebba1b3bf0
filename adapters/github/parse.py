"""GitHub's JSON, read into the values of `core.github`. What is not what it should be is GitHubUnavailable.

A model here names only the fields we use; GitHub may add others. `value()` is what the service sees.
"""

import re
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core.errors import GitHubUnavailable
from core.facts import App
from core.github import (
    Account,
    CheckRun,
    CheckStatus,
    Closing,
    Collaborator,
    Comment,
    CommitStatus,
    FileFacts,
    Issue,
    LabelEvent,
    Note,
    Pull,
    RepositoryFacts,
    Review,
    ReviewState,
    Turn,
)
from core.installations import Standing
from core.names import Role, Sha

T = TypeVar("T", bound="Edge")
_MISTAKES_SHOWN = 3


class Edge(BaseModel):
    """Something as GitHub sends it."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def parsed(model: type[T], sent: Any, what: str) -> T:
    """`sent` as the model. The error names the fields, never their contents, which anybody may have written."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in found[:_MISTAKES_SHOWN])
    raise GitHubUnavailable(f"GitHub sent something we cannot read: {what}: {wrong}.")


class AccountJson(Edge):
    login: str
    id: int
    type: str = "User"

    def value(self) -> Account:
        return Account(login=self.login, id=self.id, is_bot=self.type == "Bot")


GHOST = Account(login="ghost", id=10137, is_bot=False)
"""Whom GitHub shows in place of an account that was deleted."""


def account(sent: AccountJson | None) -> Account:
    return sent.value() if sent is not None else GHOST


class AppJson(Edge):
    id: int
    slug: str = ""

    def value(self) -> App:
        return App(id=self.id, slug=self.slug)


class InstallationJson(Edge):
    id: int


class StandingJson(Edge):
    account: AccountJson
    suspended_at: AwareDatetime | None = None

    def value(self) -> Standing:
        return Standing(account=self.account.login, suspended=self.suspended_at is not None)


class RepositoryJson(Edge):
    id: int
    name: str
    owner: AccountJson
    default_branch: str
    private: bool
    archived: bool
    clone_url: str

    def value(self) -> RepositoryFacts:
        return RepositoryFacts(
            id=self.id,
            owner=self.owner.login,
            name=self.name,
            owner_is_organisation=self.owner.type == "Organization",
            default_branch=self.default_branch,
            private=self.private,
            archived=self.archived,
            clone_url=self.clone_url,
        )


class _Object(Edge):
    sha: str
    type: str


class RefJson(Edge):
    ref: str
    object: _Object


class EntryJson(Edge):
    """A line of a folder's listing."""

    path: str
    sha: str
    size: int
    type: str

    def value(self) -> FileFacts:
        return FileFacts(path=self.path, blob=Sha(self.sha), bytes=self.size)


class _Label(Edge):
    name: str


class IssueJson(Edge):
    number: int
    node_id: str
    title: str
    body: str | None
    user: AccountJson | None
    author_association: str = "NONE"
    state: Literal["open", "closed"]
    labels: list[_Label | str] = []
    pull_request: dict[str, Any] | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    html_url: str

    def value(self) -> Issue:
        return Issue(
            number=self.number,
            node_id=self.node_id,
            title=self.title,
            body=self.body or "",
            author=account(self.user),
            author_association=self.author_association,
            open=self.state == "open",
            labels=tuple(each if isinstance(each, str) else each.name for each in self.labels),
            is_pull_request=self.pull_request is not None,
            created_at=self.created_at,
            updated_at=self.updated_at,
            url=self.html_url,
        )


class AssignedJson(Edge):
    """An issue, as the answer to an assignment tells it."""

    assignees: list[AccountJson]


class CommentJson(Edge):
    id: int
    node_id: str
    body: str | None
    user: AccountJson | None
    author_association: str = "NONE"
    performed_via_github_app: AppJson | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    html_url: str
    issue_url: str = Field(pattern=r"/issues/[0-9]+$")

    def value(self) -> Comment:
        author = account(self.user)
        # A person who writes through an App's user token is still the author, and may be anybody.
        via = self.performed_via_github_app if author.is_bot else None
        return Comment(
            id=self.id,
            node_id=self.node_id,
            number=int(self.issue_url.rpartition("/")[2]),
            body=self.body or "",
            author=author,
            author_association=self.author_association,
            app_id=via.id if via is not None else None,
            created_at=self.created_at,
            updated_at=self.updated_at,
            url=self.html_url,
        )


class IssueEventJson(Edge):
    id: int
    event: str
    actor: AccountJson | None
    label: _Label | None = None
    created_at: AwareDatetime

    def concerns(self, label: str) -> bool:
        """Whether it put this label on or took it off; GitHub compares labels without regard to case."""
        turned = self.event in {"labeled", "unlabeled"} and self.label is not None
        return turned and self.label is not None and self.label.name.casefold() == label.casefold()

    def closing(self, us: App) -> Closing:
        return Closing(by_us=is_us(us, account(self.actor)), at=self.created_at)

    def turn(self) -> Turn:
        return Turn(actor=account(self.actor), created_at=self.created_at)

    def value(self) -> LabelEvent:
        name = self.label.name if self.label is not None else ""
        return LabelEvent(id=self.id, label=name, actor=account(self.actor), created_at=self.created_at)


class PermissionJson(Edge):
    permission: str
    role_name: str | None = None

    def value(self) -> Role:
        """The role by its exact name; a custom one counts as the step of the old scale that it grants."""
        return _role(self.role_name) or _role(self.permission) or Role.none


class MembershipJson(Edge):
    state: str


class _Steps(Edge):
    admin: bool = False
    maintain: bool = False
    push: bool = False
    triage: bool = False
    pull: bool = False

    def value(self) -> Role:
        granted = {
            Role.admin: self.admin,
            Role.maintain: self.maintain,
            Role.write: self.push,
            Role.triage: self.triage,
            Role.read: self.pull,
        }
        return next((role for role, yes in granted.items() if yes), Role.none)


class CollaboratorJson(AccountJson):
    role_name: str | None = None
    permissions: _Steps = _Steps()

    def collaborator(self) -> Collaborator:
        return Collaborator(account=self.value(), role=_role(self.role_name) or self.permissions.value())


def _role(name: str | None) -> Role | None:
    return next((role for role in Role if role.value == name), None)


class _HeadRepository(Edge):
    id: int


class _End(Edge):
    ref: str
    sha: str
    repo: _HeadRepository | None = None
    user: AccountJson | None = None
    """The account that the branch's repository belongs to, or did before it was deleted."""

    @property
    def owner(self) -> str | None:
        return self.user.login if self.user is not None and self.user.type == "User" else None


def is_us(us: App, account: Account) -> bool:
    return account.is_bot and account.login == us.login


class PullJson(Edge):
    """From a list, which has no `mergeable`, or alone."""

    number: int
    node_id: str
    html_url: str
    user: AccountJson | None
    state: Literal["open", "closed"]
    merged_at: AwareDatetime | None
    merged_by: AccountJson | None = None
    draft: bool = False
    head: _End
    base: _End
    body: str | None
    mergeable: bool | None = None
    merge_commit_sha: str | None = None

    def value(self, us: App) -> Pull:
        author, merged = account(self.user), self.merged_at is not None
        merger = account(self.merged_by) if merged and self.merged_by is not None else None
        return Pull(
            number=self.number,
            node_id=self.node_id,
            url=self.html_url,
            author=author,
            app_authored=is_us(us, author),
            open=self.state == "open",
            merged=merged,
            merged_by_us=merger is not None and is_us(us, merger),
            draft=self.draft,
            head_ref=self.head.ref,
            head_sha=Sha(self.head.sha),
            head_repository_id=self.head.repo.id if self.head.repo is not None else None,
            head_owner=self.head.owner,
            base_ref=self.base.ref,
            base_sha=Sha(self.base.sha),
            body=self.body or "",
            mergeable=self.mergeable,
            # Before the merge this is a commit that GitHub made to try it.
            merge_sha=Sha(self.merge_commit_sha) if merged and self.merge_commit_sha else None,
        )


class PullFileJson(Edge):
    filename: str
    previous_filename: str | None = None


class ReviewJson(Edge):
    id: int
    node_id: str
    user: AccountJson | None
    state: ReviewState
    commit_id: str | None = None
    body: str | None = None
    submitted_at: AwareDatetime | None = None

    def value(self, us: App) -> Review:
        author = account(self.user)
        return Review(
            id=self.id,
            node_id=self.node_id,
            author=author,
            app_authored=is_us(us, author),
            state=self.state,
            # A review of a commit that is gone equals no head, and so approves nothing.
            head_sha=Sha(self.commit_id or ""),
            body=self.body or "",
            submitted_at=self.submitted_at,
        )


class _CheckOutput(Edge):
    annotations_count: int = 0
    title: str | None = None
    summary: str | None = None


class NoteJson(Edge):
    path: str
    start_line: int
    annotation_level: str | None = None
    message: str | None = None

    def value(self) -> Note:
        return Note(path=self.path, line=self.start_line, level=self.annotation_level or "", message=self.message or "")


_JOB = re.compile(r"/actions/runs/\d+/job/(\d+)$")
"""How the `details_url` of a check run ends that GitHub Actions made for a job."""


class CheckRunJson(Edge):
    id: int
    name: str
    head_sha: str
    external_id: str | None = None
    status: str
    conclusion: str | None = None
    app: AppJson | None = None
    html_url: str | None = None
    details_url: str | None = None
    output: _CheckOutput | None = None

    def value(self) -> CheckRun:
        begun = {CheckStatus.in_progress.value, CheckStatus.completed.value}
        output = self.output if self.output is not None else _CheckOutput()
        return CheckRun(
            id=self.id,
            name=self.name,
            head_sha=Sha(self.head_sha),
            external_id=self.external_id or "",
            # Actions adds `waiting`, `requested` and `pending`: not begun, all of them.
            status=CheckStatus(self.status) if self.status in begun else CheckStatus.queued,
            conclusion=self.conclusion,
            app_id=self.app.id if self.app is not None else 0,
            url=self.html_url or "",
            annotations=output.annotations_count,
            title=output.title or "",
            summary=output.summary or "",
            job=self._job(),
        )

    def _job(self) -> int | None:
        """Of a check run of GitHub Actions; any App may link to whatever it likes."""
        ours = self.app is not None and self.app.slug == "github-actions"
        found = _JOB.search(self.details_url or "") if ours else None
        return int(found[1]) if found is not None else None


class CheckRunsJson(Edge):
    check_runs: list[CheckRunJson]


class StatusJson(Edge):
    id: int
    context: str
    state: str
    target_url: str | None = None
    description: str | None = None

    def value(self) -> CommitStatus:
        url, said = self.target_url or "", self.description or ""
        return CommitStatus(id=self.id, context=self.context, state=self.state, url=url, description=said)


class StatusesJson(Edge):
    statuses: list[StatusJson]


class MergedJson(Edge):
    sha: str = Field(min_length=40)
    merged: Literal[True]


class _ReadyPull(Edge):
    is_draft: Literal[False] = Field(alias="isDraft")


class _MarkedReady(Edge):
    pull: _ReadyPull = Field(alias="pullRequest")


class MarkedReadyJson(Edge):
    marked: _MarkedReady = Field(alias="markPullRequestReadyForReview")
