"""What boxes, and the commands in them, come to."""

from core.errors.base import BotError


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
