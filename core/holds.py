"""Holds: work that was stopped until somebody lets it go on."""

from datetime import datetime

from core.names import Value


class Hold(Value):
    """What is held, why, and by whom. Owner and name are in small letters, as GitHub tells no case apart."""

    owner: str = ""
    """Empty: every account's."""
    name: str = ""
    """Empty: every repository of the owner."""
    reason: str
    since: datetime
    by: str | None = None
    """The login of whoever said `/hold`; None: the operator."""
    number: int | None = None
    """The issue or pull request that is held; None: everything in the scope."""

    @property
    def scope(self) -> str:
        """What is held, for people."""
        if self.name:
            whole = f"{self.owner}/{self.name}"
            return whole if self.number is None else f"{whole}#{self.number}"
        return f"everything of {self.owner}" if self.owner else "everything"
