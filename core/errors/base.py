"""What every error is: a code, a sentence for people, and what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


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
