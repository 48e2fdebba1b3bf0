"""The box, by the name of its backend."""

from adapters.sandbox.backends import boxes

__all__ = ["boxes"]
