"""Small policies and facts for the tests of rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.names import Role
from policies.considered import Considered, Person, Yes
from policies.deciding import decide
from policies.result import Result, Status
from policies.rules import Action
from policies.schema import Policy, load

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def policy(text: str) -> Policy:
    return load(text, "policy.yml")


def yes(by: str, role: str = "write", *, hours_ago: float = 1, void: str | None = None) -> Yes:
    return Yes(by=by, role=Role(role), at=NOW - timedelta(hours=hours_ago), void=void)


def considered(action: Action = Action.merge, **more: Any) -> Considered:
    """A finished change of `src/a.py` that rosa asked for and ola's issue tells of."""
    known: dict[str, Any] = {
        "now": NOW,
        "repository": "acme/shop",
        "workflow": "implement",
        "requester": "rosa",
        "author": "ola",
        "title": "Mend the total",
        "labels": ("bug",),
        "stranger_text": False,
        "questions": (),
        "cost_usd": 0.4,
        "paths": ("src/a.py",),
        "added": 10,
        "deleted": 2,
        "binary": (),
        "owners": {"src/a.py": ()},
        "checks": {"tests": "green"},
        "people": {"rosa": Person(role=Role.write), "ola": Person(role=Role.read)},
    }
    return Considered(**{**known, "action": action, **more})


SIMPLE = Result(
    "change", Status.pending, "0 of 1 approvals given.", children=(Result("approvals", Status.pending, "0"),)
)


def verdict(text: str, *approvals: Yes, action: Action = Action.merge, simple: Result = SIMPLE, **more: Any) -> Result:
    """What a policy says of a change that these people approved."""
    binds = "change" if action is Action.merge else "plan"
    known = considered(action, **{"approvals": {binds: approvals}, **more})
    return decide(policy(text), known, {"change": simple, "plan": simple})
