"""The policy as a run reads it: anew for each step, and in its journal whenever it is another one.

So what was decided by it can be decided again from the record alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.store import events
from core.facts import PolicyFile
from core.github import GitHub, RepositoryFacts
from core.runs import Run
from jobs.policy import head_of_default, in_force, policy_at
from jobs.services import Services
from policies.schema import Effective

POLICY_READ = "policy.read"
"""The entry of the journal that holds a policy."""

Journal = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Writes an entry of this name and with these facts into the run's journal."""


@dataclass(frozen=True, slots=True)
class PolicyAsRead:
    """A policy, and the file that it was read from."""

    file: PolicyFile
    effective: Effective


async def read_for(
    services: Services,
    run: Run,
    github: GitHub,
    repository: RepositoryFacts,
    known: PolicyAsRead | None,
    journal: Journal,
) -> PolicyAsRead:
    """The policy in force now; `known` itself, which was read before, where it lies at the same commits still.

    Raises PolicyInvalid.
    """
    sha = await head_of_default(github, repository)
    file = await policy_at(services, run.repo, github, sha, known.file if known is not None else None)
    if known is not None and file is known.file:
        return known
    found = in_force(file, repository)
    async with services.store.read() as db:
        told = await events.newest(db, run.id, POLICY_READ)
    if told is None or told.facts["digest"] != found.digest:
        policy = found.policy.model_dump(mode="json", by_alias=True)
        facts = {"digest": found.digest, "source": found.source, "commit": file.commit, "policy": policy}
        await journal(POLICY_READ, facts)
    return PolicyAsRead(file, found)
