"""What a decision looks at: a handler says what it needs, the hands fetch it, the plan reads it.

Whatever authorises something is fetched anew from GitHub; a payload only says where to look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from core.decisions import Decision, PassedBy
from core.github import (
    BranchRules,
    CheckRun,
    Comment,
    CommentHistory,
    Issue,
    LabelEvent,
    Pull,
    RepositoryFacts,
    Review,
    Turn,
    TurnKind,
)
from core.heads import Behind
from core.holds import Hold
from core.names import Role, RunId, Sha, SubjectKind
from core.runs import Effect, Run, Step
from core.states import TERMINAL
from core.workflow.catalogue import Catalogue, File, Layer

_LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class ConfigQuery:
    """Our own files at a commit, if it changes them."""

    sha: Sha
    branch: str
    before: Sha | None
    """Where the branch was; None where it is new, and is compared with the default branch."""
    touched: bool
    """Whether it is known to change what was there before, so that nothing need be compared."""


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """Our own files at a commit that changes them."""

    sha: Sha
    policy: File | None
    """`.github/pullwright.yml`; None where there is none."""
    workflows: Catalogue
    operator: str | None = None
    """The operator's policy, which the repository's may only tighten."""
    owners: bool = False
    """Whether this is the owner's `.github` repository, whose files count in all of its repositories."""
    owners_policy: File | None = None
    """Its `pullwright.yml`; None where there is none."""

    def here(self, layer: Layer) -> bool:
        """Whether files of this layer are part of the commit."""
        return layer is Layer.repository or (self.owners and layer is Layer.owner)

    @property
    def count(self) -> int:
        """How many files of ours there are."""
        layers = [*(one.layer for one in self.workflows.entries), *(one.layer for one in self.workflows.pieces)]
        policies = (self.policy, self.owners_policy)
        return sum(map(self.here, layers)) + sum(one is not None for one in policies)


@dataclass(frozen=True, slots=True)
class FactQuery:
    """What to fetch. What is not asked for is absent from the Facts."""

    number: int | None = None
    """The subject: its issue, and the runs about it (or about the issue whose run opened this pull request)."""
    whole: bool = False
    """Whether it is about the repository as a whole: then `runs` are those that began about it within the hour."""
    role_of: str | None = None
    comment_id: int | None = None
    gone: bool = False
    """Whether the event says that its comment or label is gone: then nobody waits for it to appear."""
    box: str | None = None
    """What the comment says, in which somebody ticked a box: who that was, and what we had put there."""
    label: str | None = None
    review: tuple[int, int] | None = None
    """Pull request number and review id."""
    pull: int | None = None
    head: Sha | None = None
    """Where the branch of `pull` was when this happened."""
    turn: TurnKind | None = None
    """What was done to `pull`; the role is that of whoever did it."""
    of_author: bool = False
    """Whether the role is that of whoever opened `pull`."""
    vouching: bool = False
    """Where the head of `pull` lies in a fork: who stands behind it, each with their role."""
    withheld: bool = False
    """Where the head of `pull` lies in a fork: what else happened to it that a workflow listens to."""
    commits: tuple[str, ...] = ()
    """First digits of commits. Those that the head of `pull` begins with: which commit they name."""
    changed: bool = False
    """The paths that `pull` changes, if a workflow that listens asks for some."""
    run: RunId | None = None
    """A run of this repository, by its id, in place of those of a subject."""
    thread: bool = False
    """All comments of the subject, for the snapshot."""
    listening: str | None = None
    """A key of `on:`. Where no workflow says it, what only a start needs is not fetched."""
    besides: bool = False
    """Whether the subject and `pull` are needed in any case."""
    branch: tuple[str, Sha] | None = None
    """A branch, and where it was when this happened."""
    check: tuple[Sha, int] | None = None
    """A commit, and the id of a check run on it."""
    rules: str | None = None
    """A branch, for what GitHub asks before anything reaches it."""
    required: str | None = None
    """A check. Where those rules do not ask for it, what it alone would need is not fetched."""
    checks_on: Sha | None = None
    """A commit, for every check run on it, where `required` is asked for."""
    config: ConfigQuery | None = None
    decisions: bool = False
    """What was decided here last."""
    spending: bool = False
    """What the runs here have cost."""
    usual: bool = False
    """What runs of each workflow have cost in this repository."""
    done: bool = False
    """What the runs here have done that can be taken back."""
    board: bool = False
    """Which issue is the repository's board."""
    policy: bool = False
    workflows: bool = False
    """The workflows that may be started here, as they are at the commit at which the policy was read."""


