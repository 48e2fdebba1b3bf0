"""Onboard: a first `.github/pullwright.yml` is made of the repository's own files; shipping it is the next step's.

One onboarding is open in a repository at a time. The run takes the file's path first, as whoever ships it does, so of
two that were asked for at once one goes on and the other one looks again when the first is over. What was found is
kept: a death later makes neither another file nor another branch.
"""

from typing import Any

from adapters.store import effects
from core.digests import digest
from core.errors import OnboardingRefused, PolicyInvalid
from core.github import Pull
from core.names import Sha
from core.outputs import ChangeSummary
from core.states import Trigger
from core.workflow import Step
from handlers import replies
from jobs import handed, scope
from jobs.memo import remembered
from jobs.onboarding import BRANCH, MADE, Made
from jobs.outcomes import Done, End, Outcome
from jobs.work import Work
from policies.onboarding import first_file
from policies.schema import PATH, Effective, effective
from policies.survey import Survey, may_tell, survey

AGAIN = "again"
"""The input by which a person says that they know of the pull request that was closed."""
OPEN = "open"


async def perform(step: Step, work: Work) -> Outcome:
    """Done with the tree that has the file; or the run ends, since the pull request is open already.

    Raises OnboardingRefused, with what is in the way.
    """
    again = handed.given(work).get(AGAIN) is True
    key, asked = f"{step.id}/found", digest("onboard", work.run.base_sha, again)
    if await work.memo(key, asked) is None:
        early = await _look(work, again)
        if "form" in early and (waits := await scope.taken(step, work, [PATH])) is not None:
            return waits
    found = await remembered(work, key, asked, lambda: _look(work, again))
    if "refused" in found:
        raise OnboardingRefused(found["refused"])
    if OPEN in found:
        return End(Trigger.finish, f"#{found[OPEN]} offers it already: {found['url']}", code="already-open")
    return Done(found, f"`{PATH}` is made")


async def _look(work: Work, again: bool) -> dict[str, Any]:
    """The step's output, or what the run ends with instead; a refusal is found once too, and stands in the record."""
    try:
        if (pull := await _open_or_closed(work, again)) is not None:
            return {OPEN: pull.number, "url": pull.url}
        leftover = await _leftover(work)
        return await _make(work, leftover)
    except OnboardingRefused as refused:
        return {"refused": str(refused)}


async def _open_or_closed(work: Work, again: bool) -> Pull | None:
    """Our pull request that is open; None where one may be opened."""
    repository, number = await work.repository(), None
    if repository.archived:
        raise OnboardingRefused(
            f"{work.run.repo.full_name} is archived, so nothing can be offered there. Unarchive it."
        )
    for pull in await work.github.pulls_from(BRANCH):
        if pull.open and not pull.app_authored:
            raise OnboardingRefused(f"#{pull.number} is open from `{BRANCH}`, and is not mine. Close it first.")
        if pull.open:
            return pull
        if pull.app_authored and not pull.merged:
            number = max(number or 0, pull.number)
    if await work.github.file(PATH, await work.default_head()) is not None:
        raise OnboardingRefused(f"`{PATH}` is there already: change it by hand, `pullwright policy check` reads it.")
    if number is not None and not again:
        raise OnboardingRefused(
            f"#{number} offered it, and somebody closed it. To be offered it once more, say `/onboard {AGAIN}=true`, "
            "or `pullwright onboard --again`."
        )
    return None


async def _leftover(work: Work) -> Sha | None:
    """Where our branch still is, from a pull request that is over or a run that did not get as far as opening one.

    What somebody else put there is not written over.
    """
    head = await work.github.head_of(BRANCH)
    if head is None:
        return None
    pulls = await work.github.pulls_from(BRANCH)
    async with work.services.store.read() as db:
        pushed = await effects.pushed_to(db, work.run.repo.id, BRANCH)
    if head in pushed or any(pull.app_authored and pull.head_sha == head for pull in pulls):
        return head
    raise OnboardingRefused(f"There is a branch `{BRANCH}` with a commit that is not mine. Delete it first.")


async def _make(work: Work, leftover: Sha | None) -> dict[str, Any]:
    bench, policy = await work.bench(), await work.policy()
    files = await bench.files()
    if PATH in files:
        raise OnboardingRefused(f"`{PATH}` was there when the run began. Ask again if it is gone.")
    texts = await bench.read_texts(sorted(path for path in files if may_tell(path)))
    found = survey(files, texts.get)
    if policy.policy.checks or policy.policy.setup:
        raise OnboardingRefused(
            f"What counts here now ({policy.source}) says how the tests run, and a file here would take its place. "
            "Write it by hand, with what is to stay."
        )
    text = first_file(policy.policy, found)
    await _says_nothing_else(work, policy, text)
    base = work.run.base_sha
    tree = await bench.workspace.put(base, PATH, text.encode())
    await work.keep_workspace(tree)
    (new,) = await bench.workspace.changed_paths(base, tree)
    if new.head_blob is None:
        raise LookupError(PATH)
    form = ChangeSummary(
        title=replies.onboarding_title(), summary=replies.onboarding_summary(found, policy.policy.policy), kind="chore"
    )
    left = Made(blob=new.head_blob, leftover=leftover).model_dump(mode="json")
    return {"form": form.model_dump(mode="json"), "tree": tree, MADE: left, "found": _told(found)}


async def _says_nothing_else(work: Work, policy: Effective, text: str) -> None:
    """Raises OnboardingRefused where the file would change more than how the repository is tested: it takes the place
    of whatever counts there now, a policy of the owner too."""
    repository = await work.repository()
    try:
        then = effective(work.services.operator.policy, text, repository.owner_is_organisation).policy
    except PolicyInvalid as error:
        raise OnboardingRefused(f"The operator's policy leaves no room for a file here. {error}") from error
    now = policy.policy
    if then.model_copy(update={"checks": now.checks, "setup": now.setup}) != now:
        raise OnboardingRefused(
            f"What counts here now ({policy.source}) cannot be said by a file here, which would take its place."
        )


def _told(found: Survey) -> dict[str, Any]:
    """What was found, for the record."""
    return {
        "languages": [name for name, _ in found.languages],
        "tests": found.check.run if found.check is not None else "",
        "setup": list(found.setup),
        "why": found.why,
        "unread": [path for path, _ in found.unread],
    }
