"""What a request proves its right with. The secret shows in no `repr`, and is cut out of what GitHub says."""

import re
from dataclasses import dataclass, field
from typing import Literal

_LOOKS_SECRET = re.compile(r"gh[a-z]_[A-Za-z0-9._]{20,}|github_pat_\w{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Credential:
    """The App's own statement (`bearer`), or an installation token (`token`)."""

    kind: Literal["bearer", "token"]
    secret: str = field(repr=False)
    caller: str = "app"
    """Whose requests GitHub counts together: `app`, or `installation:<id>`."""


def sayable(text: str, credential: Credential) -> str:
    """What GitHub said, in one line of bounded length, without any secret in it."""
    line = " ".join(_LOOKS_SECRET.sub("[secret]", text.replace(credential.secret, "[secret]")).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
