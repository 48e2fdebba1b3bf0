"""Package indexes, as something that can be away: which of them a setup may need, and what it came to there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.boxes import Passage

_WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    hosts: frozenset[str]
    tools: frozenset[str]
    """Programs that ask it."""

    @property
    def dependency(self) -> str:
        """What its circuit breaker is called."""
        return f"index:{self.name}"

    def away(self, passages: Sequence[Passage]) -> str | None:
        """Why it could not be reached at the end; None where it was, or nobody asked it."""
        last = self._last(passages)
        return last.why if last is not None and last.unreached else None

    def answered(self, passages: Sequence[Passage]) -> bool:
        """Whether it was there at the end."""
        last = self._last(passages)
        return last is not None and last.allowed

    def _last(self, passages: Sequence[Passage]) -> Passage | None:
        """A tool that tried again and got through found it there."""
        return next((one for one in reversed(passages) if one.host in self.hosts), None)


INDEXES = (
    Index(
        "pypi.org",
        frozenset({"pypi.org", "files.pythonhosted.org"}),
        frozenset({"pip", "pip3", "uv", "poetry", "pdm", "pipenv", "hatch", "tox", "nox"}),
    ),
    Index("registry.npmjs.org", frozenset({"registry.npmjs.org"}), frozenset({"npm", "npx", "pnpm", "yarn", "bun"})),
)


def maybe_needed(commands: Sequence[str]) -> tuple[Index, ...]:
    """The indexes that the commands name a tool of; all of them where they name none.

    A guess, and no harm where it is wrong: it only says which breakers are looked at before the setup runs. What it
    came to is told by where the setup went.
    """
    words = {word for command in commands for word in _WORD.findall(command)}
    return tuple(index for index in INDEXES if index.tools & words) or INDEXES
