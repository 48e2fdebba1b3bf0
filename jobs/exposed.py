"""What the repository's own CI would expose, read from the workspace: GitHub is asked for nothing.

The files are those of the base branch as it is now, which is what CI would run. Of another branch than the default one,
the files of the default branch count beside them: `pull_request_target` and its kin run those.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.names import Sha
from jobs.work import Work
from jobs.workbench import Workbench
from policies.exposure import FOLDER, OTHER_CI, SUFFIXES, Exposure, Hold, exposure, hold, stays_quiet
from policies.exposure_triggers import Offer
from policies.exposure_yaml import MOST_BYTES
from policies.result import Result, Status
from policies.schema import Policy

MOST_FILES = 100
"""Workflow files that are read; what else is there is in doubt."""
MOST_BYTES_TOGETHER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """What CI would expose, and what is done about it."""

    exposure: Exposure
    hold: Hold

    @property
    def quiet(self) -> str:
        """What will not start once people have approved, and what helps; empty where nothing is like that."""
        return stays_quiet(self.exposure, self.hold)

    @property
    def awaited(self) -> bool:
        """Whether anything of CI may start before a merge."""
        silent = self.exposure.narrowed if self.hold is Hold.marker else ()
        every = self.exposure.result.children
        return any(child.status is not Status.skipped and child.name not in silent for child in every)


async def look(work: Work, bench: Workbench, policy: Policy, branch: str, paths: Sequence[str] | None) -> Seen:
    """What pushing this branch and opening its pull request would expose now. `paths`: what the change touches."""
    offer = Offer(
        repository=work.run.repo.full_name,
        branch=branch,
        base=work.run.base_ref,
        paths=tuple(paths) if paths is not None else None,
    )
    found = exposure(await _files(bench, await _base(work, bench)), offer)
    if work.run.base_ref != (await work.repository()).default_branch:
        default = await _fetched(bench, await work.default_head())
        of_default = exposure(await _files(bench, default), offer)
        if of_default.result.refused:
            found = _both(found, of_default)
    return Seen(found, hold(policy.ci, found))


def _both(one: Exposure, other: Exposure) -> Exposure:
    """The worse of two, with the children of both."""
    worse = min(one, other, key=lambda each: list(Status).index(each.result.status))
    children = (*one.result.children, *other.result.children)
    beyond = one.beyond_the_marker or other.beyond_the_marker
    return Exposure(replace(worse.result, children=children), beyond, one.narrowed)


async def _base(work: Work, bench: Workbench) -> Sha:
    """The commit that the base branch is at, with its objects here."""
    if work.run.base_ref == (await work.repository()).default_branch:
        return await _fetched(bench, await work.default_head())
    head = await work.github.head_of(work.run.base_ref)
    return await _fetched(bench, head or work.run.base_sha)


async def _fetched(bench: Workbench, sha: Sha) -> Sha:
    if not await bench.workspace.has(sha):
        await bench.fetch(sha)
    return sha


async def _files(bench: Workbench, commit: Sha) -> dict[str, str | None]:
    """The CI files of the commit; None for what is no plain text, or more than is read."""
    there = [file.path for file in await bench.workspace.list_files(commit)]
    names = [path for path in there if path.startswith(f"{FOLDER}/") and path.endswith(SUFFIXES)]
    found: dict[str, str | None] = {path: "" for path in there if path in OTHER_CI}
    left = MOST_BYTES_TOGETHER
    for number, path in enumerate(path for path in names if "/" not in path.removeprefix(f"{FOLDER}/")):
        # One byte more than counts, so that a file that is too large is told from one that is just not.
        raw = await bench.workspace.read(commit, path, MOST_BYTES + 1) if number < MOST_FILES and left > 0 else None
        left -= len(raw or b"")
        found[path] = _text(raw)
    return found


def _text(raw: bytes | None) -> str | None:
    if raw is None or len(raw) > MOST_BYTES:
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def told(seen: Seen) -> Result | None:
    """The exposure as one part of what policy says of a change; None where there is nothing to say.

    It denies nothing: what is exposed is held, unless policy lets it run.
    """
    found = seen.exposure.result
    if found.status is Status.skipped and seen.hold is Hold.nothing:
        return None
    why = " ".join(part for part in (_WHY[seen.hold, found.refused], seen.quiet) if part)
    return Result("ci", Status.approved, why, children=found.children)


_WHY = {
    (Hold.nothing, False): "CI holds nothing that the change could take, and runs at once.",
    (Hold.nothing, True): "CI exposes something, and runs at once all the same: the policy says `ci: run`.",
    (Hold.marker, False): "CI waits until the change is approved: the policy says `ci: hold`.",
    (Hold.marker, True): "CI would expose something, and waits until the change is approved.",
    (Hold.unpushed, False): "Nothing is pushed until the change is approved: the policy says `ci: hold`.",
    (Hold.unpushed, True): "CI would expose something that nothing holds back, so people approved before the push.",
}
