"""How a branch came to be where it is: who moved it, and who wrote its commits."""

from core.names import Sha, Value

NOWHERE = Sha("0" * 40)
"""Where a branch is that does not exist."""


class Move(Value):
    """A branch was moved, by a push or otherwise."""

    before: Sha
    after: Sha
    by: str | None
    """The login of whoever did it; None where GitHub does not say."""
    ours: bool
    """Whether our App did."""


class Written(Value):
    """A commit, with the people whom GitHub names as its author or committer."""

    sha: Sha
    parents: tuple[Sha, ...]
    people: tuple[str, ...]
