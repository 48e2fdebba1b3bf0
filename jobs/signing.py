"""Signed commits: what is shipped becomes a commit that GitHub makes and signs for our App.

Nothing that was approved or tested is different: tree, parents and message are those of our own commit, and an approval
covers the message and the content. The signed commit is fetched, compared, and pushed like any other, so the branch
moves in one guarded step from what it was to a commit that is signed: none without a signature is ever on it.
"""

from core.digests import digest, short
from core.effects import SignCommit
from core.errors import ChangeRefused
from core.names import Digest, Sha
from core.workflow import Step
from core.workspaces import Author
from jobs.memo import remembered
from jobs.work import Work
from jobs.workbench import Workbench
from policies.schema import Policy

HABIT = 20
"""Commits of the base that show what the repository's habit is."""
DCO_FILE = ".github/dco.yml"
"""What sets the DCO App up: https://github.com/dcoapp/app"""


async def wanted(step: Step, work: Work, policy: Policy, branch: str) -> bool:
    """Whether the commits of this shipment are signed, as it was first decided.

    `auto` asks GitHub for the rulesets of the base and of the run's own branch, which need not exist yet.
    """

    async def decide() -> bool:
        if policy.commits != "auto":
            return policy.commits == "signed"
        base = await work.github.wants_signatures(work.run.base_ref)
        return base or await work.github.wants_signatures(branch)

    return bool(await remembered(work, f"{step.id}/signed", digest("signed", work.run.base_sha), decide))


async def author(step: Step, work: Work) -> Author:
    """Our App as the author of a commit, as it was first told: by the address by which GitHub knows its account.

    The same that GitHub puts into a commit it makes for the App, so that a sign-off names the author.
    """
    login = (await work.app()).login

    async def look() -> str:
        account = await work.github.account_of(login)
        return f"{account}+{login}" if account is not None else login

    name = await remembered(work, f"{step.id}/author", digest("author", login), look)
    return Author(login, f"{name}@users.noreply.github.com")


async def signs_off(bench: Workbench, policy: Policy) -> bool:
    """Whether the bot's commits say `Signed-off-by`. A statement of law is made for nobody else than the bot itself."""
    if policy.sign_off != "auto":
        return policy.sign_off == "always"
    return await bench.workspace.signs_off(HABIT) or DCO_FILE in await bench.files()


async def shipped_as(work: Work, commit: Sha, message: str, *, signs: bool) -> Sha:
    """`commit`, which lies in the workspace; where it `signs`, what GitHub made and signed in its place.

    GitHub has its parents. Raises ChangeRefused where GitHub made another commit: what it said of it is compared with
    what git has.
    """
    if not signs:
        return commit
    bench = await work.bench()
    workspace = bench.workspace
    tree, parents = await workspace.tree_of(commit), await workspace.parents(commit)
    act = SignCommit(like=commit, tree=tree, parents=parents, message=message)
    made = Sha((await work.do(f"sign:{short(Digest(commit))}", act))["sha"])
    if not await workspace.has(made):
        await bench.fetch(made)
    if await workspace.tree_of(made) != tree or await workspace.parents(made) != parents:
        raise ChangeRefused("The commit that GitHub signed is not the one that was tested, so it is not pushed.")
    await work.keep_workspace(made)
    return made
