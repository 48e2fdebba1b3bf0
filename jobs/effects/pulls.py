"""Pull requests: opened, made ready, given to a reviewer, merged."""

from core.effects import MarkReady, MergePull, OpenPull, RequestReview
from core.errors import AlreadyMerged, GitHubRefused, MergeRefused
from core.github import Pull
from jobs.effects import Outside, Receipt


async def find_opened(act: OpenPull, outside: Outside) -> Receipt | None:
    """Our open pull request from this branch of the same repository; a fork's branch of that name is not ours."""
    for pull in await outside.github.pulls_from(act.branch):
        if pull.open and pull.app_authored and pull.base_ref == act.base:
            return _receipt(pull)
    return None


async def open_(act: OpenPull, outside: Outside) -> Receipt:
    """Open it, not as a draft where the repository's plan has no drafts."""
    try:
        pull = await _open(act, outside, draft=act.draft)
    except GitHubRefused as error:
        if not (act.draft and error.code == "drafts-unsupported"):
            raise
        pull = await _open(act, outside, draft=False)
    return _receipt(pull)


async def _open(act: OpenPull, outside: Outside, *, draft: bool) -> Pull:
    return await outside.github.open_pull(branch=act.branch, base=act.base, title=act.title, body=act.body, draft=draft)


async def find_ready(act: MarkReady, outside: Outside) -> Receipt | None:
    return {} if not (await outside.github.pull(act.number)).draft else None


async def make_ready(act: MarkReady, outside: Outside) -> Receipt:
    pull = await outside.github.pull(act.number)
    if pull.draft:
        await outside.github.mark_ready(pull.node_id)
    return {}


async def request_review(act: RequestReview, outside: Outside) -> Receipt:
    """GitHub itself makes a second equal request a no-op."""
    await outside.github.request_review(act.number, act.login)
    return {}


async def find_merged(act: MergePull, outside: Outside) -> Receipt | None:
    """The merge of what was approved; `ours` says whether we did it, or a person who was quicker."""
    pull = await outside.github.pull(act.number)
    if not pull.merged:
        return None
    if pull.head_sha != act.sha:
        raise MergeRefused(f"#{act.number} was merged with other content than was approved ({pull.head_sha[:12]}).")
    return {"sha": pull.merge_sha, "ours": pull.merged_by_us}


async def merge(act: MergePull, outside: Outside) -> Receipt:
    try:
        sha = await outside.github.merge(
            act.number, sha=act.sha, method=act.method, title=act.title, message=act.message
        )
    except AlreadyMerged:
        found = await find_merged(act, outside)
        if found is None:
            raise
        return found
    return {"sha": sha, "ours": True}


def _receipt(pull: Pull) -> Receipt:
    return {"number": pull.number, "node_id": pull.node_id, "url": pull.url, "draft": pull.draft}
