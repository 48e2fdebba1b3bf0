"""What every event has, and what is said of one that means nothing to us."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from core.github import Account
from core.names import Repo
from handlers.payloads import Payload


@dataclass(frozen=True, slots=True)
class Ignored:
    why: str


class Event(BaseModel):
    """A fact of one repository."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    NAME: ClassVar[str]
    """`event.action`, as in GitHub's documentation."""

    repo: Repo
    delivery: str = ""
    """The GUID that it came with. GitHub does not sign it."""


class Told(Event):
    """A fact that GitHub tells, and whose account it names as its sender."""

    sender: Account


def common(payload: Payload) -> dict[str, Any]:
    """What every payload of GitHub's carries."""
    repository = payload.repository
    return {
        "repo": Repo(
            id=repository.id,
            owner=repository.owner.login,
            name=repository.name,
            installation_id=payload.installation.id,
        ),
        "sender": payload.sender.account(),
    }


def unknown(name: str, action: str) -> Ignored:
    return Ignored(f"nothing listens to {name}.{action[:60]}")