@dataclass(frozen=True, slots=True)
class App:
    """Who we are on GitHub."""

    id: int
    slug: str

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The policy that is in force: the text of the file found first, and where it was found."""

    path: str
    """`.github/pullwright.yml`, the same with its repository where it is the owner's, or a name for people such as
    `built-in policy team`."""
    text: str | None
    """None: no file anywhere; the built-in for this kind of owner is in force."""
    sha: Sha
    """The commit of this repository's default branch at which it was looked up."""
    operator: str | None = None
    """The operator's own file, which a repository may only tighten; None where there is none."""
    owners_sha: Sha | None = None
    """The commit at which the owner's `.github` repository was looked into; None where it was not, or there is none."""

    @property
    def commit(self) -> Sha:
        """The commit that says what the policy is: the owner's where the owner was asked, else the repository's."""
        return self.owners_sha or self.sha


@dataclass(frozen=True, slots=True)
class Spent:
    """What models were paid, as far as their prices are known."""

    run_usd: Decimal
    """For the run that is at work here, with its parts; else for the newest."""
    here_usd: Decimal
    """For all runs about this issue or pull request."""
    unpriced: bool
    """Whether some calls here have no known price."""


@dataclass(frozen=True, slots=True)
class OurComment:
    """A comment of ours in which people may tick boxes."""

    history: CommentHistory | None
    """None where GitHub does not tell it."""
    written: tuple[str, ...]
    """What we put there: at first, and whenever we put it right."""
    ticks: frozenset[str]
    """The edits that were heard already as ticks of a box."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was fetched, all of it at about the same moment."""

    app: App
    repository: RepositoryFacts
    told_at: datetime = _LONG_AGO
    """When we were told of what happened."""
    issue: Issue | None = None
    role: Role | None = None
    """The role of whoever GitHub says did it (the label event's, comment's, review's or pull request's author,
    whoever turned that, else `role_of`).

    None where it was not asked for. A look-up that failed raises instead: doubt is never a role."""
    comment: Comment | None = None
    """None where the comment does not exist (any more)."""
    ours: OurComment | None = None
    """None where it was not asked for, or the comment is not our App's."""
    labelling: LabelEvent | None = None
    review: Review | None = None
    pull: Pull | None = None
    behind_head: Sequence[Behind] = ()
    """Who stands behind the head of the pull request; nobody where it lies in no fork, or was not asked for."""
    labellings: Sequence[LabelEvent] = ()
    """The labels that the pull request carries and a workflow listens to, where `withheld` was asked for."""
    turns: Mapping[TurnKind, Turn] = field(default_factory=dict)
    """The turns of the pull request that a workflow listens to, where `withheld` was asked for."""
    commits: Mapping[str, Sha] = field(default_factory=dict)
    """Of the first digits that were asked for, those that name one commit, with that."""
    turn: Turn | None = None
    """None where it was undone since."""
    changed: tuple[str, ...] | None = None
    """The paths of the pull request; None where they were not asked for, or GitHub tells not of all."""
    head: Sha | None = None
    """Where the branch is that was asked for; None where there is none."""
    check: CheckRun | None = None
    rules: BranchRules | None = None
    """None where they were not asked for."""
    checks: Sequence[CheckRun] = ()
    thread: Sequence[Comment] = ()
    policy: PolicyFile | None = None
    config: ConfigFiles | None = None
    """None where the commit that was asked for changes no file of ours."""
    runs: Sequence[Run] = ()
    """The runs of this subject, newest first."""
    steps: Mapping[str, Sequence[Step]] | None = None
    """The steps of the newest of `runs` that is not in line behind another, by its id."""
    workflows: Catalogue | None = None
    """The workflows that may be started here; None where they were not asked for."""
    hold: Hold | None = None
    """Who holds the work here, and why, where that is so."""
    decisions: Sequence[Decision] = ()
    """What was decided here last, newest first."""
    passed_by: Sequence[PassedBy] = ()
    """What happened here and brought nothing about, newest first: as `decisions`, where they were asked for."""
    spent: Spent | None = None
    usual_usd: Mapping[str, Decimal] = field(default_factory=dict)
    """What a run of a workflow has cost here on average, by the workflow's name; without one that had a price, none."""
    done: Sequence[Effect] = ()
    """The labels, comments and merges of the runs here, newest first."""

    board: int | None = None
    """The issue that is the repository's board; None where there is none, or it was not asked for."""

    @property
    def open_head(self) -> Sha | None:
        """The head of the pull request that was asked for, where it is open."""
        return self.pull.head_sha if self.pull is not None and self.pull.open else None

    @property
    def active(self) -> Run | None:
        """The run that is at work here, if there is one: one run per subject. Those in line behind it are not.

        On a pull request of ours there may be two, and the one that opened it is meant: it waits for what is said
        there, and for its end.
        """
        at_work = [run for run in self.unfinished if run.behind_id is None]
        ours = (run for run in at_work if run.pull_number and run.subject.kind is not SubjectKind.pull_request)
        return next(ours, next(iter(at_work), None))

    @property
    def unfinished(self) -> Sequence[Run]:
        """Every run of this subject that is not over, those in line too, newest first."""
        return [run for run in self.runs if run.state not in TERMINAL]
