"""What a decision by rules looks at: facts about one run at one point, gathered by the hands or written in a file.

A fact that is None is not known yet at this point of a run. One whose look-up failed stands in `failed`, with what was
wrong: nothing is ever concluded from it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from core.names import Role, Value
from policies.rules import Action

Binds = Literal["plan", "change"]


class Yes(Value):
    """An approval of exactly this content."""

    by: str
    role: Role = Role.none
    """The role that the person has now."""
    at: AwareDatetime
    void: str | None = None
    """Why it does not count any more."""


class Person(Value):
    role: Role | None = None
    teams: Mapping[str, bool] = {}
    """Whether the person is in a team, for each that was looked up."""


class Considered(Value):
    """Everything that a condition or a requirement may ask for."""

    action: Action
    now: AwareDatetime
    repository: str
    """`owner/name`"""
    workflow: str
    requester: str
    title: str = ""
    """The issue's or pull request's, as it stood when the run was asked for."""
    base: str = "main"
    author: str | None = None
    """Who wrote the issue or pull request."""
    pushers: tuple[str, ...] = ()
    """Who is an author of some of the change besides the run, since they pushed it or are named in what was pushed: no
    more independent of it than whoever asked for it. What they made is merged only with what the key `change` asks for,
    whatever the rules say."""
    labels: tuple[str, ...] | None = None
    """Those that it carries now."""
    stranger_text: bool | None = None
    questions: tuple[str, ...] | None = None
    """What the plan leaves open."""
    cost_usd: Annotated[float, Field(ge=0)] | None = None
    """The plan's estimate; None: not known, and then it counts as over any amount."""
    paths: tuple[str, ...] | None = None
    """What the plan, or later the change, touches."""
    added: int | None = None
    """Lines"""
    deleted: int | None = None
    binary: tuple[str, ...] | None = None
    """Those of the paths that are no text."""
    owners: Mapping[str, tuple[str, ...]] | None = None
    """Who owns each of the paths, as CODEOWNERS writes it: `@login`, `@organisation/team` or an address."""
    checks: Mapping[str, str] | None = None
    """How each check on the head stands: `green`, `red` or `pending`."""
    people: Mapping[str, Person] = {}
    """Who was looked up, by login."""
    approvals: Mapping[Binds, tuple[Yes, ...]] = {}
    failed: Mapping[str, str] = {}
    """Look-ups that failed: the field of this value, or `team:organisation/name`, and why."""

    def person(self, login: str) -> Person:
        """What is known of somebody; GitHub's logins ignore case."""
        wanted = login.casefold()
        return next((known for name, known in self.people.items() if name.casefold() == wanted), Person())
