"""The tables of the documentation, as the code would write them."""

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from adapters import artifacts
from adapters.git import failures as of_git
from adapters.settings import PREFIX, Settings
from adapters.store import steps
from bot.web.metrics import Metrics
from core import captures, errors, expressions, goals
from core.errors import BotError
from core.workflow import inputs
from handlers import replies
from handlers.listening import verbs as verbs_of
from handlers.verbs import VERBS
from jobs import engine, setbacks
from jobs.sources import of_files
from policies.rules import BUILT_IN_RULES
from policies.schema import BuiltIn, Check, Policy, built_in

BY_BUILT_IN = "see above"


def settings() -> list[list[str]]:
    """Name and default of every setting, in the order of the class."""
    return [
        [f"`{PREFIX}{name.upper()}`", _setting(name, field.get_default(call_default_factory=False))]
        for name, field in Settings.model_fields.items()
    ]


def _setting(name: str, default: Any) -> str:
    special = {
        "data_dir": "`/var/lib/pullwright` for root, else the user's data folder",
        "database_url": "SQLite in the data folder",
        "redis_url": "the embedded Redis",
        "artifacts_url": "`artifacts` in the data folder",
    }
    return special.get(name) or ("not set" if default in (None, ()) else f"`{default}`")


def verbs() -> list[str]:
    """The rows of `/help`."""
    return [line for line in replies.help_("pullwright").splitlines() if line.startswith("| `")]


def workflow_verbs() -> list[list[str]]:
    """The commands of the built-in workflows that are no commands of the bot's own."""
    known = verbs_of(of_files([]))
    return [[f"`{verb.usage}`", verb.what] for name, verb in known.items() if name not in VERBS]


def built_ins() -> list[list[str]]:
    """Every key in which the built-in policies differ, with the four values."""
    values = {name: dict(leaves(built_in(name))) for name in BuiltIn}
    keys = [key for key, _ in leaves(built_in(BuiltIn.team)) if key != "policy"]
    table = [[f"`{key}`", *(written(values[name][key]) for name in BuiltIn)] for key in keys]
    return [row for row in table if len(set(row[1:])) > 1]


def keys() -> list[list[str]]:
    """Every key of a policy file with what all built-ins say."""
    differing = {row[0] for row in built_ins()}
    found = []
    for key, value in leaves(built_in(BuiltIn.team)):
        default = BY_BUILT_IN if f"`{key}`" in differing else written(value)
        found.append([f"`{key}`", "by repository" if key == "policy" else default])
        if key == "checks":
            found += [[f"`checks.NAME.{name}`", _check(field)] for name, field in Check.model_fields.items()]
    return found


def _check(field: Any) -> str:
    return "required" if field.default is PydanticUndefined else written(field.default)


def leaves(policy: Policy) -> Iterator[tuple[str, Any]]:
    """Every key of the schema with its value, spelled as in a file."""
    for name, value in policy:
        if isinstance(value, BaseModel):
            for inner, field in type(value).model_fields.items():
                yield f"{name}.{field.alias or inner}", getattr(value, inner)
        else:
            yield name, value


def written(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple) and value and BUILT_IN_RULES.issuperset(value):
        return f"`[{', '.join(value)}]`"
    if isinstance(value, (tuple, list, dict)):
        return f"{len(value)} globs" if value else "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def metrics() -> list[list[str]]:
    """Name and meaning of every metric."""
    lines = Metrics().text().decode().splitlines()
    told = [line.removeprefix("# HELP ").partition(" ") for line in lines if line.startswith("# HELP ")]
    return [[f"`{name}`", why] for name, _, why in told if not name.endswith("_created")]


def failures() -> set[str]:
    """The codes that can end a run."""
    of_requests = {errors.ConfigurationError, errors.DocumentInvalid}
    modules = (errors, engine, setbacks, captures, goals, expressions, inputs, artifacts, of_git, steps)
    named = [word for module in modules for word in vars(module).values()]
    found = {error for error in named if inspect.isclass(error) and issubclass(error, BotError)}
    return {error.code for error in found - of_requests - {BotError}}
