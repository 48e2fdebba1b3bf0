"""A repository may only tighten the operator's policy: what "tighter" means for each key, as data.

Works on policies as JSON (`model_dump(mode="json", by_alias=True)`), so that one table serves the comparison, the
combination and the documentation.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from core.documents import Document
from core.names import Role

Key = tuple[str, ...]
Json = Mapping[str, Any]


def _lower(value: Any) -> float:
    """Less is tighter; no limit at all (`null`) is the loosest."""
    return float("-inf") if value is None else -float(value)


def _more(value: Any) -> float:
    return float(value)


def _yes(value: Any) -> float:
    return float(bool(value))


def _no(value: Any) -> float:
    return -float(bool(value))


def _one_of(*loosest_first: str) -> Callable[[Any], float]:
    return lambda value: float(loosest_first.index(value))


_role = _one_of(*(role.value for role in Role))

STRICTNESS: Mapping[Key, Callable[[Any], float]] = MappingProxyType(
    {
        ("merge",): _one_of("bot", "person"),
        ("ci",): _one_of("run", "auto", "hold"),
        ("commits",): _one_of("plain", "auto", "signed"),
        ("requesters",): _role,
        ("plan", "wait"): _one_of("never", "when-risky", "always"),
        ("plan", "files_over"): _lower,
        ("plan", "cost_over_usd"): _lower,
        ("plan", "open_questions"): _yes,
        ("plan", "strangers"): _yes,
        ("plan", "approvals"): _more,
        ("plan", "from"): _role,
        ("plan", "requester_may_approve"): _no,
        ("change", "approvals"): _more,
        ("change", "from"): _role,
        ("change", "requester_may_approve"): _no,
        ("limits", "run_cost_usd"): _lower,
        ("limits", "raised_cost_usd"): _lower,
        ("limits", "files"): _lower,
        ("limits", "lines"): _lower,
        ("limits", "bytes"): _lower,
        ("limits", "turns"): _lower,
        ("limits", "run_minutes"): _lower,
        ("limits", "runs_per_hour"): _lower,
        ("limits", "open_pull_requests"): _lower,
        ("strangers", "start"): _one_of("needs-ok", "refuse"),
    }
)
"""How strict a value is, as a number: the greater one is the tighter one."""

ADDING: Sequence[Key] = (("protected",), ("plan", "risky"), ("rules",), ("deny",), ("quiet_hours",))
"""Lists that a repository adds to: the operator's entries always stay."""

NARROWING: Sequence[Key] = (("bots",),)
"""Roles by login: a repository names some of the operator's, none with a stronger role."""

NEEDING: Mapping[Key, str | None] = MappingProxyType(
    {
        ("actions", "start"): None,
        ("actions", "plan"): "plan",
        ("actions", "ship"): None,
        ("actions", "merge"): "change",
    }
)
"""What an action needs: all that the operator says and all that the repository says, with the key whose words are such
a need as well."""


def loosenings(outer: Json, inner: Json, document: Document) -> list[str]:
    """Every key that the document itself writes looser than the outer policy, with its place, in the file's order.

    What the document does not mention is no loosening: `tighter()` takes the outer value there.
    """
    found: list[tuple[tuple[int, int], str]] = []
    for key, strictness in STRICTNESS.items():
        allowed, asked = _at(outer, key), _at(inner, key)
        if key in document.places and strictness(asked) < strictness(allowed):
            message = f"`{'.'.join(key)}: {_shown(asked)}` is looser than the operator's `{_shown(allowed)}`"
            found.append((document.place(key), document.mistake(key, message)))
    for key in NARROWING:
        allowed_roles = _by_login(_at(outer, key))
        for login, role in _at(inner, key).items() if key in document.places else ():
            most = allowed_roles.get(login.casefold(), Role.none.value)
            if _role(role) > _role(most):
                message = f"`{'.'.join(key)}.{login}: {role}` is looser than the operator's `{most}`"
                found.append((document.place((*key, login)), document.mistake((*key, login), message)))
    return [line for _, line in sorted(found)]


def tighter(outer: Json, inner: Json, document: Document) -> dict[str, Any]:
    """The inner policy, as the document wrote it, with every value at least as tight as the outer one's."""
    combined: dict[str, Any] = {key: dict(value) if isinstance(value, dict) else value for key, value in inner.items()}
    for key, strictness in STRICTNESS.items():
        if strictness(_at(inner, key)) < strictness(_at(outer, key)):
            _put(combined, key, _at(outer, key))
    for key in ADDING:
        added = [one for one in _at(inner, key) if one not in _at(outer, key)]
        _put(combined, key, [*_at(outer, key), *added])
    for key in NARROWING:
        if key not in document.places:
            _put(combined, key, _at(outer, key))
    for key, simple in NEEDING.items():
        _put(combined, key, _both(outer, inner, key, simple, document))
    combined["people"] = {**inner["people"], **outer["people"]}
    for name, check in outer["checks"].items():
        combined["checks"].setdefault(name, check)
    return combined


def _both(outer: Json, inner: Json, key: Key, simple: str | None, document: Document) -> list[Any] | None:
    """What both files need for an action. Where the repository's does not write it, its simple key counts if it says
    anything there, or starts from a built-in policy of its own."""
    needs = list(_at(outer, key) or ())
    if key in document.places:
        more = _at(inner, key) or ()
    else:
        said = simple is not None and ((simple,) in document.places or ("policy",) in document.places)
        more = (simple,) if said else ()
    return [*needs, *(one for one in more if one not in needs)] or None


def _by_login(roles: Json) -> Json:
    """GitHub's logins ignore case."""
    return {login.casefold(): role for login, role in roles.items()}


def _at(policy: Json, key: Key) -> Any:
    value: Any = policy
    for part in key:
        value = value[part]
    return value


def _put(policy: dict[str, Any], key: Key, value: Any) -> None:
    *parents, last = key
    for part in parents:
        policy = policy[part]
    policy[last] = value


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
