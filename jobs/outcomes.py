"""What a step comes to: it is done, it waits, or the run ends here. A failure is a BotError, raised."""

from dataclasses import dataclass
from typing import Any

from core.runs import Waiting
from core.states import Trigger


@dataclass(frozen=True, slots=True)
class Done:
    """The step's output, as JSON: what later steps and a resumed run read."""

    output: Any = None
    why: str = ""
    """One line for the journal and the status comment."""


@dataclass(frozen=True, slots=True)
class Park:
    """Wait. No process sleeps for it; a signal or `not_before` wakes the run, and the step is performed again."""

    waiting: Waiting


@dataclass(frozen=True, slots=True)
class End:
    """The run ends at this step, and not because something failed."""

    trigger: Trigger
    why: str
    code: str = ""
    actor: str = "pullwright"
    """Who ended it."""


Outcome = Done | Park | End
