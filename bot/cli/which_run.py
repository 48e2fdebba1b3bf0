"""Which run is meant by the beginning of an id."""

from typing import TYPE_CHECKING

from core.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.runs import Run


class NoSuchRun(BotError):
    """The id names no run, or several."""

    code = "no-such-run"

    def remedy(self) -> str:
        return "`pullwright runs list` shows the ids."


def the_one(prefix: str, found: "Sequence[Run]") -> "Run":
    """The run that was meant. Raises NoSuchRun where it is none or several."""
    if len(found) != 1:
        several = ", ".join(run.id for run in found)
        raise NoSuchRun(f"{prefix!r} names {'several runs: ' + several if found else 'no run'}.")
    return found[0]
