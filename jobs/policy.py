"""The policy in force: found on the default branch at a recorded commit, evaluated live at each decision."""

from core.errors import NotThere
from core.facts import PolicyFile
from core.github import GitHub, RepositoryFacts
from core.names import Sha
from jobs.services import Services
from policies.schema import PATH, Effective, effective


async def read_policy(services: Services, github: GitHub, repository: RepositoryFacts) -> PolicyFile:
    """The first policy file there is: the repository's, else nothing and the built-in counts.

    Raises NotThere where the repository has no commit yet.
    """
    return await policy_at(services, github, await head_of_default(github, repository))


async def policy_at(services: Services, github: GitHub, sha: Sha) -> PolicyFile:
    """The policy file of this commit: always the same one."""
    raw = await github.file(PATH, sha)
    return PolicyFile(
        path=PATH if raw is not None else "built-in policy",
        text=raw.decode("utf-8", "replace") if raw is not None else None,
        sha=sha,
        operator=services.operator.policy,
    )


async def head_of_default(github: GitHub, repository: RepositoryFacts) -> Sha:
    """The commit that the default branch is at. Raises NotThere where the repository has none yet."""
    sha = await github.head_of(repository.default_branch)
    if sha is None:
        raise NotThere(f"{repository.owner}/{repository.name} has no commit on {repository.default_branch} yet.")
    return sha


def in_force(file: PolicyFile, repository: RepositoryFacts) -> Effective:
    """What the files say together. Raises PolicyInvalid: while one is broken, nothing runs."""
    return effective(file.operator, file.text, repository.owner_is_organisation)
