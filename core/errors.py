"""Errors are vocabulary: each has a code, a sentence for people, and what to do about it.

What nothing may swallow (a lost lease, a cancelled run, a parked worker) is a `BaseException`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from core.holds import Hold  # what parses is not imported where only a version is told


class BotError(Exception):
    """Something went wrong that a person can understand. `str(error)` is one sentence for them."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    handed: Mapping[str, Any] = MappingProxyType({})
    """What a step that failed of it hands over all the same, beside code and reason."""

    def __init__(self, message: str, *, evidence: str | None = None) -> None:
        super().__init__(message)
        self.evidence = evidence
        """What was seen, such as the end of a command's output: untrusted text."""

    def remedy(self) -> str:
        """What to do now: one or two sentences, addressed to the person who reads the comment."""
        return "Look at the operator's log, then comment `/retry`."


class ConfigurationError(BotError):
    """The operator's settings are wrong. The process exits with 2 and this sentence."""

    code = "configuration"

    def remedy(self) -> str:
        return "Correct the settings named above and start again; `pullwright doctor` checks them."


class GitHubUnavailable(BotError):
    """GitHub did not answer, or answered with a server error; the same request may succeed later."""

    code = "github-unavailable"
    retryable = True

    def remedy(self) -> str:
        return "Nothing to do: it is tried again. If it lasts, look at GitHub's status page."


class NotShownYet(GitHubUnavailable):
    """GitHub told us of something that its API does not show yet: the two are not updated at the same moment."""


class RateLimited(BotError):
    """GitHub asked us to wait. `retry_after_seconds` is what it said, or what its reset header means."""

    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    def remedy(self) -> str:
        return "Nothing to do: it goes on when GitHub's limit has passed."


class CircuitOpen(RateLimited):
    """A dependency failed again and again, and is left alone for so many seconds. Nothing was asked."""

    code = "dependency-away"

    def remedy(self) -> str:
        return "Comment `/retry` when it answers again; `pullwright doctor` shows what is away."


class AppRefused(BotError):
    """GitHub does not accept the App's key or id, or the App is not installed here."""

    code = "app-refused"

    def remedy(self) -> str:
        return "The operator should check PULLWRIGHT_APP_ID and the private key with `pullwright doctor`."


class NotInstalled(AppRefused):
    """GitHub knows the App, but not (or no longer) in this installation or for this repository."""

    code = "not-installed"

    def remedy(self) -> str:
        return "Install the App for this repository, in its settings at GitHub."


class InstallationSuspended(AppRefused):
    """The account that installed the App has suspended it. Nothing can be done there until it ends that."""

    code = "installation-suspended"
    retryable = True

    def remedy(self) -> str:
        return "End the suspension in the App's settings at GitHub; the run goes on by itself."


class PermissionMissing(BotError):
    """The App lacks a permission for what it tried."""

    code = "permission-missing"

    def remedy(self) -> str:
        return "Grant the App the permissions listed in app.yml, accept them in the installation, then `/retry`."


class NotThere(BotError):
    """GitHub says that the object does not exist, or that the App may not see it."""

    code = "not-there"


class GitHubRefused(BotError):
    """GitHub understood the request and refuses it (a 4xx that no retry changes)."""

    code = "github-refused"

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class ConversationLocked(GitHubRefused):
    """Somebody locked the conversation, and GitHub lets no App speak there until it is unlocked."""

    code = "conversation-locked"

    def remedy(self) -> str:
        return "Unlock the conversation, then `/retry`."


class PushRefused(BotError):
    """GitHub refused our push: a protected branch, a missing permission, or a rule."""

    code = "push-refused"

    def remedy(self) -> str:
        return "Let the App push branches named `pullwright/**` (branch protection, rulesets), then comment `/retry`."


class BranchMoved(BotError):
    """Somebody else pushed to our branch. The bot never writes over a person's work."""

    code = "branch-moved"

    def remedy(self) -> str:
        return "Finish the pull request by hand, or close it and comment `/retry` for a fresh branch."


class ModelUnavailable(BotError):
    """The model's service does not answer, refuses the key, or does not know the model."""

    code = "model-unavailable"

    def remedy(self) -> str:
        return "The operator should check PULLWRIGHT_MODEL, its key and its address, then comment `/retry`."


class ModelAway(ModelUnavailable):
    """The model's service may answer the same request a little later: it is overloaded, broken or out of reach."""

    retryable = True


class ModelConfused(BotError):
    """The model answered, but not in the form it was asked for, again and again."""

    code = "model-confused"

    def remedy(self) -> str:
        return "Comment `/retry`; if it happens again, choose a model that is good at calling tools."


