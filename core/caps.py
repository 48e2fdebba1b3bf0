"""How many runs the operator lets be at work at once."""

from core.names import Value


class Caps(Value):
    """None: as many as there are workers. An account is the owner of repositories; it has one installation."""

    total: int | None = None
    per_owner: int | None = None
    per_repository: int | None = None

    @property
    def any(self) -> bool:
        return (self.total, self.per_owner, self.per_repository) != (None, None, None)


NO_CAPS = Caps()
