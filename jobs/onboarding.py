"""What the step `onboard` made, as the steps behind it see it: its branch, and the one file that is its own."""

from collections.abc import Sequence

from core.digests import ChangedPath
from core.names import Sha, Value
from jobs.work import Work
from policies.schema import PATH

BRANCH = "pullwright/onboarding"
"""Of a repository's one onboarding: whoever asks again finds it."""
MADE = "onboarding"
"""The key in the step's output. Forms of models and outputs of commands lie deeper, so that none can pass for it."""

PLAIN = "100644"
"""The mode of a file that is no program and no link."""


class Made(Value):
    blob: Sha
    """The content of `.github/pullwright.yml`, which is new."""
    leftover: Sha | None
    """Where our branch still was from an earlier time; None where there was none."""

    def covers(self, paths: Sequence[ChangedPath]) -> frozenset[str]:
        """The policy file, where the repository had none, and only with exactly the content that was made."""
        return frozenset(
            path.path
            for path in paths
            if path.path == PATH and path.base_blob is None and path.head_blob == self.blob and path.mode == PLAIN
        )


def made(work: Work) -> Made | None:
    """What was made in this run; None in every other workflow."""
    found = next((output for output in work.newest_first() if MADE in output), None)
    return Made.model_validate(found[MADE]) if found is not None else None


def ours(work: Work, paths: Sequence[ChangedPath]) -> frozenset[str]:
    """The protected paths that the change may touch all the same: those that code of ours made in this run."""
    file = made(work)
    return file.covers(paths) if file is not None else frozenset()
