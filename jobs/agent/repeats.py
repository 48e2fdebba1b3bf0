"""Notices an agent that goes round in circles."""

from collections import Counter

from core.digests import canonical, digest
from core.names import Digest


class Repeats:
    """Counts equal calls with equal results since the agent last changed something.

    An edit, or a command that was not tried since, may have changed the tree: after it, looking again is no circle.
    """

    def __init__(self) -> None:
        self._seen: Counter[Digest] = Counter()
        self._commands: set[bytes] = set()

    def count(self, name: str, arguments: object, result: str, *, wrote: bool) -> int:
        """How often this happened by now, this time included."""
        call = canonical([name, arguments])
        fresh_command = name == "run" and call not in self._commands
        if fresh_command or (wrote and name != "run"):
            self._seen.clear()
            self._commands.clear()
        if name == "run":
            self._commands.add(call)
        key = digest("repeat", name, arguments, result)
        self._seen[key] += 1
        return self._seen[key]