class BudgetSpent(BotError):
    """A limit on money, turns, tokens or time was reached."""

    code = "budget-spent"

    def remedy(self) -> str:
        return "Raise the limit in `.github/pullwright.yml`, or describe a smaller task, then comment `/retry`."


class MoneySpent(BudgetSpent):
    """The run and its parts may pay for nothing more: it waits until somebody lets it."""


class BoxUnavailable(BotError):
    """The sandbox cannot be used here, and nothing runs without it."""

    code = "box-unavailable"

    def remedy(self) -> str:
        return "The operator should run `pullwright doctor`; on Debian: apt-get install -y bubblewrap."


class SetupFailed(BotError):
    """The project's `setup:` commands failed, so that its tests cannot be run."""

    code = "setup-failed"

    def remedy(self) -> str:
        return "Name working `setup:` commands in `.github/pullwright.yml`, then comment `/retry`."


class IndexAway(BotError):
    """The gateway cannot reach a package index, and the `setup:` commands failed for want of it."""

    code = "index-away"
    retryable = True

    def remedy(self) -> str:
        return "Comment `/retry` when this machine reaches the package index again."


class PathsEntangled(BotError):
    """The run has paths that another one waits for, and asks for one that this other one has: neither could go on."""

    code = "paths-entangled"

    def remedy(self) -> str:
        return "Comment `/retry` when the other run is over."


class CommandFailed(BotError):
    """A command of the workflow's own did not end well."""

    code = "command-failed"

    def remedy(self) -> str:
        return "Read the output below; correct the command in the workflow file, or what it looks at, then `/retry`."


class CommandTimedOut(CommandFailed):
    """A command of the workflow's own took longer than its step allows."""

    code = "command-timed-out"

    def remedy(self) -> str:
        return "Give the step a longer `timeout`, or the command less to do, then comment `/retry`."


class GoalMissed(BotError):
    """A step did not reach its goal in the attempts that it has."""

    code = "goal-missed"

    def remedy(self) -> str:
        return (
            "Read what is missing below; say more in the issue, or lower the goal in the workflow file, and `/retry`."
        )


class ChecksUnusable(BotError):
    """It is not known how to run the project's tests, or they cannot be run at all."""

    code = "checks-unusable"

    def remedy(self) -> str:
        return "Say under `checks:` (and `setup:`) of `.github/pullwright.yml` how to run them, then comment `/retry`."


class BaselineRed(BotError):
    """The tests fail before anything was changed, and in a way that does not tell which ones."""

    code = "baseline-red"

    def remedy(self) -> str:
        return "Mend the default branch, or correct `checks:` in `.github/pullwright.yml`, then comment `/retry`."


class StillRed(BotError):
    """The tests still fail after every repair."""

    code = "still-red"

    def remedy(self) -> str:
        return "Read the output below, describe in the issue what is missing, and comment `/retry`."


class ChecksRed(BotError):
    """Checks of the repository's own are red on what was shipped."""

    code = "checks-red"

    def __init__(self, message: str, *, evidence: str, handed: Mapping[str, Any]) -> None:
        super().__init__(message, evidence=evidence)
        self.handed = handed

    def remedy(self) -> str:
        return "Look at the checks named below on the pull request; mend what they find, or comment `/retry`."


class ChecksTimedOut(ChecksRed):
    """Checks of the repository's own were not done in the time that the step gives them."""

    code = "checks-timed-out"

    def remedy(self) -> str:
        return "Look why the checks named below are not done, give the step a longer `timeout`, or comment `/retry`."


class ItemsUnusable(BotError):
    """What a `foreach` is to go through is no list, too long, or has an item that is too large."""

    code = "items-unusable"

    def remedy(self) -> str:
        return "Correct the `foreach` in the workflow file (a `where` or a `limit` makes a list shorter)."


class ItemsFailed(BotError):
    """More items of a `foreach` failed than it allows."""

    code = "items-failed"

    def remedy(self) -> str:
        return "`pullwright runs dead-letters list` shows why each failed; mend that, then comment `/retry`."


class SubFailed(BotError):
    """The run of a sub-workflow did not end well."""

    code = "workflow-failed"

    def remedy(self) -> str:
        return "Look at the run that is named below with `pullwright runs show`; then comment `/retry`."


class ItemTooLarge(BotError):
    """What is collected of one item of a `foreach` is too large."""

    code = "item-too-large"

    def remedy(self) -> str:
        return "Say with `collect` which part of the item's outputs is needed."


