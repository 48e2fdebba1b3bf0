"""What steps of a run come to that people have to look at."""

from collections.abc import Mapping
from typing import Any

from core.errors.base import BotError


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


class NoThread(BotError):
    """A step speaks in a thread, and the run is about the whole repository and has no pull request yet."""

    code = "no-thread"

    def remedy(self) -> str:
        return "Start the workflow on an issue, or let the step come after a `ship`."
