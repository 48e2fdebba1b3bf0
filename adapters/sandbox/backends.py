"""Which backend a setting names."""

from __future__ import annotations

from adapters.sandbox.bubblewrap import Bubblewrap
from adapters.sandbox.unboxed import Unboxed
from core.boxes import Boxes
from core.errors import ConfigurationError


def boxes(name: str) -> Boxes:
    """The backend of that name; `none` keeps nothing in and is there for those who ask for it by name."""
    match name:
        case "bubblewrap":
            return Bubblewrap()
        case "none":
            return Unboxed()
    raise ConfigurationError(f"There is no sandbox called {name!r}: bubblewrap, or none.")