class ConflictLeft(BotError):
    """A change of one item does not fit to those before it, and nobody could put them together."""

    code = "conflict-left"

    def remedy(self) -> str:
        return "Make the items independent of each other, or do this one by itself."


class RedTogether(BotError):
    """A change of one item is green alone, and red together with those before it."""

    code = "red-together"

    def remedy(self) -> str:
        return "Look what the items before it changed, or do this one by itself."


class ChangeRefused(BotError):
    """Policy denies the change: protected paths, too large, or something that must not be in a tree."""

    code = "change-refused"

    def remedy(self) -> str:
        return "Describe a smaller task, or change the limits in `.github/pullwright.yml`, then comment `/retry`."


class NotOurs(BotError):
    """A run about somebody's pull request was to put something on a branch, or to merge."""

    code = "not-ours"

    def remedy(self) -> str:
        return "What it would change is suggested in a review: end the workflow with `ship`, without steps behind it."


class RequesterRefused(BotError):
    """Whoever a run is for may not start it any more, now that its turn has come."""

    code = "requester-refused"

    def remedy(self) -> str:
        return "Somebody who may start work here can comment `/retry`: `requesters` in the policy says who that is."


class NothingToReview(BotError):
    """A review was to be posted by a run that is about no open pull request."""

    code = "nothing-to-review"

    def remedy(self) -> str:
        return "Give the command on an open pull request; `subject: pull_request` in the workflow sees to that."


class RevertRefused(BotError):
    """There is no merge of ours to take back, or it cannot be taken back by itself."""

    code = "revert-refused"

    def remedy(self) -> str:
        return "Take it back by hand, with **Revert** on the pull request or `git revert`."


class OnboardingRefused(BotError):
    """No first policy file is offered here: there is one, or a person has to do something first."""

    code = "onboarding-refused"

    def remedy(self) -> str:
        return "Then ask again; or write the file by hand: `pullwright policy init NAME` makes one to begin with."


class TreeRefused(BotError):
    """The tree holds something that host git must never see (a nested `.git`, a leaving symlink, a new submodule)."""

    code = "tree-refused"

    def remedy(self) -> str:
        return "Nothing was committed. Comment `/retry`; if it happens again, look at the transcript of the run."


class ReviewBlocked(BotError):
    """The reviewer says that this change must not ship."""

    code = "review-blocked"

    def remedy(self) -> str:
        return "Read the findings below, describe in the issue what should be different, and comment `/retry`."


class BaseMoved(BotError):
    """Somebody changed the same paths on the base branch since the change was made or approved."""

    code = "base-moved"

    def remedy(self) -> str:
        return "Comment `/retry` for a fresh change on the new base."


class NothingChanged(BotError):
    """The agent finished without changing a file."""

    code = "nothing-changed"

    def remedy(self) -> str:
        return "Say in the issue what should be different, then comment `/retry`."


class MergeRefused(BotError):
    """GitHub refuses to merge: a conflict, a required check, a rule."""

    code = "merge-refused"

    def remedy(self) -> str:
        return "Look at the pull request's merge box; merge it by hand, or mend what it names and comment `/retry`."


class AlreadyMerged(MergeRefused):
    """The pull request is merged with exactly this head, by us earlier or by somebody else."""


class PolicyInvalid(BotError):
    """`.github/pullwright.yml` cannot be read; while it is broken, nothing runs."""

    code = "policy-invalid"

    def remedy(self) -> str:
        return "Correct the lines named above on the default branch; `pullwright policy check FILE` reads it too."


class DocumentInvalid(BotError):
    """A YAML document does not say what it must; every mistake is listed, with line and column."""

    code = "document-invalid"

    def __init__(self, name: str, mistakes: list[str]) -> None:
        super().__init__(f"{name} is not valid:\n" + "\n".join(mistakes))
        self.mistakes = mistakes


class LeaseLost(BaseException):
    """Another worker holds the run now: stop at once and write nothing more."""


class Cancelled(BaseException):
    """The run was cancelled while it worked."""


class Drained(BaseException):
    """The worker was told to stop: park at this turn and give the lease back."""


class Held(Drained):
    """Somebody holds this work: give the lease back, and begin nothing outside. Its text is the reason."""

    def __init__(self, hold: "Hold") -> None:
        super().__init__(hold.reason)
        self.hold = hold


class NoThread(BotError):
    """A step speaks in a thread, and the run is about the whole repository and has no pull request yet."""

    code = "no-thread"

    def remedy(self) -> str:
        return "Start the workflow on an issue, or let the step come after a `ship`."
