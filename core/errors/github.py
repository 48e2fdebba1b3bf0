"""What GitHub says no to, or does not say."""

from core.errors.base import BotError


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
        return "Nothing to do: it continues when GitHub's limit has passed."


class CircuitOpen(RateLimited):
    """A dependency failed again and again, and is left alone for so many seconds. Nothing was asked."""

    code = "dependency-away"

    def remedy(self) -> str:
        return "Comment `/retry` when it answers again; `pullwright doctor` shows what is unavailable."


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
        return "End the suspension in the App's settings at GitHub; the run continues by itself."


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
