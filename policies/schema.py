"""`.github/pullwright.yml` as a value: what a repository asks of the bot, and what it allows.

`load()` reads one file, `effective()` says what the operator's and the repository's files mean together. A mistake is
never guessed around: while a file is broken, nothing runs.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator

from core.digests import digest
from core.documents import Document, mistakes
from core.documents import load as load_document
from core.errors import DocumentInvalid, PolicyInvalid
from core.globs import Glob
from core.names import Digest, Role, Value
from policies.crossing import crossed
from policies.quiet import QuietHours, QuietTime
from policies.rules import Actions, Deny, Group, GroupName, If, Require, Rule
from policies.tightening import loosenings, tighter

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Shell = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


PATH = ".github/pullwright.yml"
"""Where a repository's own policy lies."""
OWNERS_PATH = "pullwright.yml"
"""Where the owner's `.github` repository has the policy of every repository without one of its own."""
OWNERS_PROTECTED: tuple[Glob, ...] = (f"/{OWNERS_PATH}", "/pullwright/**")
"""What no change may touch there, whatever the policy says: it decides what the bot may do elsewhere."""


class BuiltIn(StrEnum):
    """The policies that ship with the bot; a file starts from one and says what is different."""

    solo = "solo"
    team = "team"
    open_source = "open-source"
    strict = "strict"


class Wait(StrEnum):
    """When a plan waits for a person."""

    never = "never"
    when_risky = "when-risky"
    always = "always"


class People(Value):
    """Whose approval counts: so many people with at least this role."""

    approvals: Annotated[int, Field(ge=1, le=10)] = 1
    from_: Annotated[Role, Field(alias="from")] = Role.write
    requester_may_approve: bool = False

    @field_validator("from_")
    @classmethod
    def _who_may_write(cls, role: Role) -> Role:
        if not role.at_least(Role.write):
            raise ValueError("approvals come from `write`, `maintain` or `admin`")
        return role


class PlanGate(People):
    """When a plan waits, and for whom. The conditions count where `wait` is `when-risky`."""

    wait: Wait = Wait.always
    files_over: Annotated[int, Field(ge=0)] | None = None
    cost_over_usd: Annotated[float, Field(ge=0)] | None = None
    risky: tuple[Glob, ...] = ()
    """Paths that are worth a look before anything is written."""
    open_questions: bool = True
    strangers: bool = True
    """Whether text by people without write access makes the plan wait."""


class ChangeGate(People):
    """Whose approval of exactly this change is needed before it is merged."""


class Check(Value):
    """A command that tells whether the tree is sound. Shell text, run in the box by `sh -c`."""

    run: Shell
    tests: tuple[Glob, ...] = ()
    """Globs of the test files, for the evidence that new tests fail without the change."""
    select: Shell | None = None
    """Runs only the test files that are given to it as arguments (`"$@"`)."""


class Limits(Value):
    """What one run may use and change."""

    run_cost_usd: Annotated[float, Field(gt=0)] = 2.5
    raised_cost_usd: Annotated[float, Field(gt=0)] = 10.0
    """What people may raise that to for one run, with `/budget`."""
    files: Annotated[int, Field(ge=1)] = 40
    lines: Annotated[int, Field(ge=1)] = 1500
    bytes: Annotated[int, Field(ge=1)] = 1_000_000
    turns: Annotated[int, Field(ge=1)] = 80
    run_minutes: Annotated[int, Field(ge=1)] = 60
    runs_per_hour: Annotated[int, Field(ge=1, le=20)] = 10
    """How many runs may begin about one issue or pull request, or the whole repository, within an hour."""
    open_pull_requests: Annotated[int, Field(ge=1)] | None = None
    """How many of the bot's may be open in the repository; the next one waits. None: as many as there are."""


class Strangers(Value):
    """What people below `requesters` may do."""

    start: Literal["refuse", "needs-ok"] = "refuse"
    """Whether what they ask for is refused, or waits for somebody who may start it."""


class Policy(Value):
    version: Literal[1] = 1
    policy: BuiltIn
    merge: Literal["person", "bot"] = "person"
    ci: Literal["auto", "hold", "run"] = "auto"
    """Whether the repository's CI waits until a change is approved; `auto`: where it would expose something."""
    commits: Literal["auto", "signed", "plain"] = "auto"
    """Whether GitHub signs the bot's commits; `auto`: where a ruleset takes no others."""
    sign_off: Literal["auto", "always", "never"] = "auto"
    """Whether they carry `Signed-off-by` in the bot's name; `auto`: where the repository's own do, or DCO is set up."""
    plan: PlanGate = PlanGate()
    change: ChangeGate = ChangeGate()
    checks: dict[Name, Check] = {}
    setup: tuple[Shell, ...] = ()
    protected: tuple[Glob, ...] = ()
    """Paths that no change of the bot may touch, gitignore-style."""
    limits: Limits = Limits()
    commands: Literal["plain", "namespaced"] = "plain"
    requesters: Role = Role.triage
    """The weakest role that may start a run."""
    bots: Annotated[dict[str, Role], Field(max_length=50)] = {}
    """Bots that are listened to, by login, each with the role that it counts as; others are ignored. None approves."""
    people: dict[GroupName, Group] = {}
    rules: tuple[Rule, ...] = ()
    actions: Actions = Actions()
    deny: tuple[Deny, ...] = ()
    quiet_hours: QuietHours = ()
    strangers: Strangers = Strangers()

    @field_validator("requesters")
    @classmethod
    def _nobody_without_a_role(cls, role: Role) -> Role:
        if role is Role.none:
            raise ValueError("a requester needs at least the role `read`")
        return role


