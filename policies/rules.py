"""Rules as a repository writes them: groups of people, conditions, what is required, and which action needs what.

The simple keys `plan` and `change` are rules too, by these names: an action that says nothing of its own needs them.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from core.globs import Glob
from core.names import Role, Value

MAX_DEPTH = 5
"""How deep `any_of` and `all_of` may be nested in each other."""

GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
RuleName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^`\n\r]{1,80}$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")]
Team = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[a-z0-9][a-z0-9_-]{0,99}$")]
"""`organisation/team`, the team by its slug, as in its address."""

Count = Annotated[int, Field(ge=0)]
Globs = Annotated[tuple[Glob, ...], Field(min_length=1, max_length=100)]


class Action(StrEnum):
    """What the bot may do only where the policy has nothing against it, in the order in which a run comes to it."""

    start = "start"
    plan = "plan"
    ship = "ship"
    merge = "merge"


BUILT_IN_RULES = frozenset({"plan", "change"})
"""The names by which rules and actions speak of the simple keys."""

OF_ROLES = frozenset(role.value for role in Role if role is not Role.none)
"""Names of groups that need not be written: everybody with this role or a stronger one."""


class Group(Value):
    """Some people: whoever is in one of these. A group of nothing is nobody."""

    role: Role | None = None
    users: tuple[Login, ...] = ()
    teams: tuple[Team, ...] = ()
    code_owners: bool = False
    """The owners, by the base branch's CODEOWNERS, of what is touched."""

    @field_validator("role")
    @classmethod
    def _some_role(cls, role: Role | None) -> Role | None:
        if role is Role.none:
            raise ValueError("a group needs at least the role `read`: `none` would be everybody on GitHub")
        return role


class If(Value):
    """When a rule applies: all of these must hold. Without any it always does."""

    any_path: Globs | None = None
    only_paths: Globs | None = None
    no_path: Globs | None = None
    code_owned: bool | None = None
    files_over: Count | None = None
    files_at_most: Count | None = None
    lines_over: Count | None = None
    lines_at_most: Count | None = None
    added_over: Count | None = None
    added_at_most: Count | None = None
    deleted_over: Count | None = None
    deleted_at_most: Count | None = None
    binary: bool | None = None
    cost_over_usd: Annotated[float, Field(ge=0)] | None = None
    cost_at_most_usd: Annotated[float, Field(ge=0)] | None = None
    open_questions: bool | None = None
    stranger_text: bool | None = None
    label: Globs | None = None
    no_label: Globs | None = None
    title: Globs | None = None
    base: Globs | None = None
    repository: Globs | None = None
    workflow: Globs | None = None
    requester: Annotated[tuple[GroupName, ...], Field(min_length=1)] | None = None
    author: Annotated[tuple[GroupName, ...], Field(min_length=1)] | None = None

    def said(self) -> dict[str, Any]:
        """The conditions that are written, by their keys."""
        return {name: value for name, value in self if value is not None}


class Require(Value):
    """What must be there where the rule applies. Without any it holds as soon as it applies."""

    approvals: Annotated[int, Field(ge=0, le=10)] = 0
    from_: Annotated[tuple[GroupName, ...], Field(alias="from", max_length=20)] = ("write",)
    not_: Annotated[tuple[Literal["requester", "author"], ...], Field(alias="not")] = ("requester",)
    binds: Literal["plan", "change"] | None = None
    """What is approved; None: what the action is about."""
    expires_hours: Annotated[int, Field(ge=1, le=24 * 365)] | None = None
    checks: Annotated[tuple[Glob, ...], Field(max_length=20)] = ()
    """Checks and statuses that must be there and green; `tests` is the bot's own run of the tests."""

    @model_validator(mode="before")
    @classmethod
    def _one_name_is_a_list(cls, value: Any) -> Any:
        """`from: maintainers` is `from: [maintainers]`."""
        if not isinstance(value, dict):
            return value
        listed = {key: [one] for key in ("from", "not") if isinstance(one := value.get(key), str)}
        return {**value, **listed}


class Rule(Value):
    name: RuleName
    if_: Annotated[If, Field(alias="if")] = If()
    require: Require = Require()

    @field_validator("name")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name in BUILT_IN_RULES:
            raise ValueError(f"`{name}` names the key `{name}` of this file already")
        return name


class Deny(Value):
    """What is never done, whoever approves it. It is asked before every rule."""

    name: RuleName
    if_: Annotated[If, Field(alias="if")]
    actions: Annotated[tuple[Action, ...], Field(min_length=1)] = tuple(Action)

    @field_validator("if_")
    @classmethod
    def _says_when(cls, condition: If) -> If:
        if not condition.said():
            raise ValueError("say when: a denial without a condition would stop everything")
        return condition


class Combination(Value):
    any_of: Annotated[tuple["Needed", ...], Field(min_length=1, max_length=50)] | None = None
    all_of: Annotated[tuple["Needed", ...], Field(min_length=1, max_length=50)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Combination":
        if (self.any_of is None) is (self.all_of is None):
            raise ValueError("say either `any_of` or `all_of`")
        return self

    @property
    def parts(self) -> tuple["Needed", ...]:
        return self.any_of or self.all_of or ()


Needed = Annotated[
    Annotated[RuleName, Tag("rule")] | Annotated[Combination, Tag("combination")],
    Discriminator(lambda value: "rule" if isinstance(value, str) else "combination"),
]
"""The name of a rule, or several of them."""

Needs = Annotated[tuple[Needed, ...], Field(min_length=1, max_length=50)]


class Actions(Value):
    """What each action needs: every entry of its list."""

    start: Needs | None = None
    plan: Needs = ("plan",)
    ship: Needs | None = None
    merge: Needs = ("change",)

    def of(self, action: Action) -> tuple[Needed, ...]:
        found: tuple[Needed, ...] | None = getattr(self, action.value)
        return found or ()


def named_in(needed: tuple[Needed, ...]) -> Iterator[str]:
    """The names of all rules in it, each as often as it stands there."""
    for part in needed:
        if isinstance(part, str):
            yield part
        else:
            yield from named_in(part.parts)


def depth(needed: tuple[Needed, ...]) -> int:
    """How deep combinations are nested in it."""
    return max((1 + depth(part.parts) for part in needed if isinstance(part, Combination)), default=0)
