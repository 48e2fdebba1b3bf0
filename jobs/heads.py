"""Heads of forks, looked up: who stands behind one, what its events withheld, what its first digits name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.store import Store, pushes
from core.digests import names_commit
from core.facts import FactQuery
from core.github import GitHub, Issue, LabelEvent, Pull, Turn, TurnKind
from core.heads import Behind, standing_behind
from core.names import Role, Sha
from core.workflow.catalogue import Catalogue
from core.workflow.triggers import PullRequests
from policies.globs import naming

_TURNS: tuple[TurnKind, ...] = ("reopened", "ready_for_review")

RoleOf = Callable[[str], Awaitable[Role]]


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to a pull request, as far as a workflow listens to it."""

    labellings: Sequence[LabelEvent] = ()
    turns: Mapping[TurnKind, Turn] = field(default_factory=dict)
    changed: tuple[str, ...] | None = None


async def behind(store: Store, repo_id: int, pull: Pull, role_of: RoleOf) -> Sequence[Behind]:
    """Who stands behind the head, each asked for once. Whom nobody names has no role."""
    async with store.read() as db:
        last = await pushes.last(db, repo_id, pull.number)
    known: dict[str, Role] = {}
    found = []
    for part, login in standing_behind(pull, last):
        if login is not None and login.casefold() not in known:
            known[login.casefold()] = await role_of(login)
        found.append(Behind(part, login, known[login.casefold()] if login is not None else Role.none))
    return found


async def happened(github: GitHub, pull: Pull, issue: Issue, workflows: Catalogue) -> Happened:
    """What workflows that listen to pull requests would have heard; asked for only where one hears such a thing."""
    heard = [on.pull_request for _, on in workflows.listening("pull_request") if on.pull_request is not None]
    types = {kind for one in heard for kind in one.types}
    labels = [await github.labelling(pull.number, label) for label in issue.labels if _wanted(label, heard)]
    turns = {kind: await github.turn(pull.number, kind) for kind in _TURNS if kind in types}
    return Happened(
        labellings=[event for event in labels if event is not None],
        turns={kind: turn for kind, turn in turns.items() if turn is not None},
        changed=await github.changed_by(pull.number) if any(one.paths for one in heard) else None,
    )


def _wanted(label: str, heard: Sequence[PullRequests]) -> bool:
    return any("labeled" in one.types and (not one.labels or naming([label], one.labels)) for one in heard)


async def named(github: GitHub, query: FactQuery, pull: Pull) -> Mapping[str, Sha]:
    """Of the first digits that somebody said, those that begin the head and name one commit, with that."""
    asked = [digits for digits in query.commits if names_commit(digits, pull.head_sha)]
    found = {digits: await github.commit_named(digits) for digits in asked}
    return {digits: sha for digits, sha in found.items() if sha is not None}
