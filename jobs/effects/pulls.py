"""Pull requests: opened, made ready, given to a reviewer, merged, or put into the queue that merges them."""

from typing import assert_never

from core.effects import EditPull, EnqueuePull, MarkReady, MergePull, OpenPull, RequestReview
from core.errors import AlreadyMerged, GitHubRefused, MergeRefused
from core.github import Pull
from jobs.effects import Outside, Receipt


async def act(
    act: OpenPull | MarkReady | RequestReview | EditPull | MergePull | EnqueuePull, outside: Outside
) -> Receipt:
    match act:
        case OpenPull():
            return await open_(act, outside)
        case MarkReady():
            return await make_ready(act, outside)
        case RequestReview():
            return await request_review(act, outside)
        case EditPull():
            return await edit(act, outside)
        case MergePull():
            return await merge(act, outside)
        case EnqueuePull():
            return await enqueue(act, outside)
        case _ as never:
            assert_never(never)


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


async def edit(act: EditPull, outside: Outside) -> Receipt:
    """Words that a person put there stay: `left` says so."""
    there = (await outside.github.pull(act.number)).body
    if _lines(there) != _lines(act.was):
        return {"left": True}
    await outside.github.edit_pull(act.number, body=act.body)
    return {}


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


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


async def find_enqueued(act: EnqueuePull, outside: Outside) -> Receipt | None:
    """It is in the queue, or the queue merged it already."""
    pull = await outside.github.pull(act.number)
    if pull.head_sha == act.sha and (pull.merged or await outside.github.queued(pull.node_id)):
        return {"enqueued": True}
    return None


async def enqueue(act: EnqueuePull, outside: Outside) -> Receipt:
    """GitHub compares `sha` with the head in the same step, so nothing that was pushed later gets into the queue."""
    await outside.github.enqueue((await outside.github.pull(act.number)).node_id, sha=act.sha)
    return {"enqueued": True}


def _receipt(pull: Pull) -> Receipt:
    return {"number": pull.number, "node_id": pull.node_id, "url": pull.url, "draft": pull.draft}
