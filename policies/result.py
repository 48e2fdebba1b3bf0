"""A decision is a tree that can be read: what was decided, by which rule, from which facts.

No rule returns a bare bool. `all_of` and `any_of` combine; they never look at the order of their parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What a rule says, strongest first: where several must hold, the strongest one decides."""

    denied = "denied"
    error = "error"
    pending = "pending"
    approved = "approved"
    skipped = "skipped"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a rule looked at: `phrase` says what it is, `values` what it was."""

    phrase: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file that a decision is about, and what is to be seen there. Lines count from 1."""

    path: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule decided, and why. `why` is one sentence for a person; `facts` are what it looked at.

    `remedy` says what would change a refusal, where somebody can do something about it.
    """

    name: str
    status: Status
    why: str
    facts: tuple[Fact, ...] = ()
    children: tuple["Result", ...] = ()
    remedy: str | None = None
    places: tuple[Place, ...] = ()
    """Where in the change it is to be seen."""

    @property
    def approved(self) -> bool:
        return self.status is Status.approved

    @property
    def pending(self) -> bool:
        return self.status is Status.pending

    @property
    def refused(self) -> bool:
        """Denied, or in doubt: doubt never allows anything."""
        return self.status in {Status.denied, Status.error}

    @property
    def every_place(self) -> tuple[Place, ...]:
        """Its places and those of all its parts."""
        return (*self.places, *(place for child in self.children for place in child.every_place))


def all_of(name: str, children: Sequence[Result], *, why: str | None = None) -> Result:
    """Every part must hold: denied > error > pending > approved > skipped. `why` is said when all of them do.

    Where everything is skipped, nobody has decided anything: that is an error, never a yes.
    """
    counted = [child for child in children if child.status is not Status.skipped]
    if not counted:
        return _nobody_decided(name, children)
    strongest = min((child.status for child in counted), key=_rank)
    if strongest is Status.approved and why is not None:
        return Result(name, strongest, why, children=tuple(children))
    return _combined(name, strongest, children)


def any_of(name: str, children: Sequence[Result], *, why: str | None = None) -> Result:
    """One part that holds is enough: approved > error > pending > denied > skipped; all skipped is an error."""
    counted = [child for child in children if child.status is not Status.skipped]
    if not counted:
        return _nobody_decided(name, children)
    order = (Status.approved, Status.error, Status.pending, Status.denied)
    strongest = min((child.status for child in counted), key=order.index)
    if strongest is Status.approved and why is not None:
        return Result(name, strongest, why, children=tuple(children))
    return _combined(name, strongest, children)


def _combined(name: str, status: Status, children: Sequence[Result]) -> Result:
    """The status with the words of the parts that made it so."""
    deciding = [child for child in children if child.status is status]
    remedies = [child.remedy for child in deciding if child.remedy]
    return Result(
        name,
        status,
        " ".join(child.why for child in deciding),
        children=tuple(children),
        remedy=" ".join(dict.fromkeys(remedies)) or None,
    )


def _nobody_decided(name: str, children: Sequence[Result]) -> Result:
    return Result(name, Status.error, "No rule applies here, so nothing is allowed.", children=tuple(children))


def _rank(status: Status) -> int:
    return list(Status).index(status)
