"""Installations, as GitHub shows them to the App."""

from core.names import Value


class Standing(Value):
    """An installation that GitHub knows."""

    account: str
    """The login of the person or organisation."""
    suspended: bool = False
