"""The policy in force: found on the default branch at a recorded commit, evaluated live at each decision.

The first file there is counts: the repository's own, then the one in its owner's `.github` repository, at the commit of
that one's default branch. The operator's file bounds whichever it is.
"""

from core.errors import NotInstalled, NotShownYet, NotThere
from core.facts import PolicyFile
from core.github import GitHub, RepositoryFacts
from core.names import Repo, Sha
from core.workflow.catalogue import OWNERS, is_owners
from jobs.services import Services
from policies.schema import OWNERS_PATH, PATH, Effective, effective, of_owners


async def read_policy(services: Services, repo: Repo, github: GitHub, repository: RepositoryFacts) -> PolicyFile:
    """The first policy file there is now; where there is none, the built-in counts.

    Raises NotThere where the repository has no commit yet.
    """
    return await policy_at(services, repo, github, await head_of_default(github, repository))


async def policy_at(
    services: Services, repo: Repo, github: GitHub, sha: Sha, known: PolicyFile | None = None
) -> PolicyFile:
    """The policy file of this commit, or the one that its owner has just now; `known` itself where nothing moved.

    `known` is what was found before: a commit does not change, so what lies at the same ones is not read again.
    """
    same = known if known is not None and known.sha == sha else None
    if same is not None and same.path == PATH:
        return same
    text = None if same is not None else await _text(github, PATH, sha)
    if text is not None:
        return PolicyFile(path=PATH, text=text, sha=sha, operator=services.operator.policy)
    owners = await _owners(services, repo, github, sha)
    if same is not None and same.owners_sha == (owners[1] if owners is not None else None):
        return same
    if owners is not None:
        text = await _text(owners[0], OWNERS_PATH, owners[1])
    return PolicyFile(
        path=f"{repo.owner}/{OWNERS}/{OWNERS_PATH}" if text is not None else "built-in policy",
        text=text,
        sha=sha,
        operator=services.operator.policy,
        owners_sha=owners[1] if owners is not None else None,
    )


async def _owners(services: Services, repo: Repo, github: GitHub, sha: Sha) -> tuple[GitHub, Sha] | None:
    """The owner's `.github` repository and where its default branch is; None where it has none for us, or no commit.

    Raises NotShownYet where the installation names it and it cannot be looked into: it may hold a policy, so that
    nothing is decided without it.
    """
    if is_owners(repo.name):
        return github, sha
    beside = await services.github.beside(repo, OWNERS)
    if beside is None:
        return None
    theirs = services.github.repository(beside)
    try:
        head = await theirs.head_of((await theirs.repository()).default_branch)
    except (NotInstalled, NotThere) as error:
        raise NotShownYet(f"The policy in {beside.full_name} cannot be read. {error}") from error
    return (theirs, head) if head is not None else None


async def _text(github: GitHub, path: str, sha: Sha) -> str | None:
    raw = await github.file(path, sha)
    return raw.decode("utf-8", "replace") if raw is not None else None


async def head_of_default(github: GitHub, repository: RepositoryFacts) -> Sha:
    """The commit that the default branch is at. Raises NotThere where the repository has none yet."""
    sha = await github.head_of(repository.default_branch)
    if sha is None:
        raise NotThere(f"{repository.owner}/{repository.name} has no commit on {repository.default_branch} yet.")
    return sha


def in_force(file: PolicyFile, repository: RepositoryFacts) -> Effective:
    """What the files say together. Raises PolicyInvalid: while one is broken, nothing runs."""
    found = effective(file.operator, file.text, repository.owner_is_organisation, file.path)
    return of_owners(found) if is_owners(repository.name) else found
