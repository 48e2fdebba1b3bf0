"""Which backend a setting names."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sandbox.bubblewrap import Bubblewrap
from adapters.sandbox.unboxed import Unboxed
from core.boxes import Boxes, Mount
from core.errors import ConfigurationError


def boxes(name: str, mounts: Sequence[Mount] = ()) -> Boxes:
    """The backend of that name, whose boxes all show these mounts.

    `none` keeps nothing in, shows nothing elsewhere, and is there for those who ask for it by name.
    """
    match name:
        case "bubblewrap":
            return Bubblewrap(mounts)
        case "none":
            return Unboxed()
    raise ConfigurationError(f"There is no sandbox called {name!r}: bubblewrap, or none.")