@dataclass(frozen=True, slots=True)
class Effective:
    """The policy in force. Its digest is part of what every approval binds to."""

    policy: Policy
    digest: Digest
    source: str
    """Where it comes from, in words for people."""


def built_in(name: BuiltIn) -> Policy:
    """One of the policies that ship with the bot."""
    return Policy.model_validate(_template(name))


def file_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file. No key is required there: what is left out comes from the built-in policy."""
    schema = Policy.model_json_schema(by_alias=True)
    schema.pop("required", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": PATH}


def load(text: str, name: str, *, start_from: BuiltIn = BuiltIn.team, us: str | None = None) -> Policy:
    """The policy of one file. Where it names no built-in, it starts from `start_from`; `us` is our App's own login.

    Raises PolicyInvalid with every mistake, each with line and column.
    """
    policy, _ = _read(text, name, start_from, None, us)
    return policy


@lru_cache(maxsize=64)
def effective(
    operator: str | None,
    repository: str | None,
    owner_is_organisation: bool,
    name: str = PATH,
    us: str | None = None,
) -> Effective:
    """What the files mean together: the repository's, nowhere looser than the operator's.

    `name` is what the repository's file is called in mistakes and as the source: it may be its owner's. With `us`, our
    App's own login, listing that is a mistake as well; whoever only decides by the file need not know.
    Without any file it is `solo` for a person's repository and `team` for an organisation's. Raises PolicyInvalid.
    Remembered, since every step of every run asks anew.
    """
    default = BuiltIn.team if owner_is_organisation else BuiltIn.solo
    outer = load(operator, "the operator's policy", start_from=default) if operator is not None else None
    if repository is None:
        policy = outer or built_in(default)
        source = "the operator's policy" if outer else "no file"
        return _effective(policy, f"{source}: built-in policy `{policy.policy}`")
    policy, document = _read(repository, name, outer.policy if outer else default, outer, us)
    if outer:
        found = loosenings(_json(outer), _json(policy), document)
        if found:
            raise PolicyInvalid(f"{name} loosens the operator's policy:\n" + "\n".join(found))
        policy = Policy.model_validate(tighter(_json(outer), _json(policy), document))
    return _effective(policy, f"`{name}`, starting from `{policy.policy}`")


def of_owners(found: Effective) -> Effective:
    """The policy as it counts in the owner's `.github` repository itself: its files for all others are protected."""
    protected = tuple(dict.fromkeys([*found.policy.protected, *OWNERS_PROTECTED]))
    return _effective(found.policy.model_copy(update={"protected": protected}), found.source)


def _effective(policy: Policy, source: str) -> Effective:
    return Effective(policy, digest("policy", _bound(policy)), source)


def _bound(policy: Policy) -> dict[str, Any]:
    """What approvals bind to: without the keys of rules that say nothing, so that what waits outlives an upgrade."""
    unset = Policy(policy=policy.policy)
    bound = {key: value for key, value in _json(policy).items() if not (key in _RULES and value == _json(unset)[key])}
    # How often runs begin says nothing about what was approved.
    silent = {"runs_per_hour"} | ({"open_pull_requests"} if policy.limits.open_pull_requests is None else set())
    bound["limits"] = {key: value for key, value in bound["limits"].items() if key not in silent}
    return bound


def _json(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", by_alias=True)


def _read(text: str, name: str, start_from: BuiltIn, outer: Policy | None, us: str | None) -> tuple[Policy, Document]:
    try:
        document = load_document(text, name)
    except DocumentInvalid as error:
        raise PolicyInvalid(str(error)) from error
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict):
        raise PolicyInvalid(_all([document.mistake((), "the file must be a mapping of keys to values")], name))
    try:
        policy = Policy.model_validate(_over(_template(_named(value, start_from)), value))
    except ValidationError as error:
        raise PolicyInvalid(_all(mistakes(document, error, known=_KEYS), name)) from error
    if found := crossed(policy, outer, us):
        raise PolicyInvalid(_all(mistakes(document, None, more=found), name))
    return policy, document


def _named(value: dict[str, Any], start_from: BuiltIn) -> BuiltIn:
    """The built-in that the file names; a name that is none is left for the model to report."""
    named = value.get("policy")
    return BuiltIn(named) if isinstance(named, str) and named in set(BuiltIn) else start_from


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: mappings key by key, everything else as a whole."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        merged[key] = _over(lower, value) if isinstance(lower, dict) and isinstance(value, dict) else value
    return merged


def _template(name: BuiltIn) -> dict[str, Any]:
    value: dict[str, Any] = load_document(template_text(name), f"{name.value}.yml").value
    return value


def template_text(name: BuiltIn) -> str:
    """A built-in policy as its file has it, comments and all."""
    return resources.files("policies").joinpath("templates", f"{name.value}.yml").read_text(encoding="utf-8")


def _all(found: list[str], name: str) -> str:
    return f"{name} is not valid:\n" + "\n".join(found)


_KEYS = tuple(
    {
        str(field.alias or key)
        for model in (
            *(Policy, PlanGate, ChangeGate, Check, Limits, Strangers),
            *(Group, Rule, If, Require, Deny, Actions, QuietTime),
        )
        for key, field in model.model_fields.items()
    }
)

_RULES = frozenset({"commits", "sign_off", "bots", "people", "rules", "actions", "deny", "quiet_hours", "strangers"})
"""Keys that files of the first version did not have."""
